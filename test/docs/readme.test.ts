import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { keys } from '../../src/cli/keys';
import { listen as listenOn, type RequestHandler } from '../../src/iis/listen';
import type { Jwk } from '../../src/jws/keys';
import { signerFromEnvironment } from '../../src/keys/environment-signer';
import { mintHandOverToken } from '../../src/token/hand-over-token';
import { mintTransactionToken } from '../../src/token/transaction-token';
import { httpApiEvent } from '../support/authorizer-events';
import { temporaryFolder } from '../support/example';
import { send } from '../support/http-client';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { answers, startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { travellingClaims } from '../support/tokens';
import { block, blocksOf, codeIn, environmentFor, root, rowsOf, sectionsOf } from './markdown';

const PAGE = 'README.md';
const sections = sectionsOf(PAGE);
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
  peerDependencies: Record<string, string>;
};

describe('its tables', () => {
  const subpaths = rowsOf(sections.get('What to import') ?? '').map((row) => row.map(codeIn));

  it('list the subpaths that the package has, and no other', () => {
    const named = subpaths.map(([name]) => name![0]!.replace('iis-baton', '.'));
    expect(named).toEqual(Object.keys(manifest.exports));
  });

  it.each(subpaths)('say of %s what it exports, and packages that are optional', ([subpath], gives, packages) => {
    const face = `../../src/${subpath!.slice('iis-baton/'.length) || 'index'}`;
    const functions = gives.filter((name) => name.endsWith('()')).map((name) => name.slice(0, -2));
    const exported = functions.length === 0 ? [] : Object.keys(require(face) as object);
    expect(functions.filter((name) => !exported.includes(name))).toEqual([]);
    expect(packages.filter((name) => !Object.hasOwn(manifest.peerDependencies, name))).toEqual([]);
  });

  it('list the environment variables that the code reads, and no other', () => {
    // What the relay on one machine hands to its own processes is nobody's setting.
    const sources = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.startsWith('local'))
      .map((name) => readFileSync(path.join(root, 'src', name), 'utf8'));
    const read = sources.flatMap((text) => [...text.matchAll(/\bBATON_[A-Z_]+/g)].map(([name]) => name));
    const listed = rowsOf(sections.get('Environment variables') ?? '').flatMap(([names]) => codeIn(names!));
    expect(listed.sort()).toEqual([...new Set(read)].sort());
  });
});

it('its excerpt of the demo has steps of the demo', () => {
  const { steps } = require(path.join(root, 'examples/invoices/demo/steps.js')) as {
    steps: (
      tokens: object,
      subjects: object,
    ) => { name: string; via: string; method: string; path: string; expect: number }[];
  };
  const real = steps({ carla: 'a.b.c', ada: 'a.b.c', copilot: 'a.b.c' }, {}).map(
    ({ name, via, method, path: target, expect: status }) => [
      name,
      `${via.padEnd(4)} ${method} ${target}`,
      `${status}`,
    ],
  );
  const shown = block(PAGE, 'text', 'demo')
    .split('\n')
    .slice(1)
    .map((row) => row.split(/ {2,}(?=\S)/).slice(1));
  expect(shown.length).toBeGreaterThan(5);
  // "iis" is shorter than "http", so the gap behind it splits the column.
  const joined = shown.map(([name, ...rest]) => [
    name,
    ...(rest[0] === 'iis' ? [`iis  ${rest[1]}`, rest[2]] : rest.slice(0, 2)),
  ]);
  for (const row of joined) expect(real).toContainEqual(row);
});

/** Runs a block as a module; `iis-baton` is this repository's. */
function run(
  text: string,
  replaced: Readonly<Record<string, object>> = {},
): Record<string, (event: unknown) => Promise<unknown>> {
  const module = { exports: {} };
  const load = (name: string): unknown => {
    if (replaced[name] !== undefined) return replaced[name];
    if (!name.startsWith('iis-baton')) return require(name);
    return require(`../../src/${name.slice('iis-baton/'.length) || 'index'}`);
  };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the README's own code, as its reader would run it
  new Function('require', 'module', 'exports', text)(load, module, module.exports);
  return module.exports;
}

