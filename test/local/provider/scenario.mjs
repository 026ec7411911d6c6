// Runs the provider and signs in to it; prints what happened as JSON. A process of its own, because oidc-provider is an
// ES module, which Jest cannot import.
import { createPublicKey, verify } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { startIdentityProvider } = require('../../../dist/local/identity-provider.js');
const { signIn, exchangeForActor, clientCredentials } = require('../../../dist/local/sign-in.js');

/** RFC 8693, section 2.1. */
const TOKEN_EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

const logged = [];
const record = (message) => logged.push(message);
const idp = await startIdentityProvider({
  tenant: 'contoso',
  audience: 'api://invoices',
  tokenLifetimeSeconds: 600,
  users: [
    {
      username: 'ada',
      password: 'pass & <word>',
      subject: 'oid-ada',
      name: 'Ada L.',
      roles: ['Invoices.Approver'],
      scopes: ['invoices.read', 'invoices.approve'],
    },
    { username: 'bob', password: 'b', subject: 'oid-bob', name: 'Bob', roles: [] },
  ],
  clients: [
    { clientId: 'web', redirectUris: ['http://127.0.0.1:9/callback'] },
    { clientId: 'copilot', clientSecret: 's+/ %:cret', grantTypes: [TOKEN_EXCHANGE_GRANT] },
    { clientId: 'second', clientSecret: 'second', grantTypes: [TOKEN_EXCHANGE_GRANT] },
    { clientId: 'job', clientSecret: 'job', roles: ['Invoices.Reader'] },
  ],
  logger: { error: record, warn: record, info: record, debug: record },
});

const decode = (token) => {
  const [header, payload] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  return { header: JSON.parse(header), payload: JSON.parse(payload) };
};
const outcome = async (action) => {
  try {
    const { accessToken, expiresInSeconds } = await action();
    return { ...decode(accessToken), expiresInSeconds };
  } catch (error) {
    return { code: error.code, message: error.message };
  }
};
const resource = 'api://invoices';
const base = { issuer: idp.issuer, clientId: 'web', redirectUri: 'http://127.0.0.1:9/callback', resource };
const ada = { ...base, username: 'ada', password: 'pass & <word>', scope: 'openid invoices.read invoices.approve' };
const bob = { ...base, username: 'bob', password: 'b', scope: 'access_as_user invoices.approve' };
const { tokenEndpoint } = idp;
const copilot = { tokenEndpoint, clientId: 'copilot', clientSecret: 's+/ %:cret', resource };
const second = { ...copilot, clientId: 'second', clientSecret: 'second' };
const job = { tokenEndpoint, clientId: 'job', clientSecret: 'job', resource };

const user = (await signIn(ada)).accessToken;
const acting = (await exchangeForActor({ ...copilot, subjectToken: user, scope: 'invoices.read' })).accessToken;
const application = (await clientCredentials(job)).accessToken;
const [head, , signature] = user.split('.');
const forgedPayload = Buffer.from(JSON.stringify({ ...decode(user).payload, sub: 'oid-bob' })).toString('base64url');

async function page() {
  const url = new URL(`${idp.issuer}/auth`);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: 'web',
    redirect_uri: 'http://127.0.0.1:9/callback',
    scope: 'openid',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  });
  const redirect = await fetch(url, { redirect: 'manual' });
  const cookie = redirect.headers.getSetCookie().map((line) => line.split(';')[0]);
  const address = new URL(redirect.headers.get('location'), idp.issuer);
  const shown = await fetch(address, { headers: { Cookie: cookie.join('; ') } });
  const stranger = await fetch(address);
  return {
    status: shown.status,
    headers: Object.fromEntries(shown.headers),
    html: await shown.text(),
    strangerStatus: stranger.status,
  };
}
async function withoutPkce() {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'web',
    redirect_uri: 'http://127.0.0.1:9/callback',
    scope: 'openid',
  });
  const response = await fetch(`${idp.issuer}/auth?${query}`, { redirect: 'manual' });
  return new URL(response.headers.get('location')).searchParams.get('error');
}

const jwks = await (await fetch(`${idp.issuer}/jwks`)).json();
const signedWithPublishedKey = (token) => {
  const [protectedPart, payloadPart, signaturePart] = token.split('.');
  const key = createPublicKey({ key: jwks.keys[0], format: 'jwk' });
  const signed = Buffer.from(`${protectedPart}.${payloadPart}`);
  return verify('RSA-SHA256', signed, key, Buffer.from(signaturePart, 'base64url'));
};

const report = {
  signatures: [user, acting, application, `${head}.${forgedPayload}.${signature}`].map(signedWithPublishedKey),
  idp: { ...idp, stop: undefined },
  discovery: await (await fetch(idp.discoveryUrl)).json(),
  jwks,
  ada: await outcome(() => signIn(ada)),
  bob: await outcome(() => signIn(bob)),
  acting: await outcome(() => exchangeForActor({ ...copilot, subjectToken: user })),
  narrowed: decode(acting),
  actingTwice: await outcome(() => exchangeForActor({ ...second, subjectToken: acting })),
  application: decode(application),
  refused: {
    password: await outcome(() => signIn({ ...ada, password: 'wrong-secret' })),
    user: await outcome(() => signIn({ ...ada, username: 'eve' })),
    redirectUri: await outcome(() => signIn({ ...ada, redirectUri: 'http://127.0.0.1:9/other' })),
    resource: await outcome(() => signIn({ ...ada, resource: 'api://other' })),
    unreachable: await outcome(() => signIn({ ...ada, issuer: 'http://127.0.0.1:1' })),
    clientSecret: await outcome(() => exchangeForActor({ ...copilot, clientSecret: 'no', subjectToken: user })),
    grantType: await outcome(() => exchangeForActor({ ...job, subjectToken: user })),
    forged: await outcome(() =>
      exchangeForActor({ ...copilot, subjectToken: `${head}.${forgedPayload}.${signature}` }),
    ),
    garbage: await outcome(() => exchangeForActor({ ...copilot, subjectToken: 'garbage' })),
    applicationToken: await outcome(() => exchangeForActor({ ...copilot, subjectToken: application })),
    exchangeResource: await outcome(() =>
      exchangeForActor({ ...copilot, resource: 'api://other', subjectToken: user }),
    ),
    widened: await outcome(() =>
      exchangeForActor({ ...second, subjectToken: acting, scope: 'invoices.read invoices.approve' }),
    ),
    secretsOfAda: await outcome(() => clientCredentials({ ...job, clientSecret: 'wrong-secret' })),
  },
  page: await page(),
  withoutPkce: await withoutPkce(),
  logged,
};
await idp.stop();
report.stopped = await fetch(idp.discoveryUrl).then(
  () => false,
  () => true,
);
process.stdout.write(JSON.stringify(report));
