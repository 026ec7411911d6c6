import type { EdgeOptions } from '../../src/identity/assertion';
import { createEdge } from '../../src/identity/edge';
import { AssertionHeader } from '../../src/identity/hygiene';
import { readProviderClaims } from '../../src/identity/provider-claims';
import { createProviderVerifier } from '../../src/identity/provider-verifier';
import type { ClaimsDocument, PolicyDocument } from '../../src/policy/document';
import { compilePolicy } from '../../src/policy/policy';
import { ALB, headersOf, keyServerOf, policyBehind, standInOf, type AssertionChanges } from '../support/edges';
import { thrownBy } from '../support/errors';
import { testClock as clock } from '../support/invoices';
import { makeKey, NOW, PROVIDER_AUDIENCE, providerToken } from '../support/tokens';

// What the log says of a refused caller, and a start-up of an edge: an operator has nothing else to go by.
const saysOf = async (act: () => unknown): Promise<string> => (await thrownBy(act)).message;

describe('the headers of a request', () => {
  it.each([
    ['The assertion header stands more than once.', ['Txn-Token', 'a', 'Txn-Token', 'a']],
    ['The assertion header holds more than one value.', ['Txn-Token', 'a,b']],
    ['A header looks like the assertion header.', ['Txn_Token', 'a']],
    ['The Connection header names the assertion header.', ['Connection', 'Txn-Token']],
  ])('%s', async (message, headers) => {
    expect(await saysOf(() => new AssertionHeader('Txn-Token').take(headers))).toBe(message);
  });
});

describe('the claims of a provider', () => {
  it.each<[string, object, Partial<ClaimsDocument>]>([
    ['The token has no subject at /sub.', { sub: '' }, {}],
    ['The token has no subject at /azp.', { idtyp: 'app' }, { kind: '/idtyp', applicationSubject: '/azp' }],
    [
      "The subject at /sub looks like an application's.",
      { sub: 'application:x' },
      { kind: '/idtyp', applicationSubject: '/azp' },
    ],
    ["The token's actor claim is malformed.", { act: {} }, {}],
    ['The claim at /x is not JSON.', { x: '[' }, { roles: { pointer: '/x', json: true } }],
    [
      'The token leaves out the claim at /groups and refers to it (overage).',
      { hasgroups: true },
      { roles: '/groups' },
    ],
    [
      'The token leaves out the claim at /realm/roles and refers to it (overage).',
      { _claim_names: { realm: 'src1' } },
      { roles: '/realm/roles' },
    ],
  ])('%s', async (message, claims, pointers) => {
    expect(await saysOf(() => readProviderClaims({ sub: 'u', ...claims }, { subject: '/sub', ...pointers }))).toBe(
      message,
    );
  });
});