describe('its steps, followed', () => {
  const scripts = blocksOf(PAGE).filter(({ language, kind }) => language === 'js' && kind === '');
  const withText = (text: string): string => scripts.find((item) => item.text.includes(text))!.text;
  const policyText = block(PAGE, 'json', 'policy');
  let folder: string;
  let gatewayKeys: KeyServer;
  let appKeys: KeyServer;
  let lambda: LambdaStub;
  let server: Server;
  let base: string;
  const before = { ...process.env };

  const keyFile = (name: string): string => path.join(folder, `${name}.ring.json`);
  const makeKeys = async (line: string): Promise<void> => {
    const said = jest.spyOn(console, 'log').mockImplementation();
    const [npx, baton, command, ...args] = line.split(' ');
    expect([npx, baton, command]).toEqual(['npx', 'baton', 'keys']);
    await keys(args.map((word) => (word.endsWith('.json') ? path.join(folder, word) : word)));
    said.mockRestore();
  };
  const publicKeys = (name: string): Jwk[] =>
    (JSON.parse(readFileSync(path.join(folder, `${name}.jwks.json`), 'utf8')) as { keys: Jwk[] }).keys;
  const now = (): number => Math.floor(Date.now() / 1000);
  const claims = { ...travellingClaims, rctx: {} };

  beforeAll(async () => {
    folder = temporaryFolder();
    for (const line of block(PAGE, 'sh', 'keys').trim().split('\n')) await makeKeys(line);
    [gatewayKeys, appKeys] = await Promise.all([
      startKeyServer(publicKeys('gateway')),
      startKeyServer(publicKeys('hand-over')),
    ]);
    lambda = await startLambdaStub();
    const policyFile = path.join(folder, 'baton.policy.json');
    writeFileSync(policyFile, policyText);
    Object.assign(process.env, environmentFor(policyText), {
      GATEWAY_JWKS_URI: gatewayKeys.jwksUri,
      APP_JWKS_URI: appKeys.jwksUri,
      BATON_POLICY: policyFile,
      BATON_SIGNING_KEY_FILE: keyFile('gateway'),
      BATON_HAND_OVER_KEY_FILE: keyFile('hand-over'),
      BATON_LOG_FILE: path.join(folder, 'app.jsonl'),
      AWS_LAMBDA_FUNCTION_NAME: 'render-invoice',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_LAMBDA: String(lambda.clientConfig.endpoint),
    });
    const listen = (app: RequestHandler): Server => (server = listenOn(app, { port: 0, hostMode: 'standalone' }));
    run(withText('listen(app)'), { 'iis-baton/iis': { listen } });
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await Promise.all([gatewayKeys.close(), appKeys.close(), lambda.close()]);
    process.env = before;
    rmSync(folder, { recursive: true });
  });

  /** What the gateway would send for a caller with these roles. */
  const as = async (...roles: string[]): Promise<Record<string, string>> => {
    const { issuer, audience } = (JSON.parse(policyText) as { edge: { issuer: string; audience: string } }).edge;
    const terms = { issuer: issuer.replace('${GATEWAY_ISSUER}', process.env.GATEWAY_ISSUER!), audience };
    const transaction = { ...claims, tctx: { ...claims.tctx, roles } };
    const workload = { requestingWorkload: 'apigateway', lifetimeSeconds: 300 };
    const signer = signerFromEnvironment('BATON_SIGNING_KEY');
    return { 'Txn-Token': await mintTransactionToken(transaction, { ...terms, ...workload }, signer, now()) };
  };

  it.each<[string, string, string[] | undefined, number, object]>([
    ['GET', '/health', undefined, 200, { status: 'ok' }],
    ['GET', '/invoices/7', undefined, 401, { code: 'identity_missing' }],
    ['GET', '/invoices/7', ['clerk'], 200, { id: '7', reader: claims.sub }],
    ['POST', '/invoices/7/approve', ['clerk'], 403, { code: 'permission_denied' }],
    ['POST', '/invoices/7/approve', ['approver'], 200, { approvedBy: claims.sub }],
    ['POST', '/invoices/7/render', ['clerk'], 200, { rendered: 7 }],
  ])('the app answers %s %s of %p with %i', async (method, target, roles, status, body) => {
    lambda.answer = answers({ rendered: 7 });
    const answer = await send(base + target, { method, headers: roles ? await as(...roles) : {} });
    expect(answer).toMatchObject({ status, body });
  });

  it('the authorizer refuses a token that is none', async () => {
    const { handler } = run(withText('createAuthorizer'));
    expect(await handler!(httpApiEvent({ authorization: 'Bearer nonsense' }))).toMatchObject({ isAuthorized: false });
  });

  it('the function works for a caller whom the app hands over', async () => {
    const { handler } = run(withText('withBaton'));
    const { issuer, target } = { issuer: process.env.APP_ISSUER!, target: lambda.calls[0]!.path.split('/')[3]! };
    const terms = { issuer, audience: target, requestingWorkload: 'invoices', expiresAt: now() + 30 };
    const handOver = await mintHandOverToken(claims, terms, signerFromEnvironment('BATON_HAND_OVER_KEY'), now());
    const event = { baton: 1, handOver, correlationId: 'c-1', payload: { id: 7 } };
    expect(await handler!(event)).toEqual({ document: `Invoice 7, for ${claims.tctx.name}` });
  });
});
