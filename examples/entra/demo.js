'use strict';

const { existsSync, mkdtempSync, readFileSync, rmSync } = require('node:fs');
const { createServer } = require('node:http');
const { once } = require('node:events');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { setTimeout } = require('node:timers/promises');
const { generateEs256KeyPair } = require('../../dist/jws/sign');
const { startEntraEndpoint } = require('../../dist/local/entra/endpoint');
const { startIdentityProvider } = require('../../dist/local/identity-provider');
const { startKeyServer } = require('../../dist/local/key-server');
const { startLambdaEndpoint } = require('../../dist/local/lambda/endpoint');
const { signIn } = require('../../dist/local/sign-in');
const { startStsEndpoint } = require('../../dist/local/sts/endpoint');
const { startWebIdentityIssuer } = require('../../dist/local/sts/web-identity-token');

const json = process.argv.includes('--json');
const REDIRECT = 'http://127.0.0.1:9/callback';
const AUDIENCE = 'api://AzureADTokenExchange';
/** What runs in AWS: whose credentials each process has, and which application in Entra trusts its role. */
const WORKLOADS = {
  app: { key: 'AKIAINVOICES', role: 'arn:aws:iam::123456789012:role/invoices', clientId: 'invoices' },
  function: { key: 'AKIAARCHIVE', role: 'arn:aws:iam::123456789012:role/archive-invoice', clientId: 'archive-invoice' },
};
const USERS = [
  { username: 'carla', password: 'pw', subject: 'carla-oid', name: 'Carla', roles: ['Invoices.Clerk'] },
  { username: 'rob', password: 'pw', subject: 'rob-oid', name: 'Rob', roles: ['Invoices.Reader'] },
];

const stops = [];
const keep = (part) => {
  stops.push(() => part.stop());
  return part;
};

async function serve(app) {
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** AWS's and Entra's side: who trusts whom. */
async function startClouds() {
  const idp = keep(
    await startIdentityProvider({
      tenant: 'contoso',
      audience: 'api://invoices',
      users: USERS,
      clients: [{ clientId: 'invoices-web', redirectUris: [REDIRECT] }],
    }),
  );
  const roles = Object.fromEntries(Object.values(WORKLOADS).map(({ key, role }) => [key, role]));
  const issuer = keep(await startWebIdentityIssuer({ roles }));
  const actions = { GetWebIdentityToken: issuer.action };
  const sts = keep(await startStsEndpoint({ providers: [], roles: {}, actions }));
  const entra = keep(
    await startEntraEndpoint({
      tenant: 'contoso',
      userIssuers: [idp.issuer],
      applications: Object.values(WORKLOADS).map(({ clientId, role }) => ({
        clientId,
        appIdUri: `api://${clientId}`,
        federatedCredentials: [{ issuer: issuer.issuer, subject: role, audience: AUDIENCE }],
      })),
      resources: [
        {
          appIdUri: 'api://archive',
          roles: { 'archive-invoice': ['Archive.Write'] },
          consents: { invoices: ['Archive.Read'] },
        },
      ],
    }),
  );
  return { idp, sts, entra };
}

/** The environment of a process that runs as that role: no secret of Entra's in it. */
const environmentOf = ({ key, clientId }, { idp, sts, entra }, more) => ({
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: key,
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL_STS: sts.url,
  AWS_EC2_METADATA_DISABLED: 'true',
  BATON_POLICY: join(__dirname, 'invoices.policy.json'),
  TENANT: 'contoso',
  CLIENT_ID: clientId,
  ENTRA_AUTHORITY: entra.url,
  USER_ISSUER: idp.issuer,
  ...more,
});

async function startEverything(logs) {
  const clouds = await startClouds();
  process.env.ENTRA_ISSUER = clouds.entra.issuer;
  // Loaded with its first request: the first policy of a process is the process's own, and that is the app's here.
  const archiveUrl = await serve((req, res) => require('./archive')(req, res));
  const handOver = await generateEs256KeyPair();
  const keys = keep(await startKeyServer({ app: handOver.publicJwk }));
  const shared = { ARCHIVE_URL: archiveUrl, HAND_OVER_JWKS: keys.urlOf('app') };
  const handlerFile = join(__dirname, 'archive-invoice.js');
  const environment = environmentOf(WORKLOADS.function, clouds, shared);
  const functions = { 'archive-invoice': { handlerFile, environment, timeoutSeconds: 20 } };
  const lambda = keep(await startLambdaEndpoint({ functions, logDirectory: logs }));
  Object.assign(process.env, environmentOf(WORKLOADS.app, clouds, shared), {
    AWS_ENDPOINT_URL_LAMBDA: lambda.url,
    BATON_HAND_OVER_KEY: JSON.stringify(handOver.privateJwk),
    BATON_LOG_FILE: join(logs, 'app.jsonl'),
  });
  return { ...clouds, lambda, archiveUrl, app: await serve(require('./server')) };
}

/** The app's log is written in the background: waits until it has the lines of so many requests, 10 s at most. */
async function logged(file, requests) {
  for (let waits = 0; waits < 500; waits += 1) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.split('"type":"request"').length > requests) return;
    await setTimeout(20);
  }
}

async function run(logs) {
  const world = await startEverything(logs);
  const tokenOf = async (username) => {
    const user = { username, password: 'pw', clientId: 'invoices-web', redirectUri: REDIRECT };
    return (await signIn({ issuer: world.idp.issuer, resource: 'api://invoices', ...user })).accessToken;
  };
  const [carla, rob] = [await tokenOf('carla'), await tokenOf('rob')];
  const call = async (name, base, method, path, token) => {
    const answer = await fetch(`${base}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    return { name, base, status: answer.status, body: await answer.json() };
  };
  const rows = [
    await call('carla has Lambda archive', world.app, 'POST', '/invoices/7/archive', carla),
    await call('rob may not', world.app, 'POST', '/invoices/7/archive', rob),
    await call('rob reads on his behalf', world.app, 'GET', '/documents/7', rob),
    await call('rob reads again', world.app, 'GET', '/documents/7', rob),
    await call("rob's own token, straight to the archive", world.archiveUrl, 'GET', '/documents/7', rob),
  ];
  const asked = rows.filter(({ base }) => base === world.app).length;
  await logged(join(logs, 'app.jsonl'), asked);
  const log = [join(logs, 'app.jsonl'), world.lambda.logFile('archive-invoice')].map((file) =>
    readFileSync(file, 'utf8'),
  );
  const lines = log.flatMap((text) => text.split('\n').filter((line) => line.includes('"event":"entra_token"')));
  return {
    rows,
    audit: lines.map((line) => JSON.parse(line.slice(line.indexOf('{')))),
    exchanges: world.entra.requests,
    tokensInLogs: log.join('').match(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g)?.length ?? 0,
  };
}

async function main() {
  const logs = mkdtempSync(join(tmpdir(), 'baton-entra-'));
  try {
    const shown = await run(logs);
    if (json) console.log(JSON.stringify(shown));
    else for (const { name, status, body } of shown.rows) console.log(status, name.padEnd(42), JSON.stringify(body));
    if (!json) for (const line of shown.audit) console.log('audit', JSON.stringify(line));
  } finally {
    for (const stop of stops.reverse()) await stop();
    rmSync(logs, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