describe('the assertion of an edge', () => {
  it.each<[string, string, AssertionChanges]>([
    [`The token's signer is not "${ALB}".`, 'aws-alb', { header: { signer: `${ALB}0` } }],
    ['The token\'s iss is not "https://login.example.com/tenant-1".', 'aws-alb', { header: { iss: 'x' } }],
    ['The token is for another client of the identity provider.', 'aws-alb', { header: { client: 'x' } }],
    ["The token's exp is missing or is not a NumericDate.", 'aws-alb', { header: { exp: '1' } }],
    ['The token has expired.', 'aws-alb', { header: { exp: NOW - 60 } }],
    ['The token lives longer than 300 s.', 'aws-alb', { header: { exp: NOW + 400 } }],
    ["The token's header and payload name different issuers.", 'aws-alb', { claims: { iss: 'x' } }],
    ['The token lives longer than 600 s, or not at all.', 'pomerium', { claims: { exp: NOW + 601 } }],
    ['The token\'s type is not "app".', 'cloudflare-access', { claims: { type: 'org' } }],
    ['The token has no subject at /common_name.', 'cloudflare-access', { claims: { sub: '' } }],
    ['The token has no subject at /sub.', 'pomerium', { claims: { sub: undefined } }],
    ['The token is from an issuer that the policy does not name.', 'oidc', { claims: { iss: 'x' } }],
  ])('%s (%s)', async (message, profile, changes) => {
    const standIn = standInOf(profile);
    const edge = createEdge(policyBehind(standIn), { clock, fetch: keyServerOf(standIn, []) });
    expect(await saysOf(() => edge.verify(headersOf(standIn, changes)))).toBe(message);
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer ', 'xBearer a.b.c', 'Bearer a b'])(
    'of OpenID Connect is no bearer token: %j',
    async (value) => {
      const edge = createEdge(policyBehind(standInOf('oidc')), { clock });
      expect(await saysOf(() => edge.verify(['Authorization', value]))).toBe(
        'The Authorization header holds no bearer token.',
      );
    },
  );

  it("of OpenID Connect is from another tenant than its issuer's", async () => {
    const [tenant, key] = ['11111111-1111-4111-8111-111111111111', makeKey()];
    const entra = {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      tenants: [tenant],
      audience: PROVIDER_AUDIENCE,
      algorithms: ['ES256' as const],
      keys: { jwks: { keys: [key.publicJwk] } },
      claims: { subject: '/oid' },
    };
    const iss = entra.issuer.replace('{tenantid}', tenant);
    const { verify } = createProviderVerifier({ entra }, { clock });
    expect(await saysOf(() => verify(providerToken(key, { claims: { iss, tid: 'other' } })))).toBe(
      "The token's tenant (tid) is not that of its issuer.",
    );
  });
});

const windows = { promotedVariable: 'LOGON_USER', clientCopiesDenied: true } as const;
const HEADER = 'X-Payload';
const documents = {
  windows: { application: 'a', edge: { profile: 'windows' }, roles: {} },
  ...Object.fromEntries(
    (['json', 'base64', 'base64url'] as const).map((encoding) => [
      encoding,
      {
        application: 'a',
        edge: { profile: 'unsigned', header: HEADER, encoding, claims: { subject: '/sub' }, provider: 'mesh' },
        roles: {},
      },
    ]),
  ),
} as Record<string, PolicyDocument>;
const edgeOf = (name: string, options: EdgeOptions): ReturnType<typeof createEdge> =>
  createEdge(compilePolicy(documents[name]), { clock, ...options });

describe('a header that nobody signed', () => {
  it.each<[string, string, string]>([
    ["IIS's sign-in is no account like DOMAIN\\user.", 'windows', 'bob'],
    ['The header is larger than 16384 bytes.', 'json', 'x'.repeat(16_385)],
    ['The header is not base64.', 'base64', 'a_-b'],
    ['The header is not base64url.', 'base64url', 'a+/b'],
    ['The header is not UTF-8.', 'json', '\xff'],
    ["The token's header is not JSON.", 'json', '{'],
    ["The token's header is not a JSON object.", 'json', '[]'],
    ['The token has no subject at /sub.', 'json', '{}'],
    ['The claims have expired.', 'json', `{"sub":"u","exp":${NOW}}`],
    ["The token's exp is missing or is not a NumericDate.", 'json', '{"sub":"u","exp":null}'],
  ])('%s', async (message, name, value) => {
    const edge = edgeOf(name, { windows, unsafelyTrustUnsignedHeader: HEADER });
    expect(await saysOf(() => edge.verify([edge.header, value]))).toBe(message);
  });

  it("stands where iisnode's own do not", async () => {
    const edge = edgeOf('windows', { windows });
    expect(await saysOf(() => edge.verify([edge.header, 'CORP\\bob', 'Accept', '*/*']))).toBe(
      "The sign-in's header is not among iisnode's own.",
    );
  });
});

describe('an edge that nobody vouched for', () => {
  it.each<[string, string, object]>([
    [
      'The policy\'s edge is "windows": say with the option "windows" which server variable is promoted and that clients\' copies are denied.',
      'windows',
      {},
    ],
    ['identity(): option "windows": the options must be an object.', 'windows', { windows: true }],
    [
      'identity(): option "windows": option "variable" is not known here; known are: promotedVariable, clientCopiesDenied',
      'windows',
      { windows: { variable: 'LOGON_USER' } },
    ],
    [
      'The option "windows.promotedVariable" must be one of LOGON_USER, AUTH_USER, REMOTE_USER.',
      'windows',
      { windows: { ...windows, promotedVariable: 'HTTPS' } },
    ],
    [
      'The option "windows.clientCopiesDenied" must be true: without that every client can name any user.',
      'windows',
      { windows: { ...windows, clientCopiesDenied: 'yes' } },
    ],
    [
      'The policy\'s edge is "unsigned": the option "unsafelyTrustUnsignedHeader" must name its header, X-Payload. Whoever reaches the app can then be anybody.',
      'json',
      { unsafelyTrustUnsignedHeader: true },
    ],
  ])('%s', async (message, name, options) => {
    const error = await thrownBy(() => edgeOf(name, options));
    expect(error.message).toBe(message);
    expect(error.code).toBe(message.includes('not known') ? 'option_unknown' : 'option_invalid');
  });
});
