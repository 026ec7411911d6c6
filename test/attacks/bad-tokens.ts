import type { TokenFault } from '../../src/core/errors';
import {
  approvalToken,
  encodePart,
  forge,
  handOverToken,
  makeKey,
  NOW,
  providerToken,
  rawSignature,
  transactionToken,
  withSignature,
  type TestKey,
} from '../support/tokens';
import { relayKeys } from '../support/invoices';
import type { FrontDoor } from './front-doors';

/** The attacker's own key, under the ID of the real one. */
const attacker = makeKey('ES256', { kid: 'key-1' });

/** One attack: a token that each door must refuse. */
export interface Attack {
  readonly name: string;
  /** The reason in the audit trail; none where the doors find different ones first. */
  readonly fault?: TokenFault;
  /** True where the token is refused before any key is looked for. */
  readonly unasked?: boolean;
  /** Doors at which this is no attack. */
  readonly except?: (door: FrontDoor) => boolean;
  token(door: FrontDoor): string;
}

type Parts = readonly [header: string, claims: string, signature: string];
/** HTTP itself ends a header there, before anybody reads a token. */
const readsHeaders = ({ name }: FrontDoor): boolean => name === 'the middleware';
/** A token that the door takes. */
export const good = (door: FrontDoor): string => door.mint(door.key);
const partsOf = (token: string): Parts => token.split('.') as unknown as Parts;
const jsonOf = (part: string): string => Buffer.from(part, 'base64url').toString('utf8');

const withHeader = (name: string, header: Record<string, unknown>, fault: TokenFault, unasked = true): Attack => ({
  name,
  fault,
  unasked,
  token: ({ mint, key }) => mint(key, { header }),
});
const withClaims = (name: string, claims: Record<string, unknown>, fault: TokenFault): Attack => ({
  name,
  fault,
  token: ({ mint, key }) => mint(key, { claims }),
});
/** The payload rewritten as text and signed rightly. */
const withPayload = (name: string, rewrite: (json: string, door: FrontDoor) => string | Buffer): Attack => ({
  name,
  fault: 'malformed',
  unasked: true,
  token(door) {
    const [header, claims] = partsOf(good(door));
    return forge(jsonOf(header), rewrite(jsonOf(claims), door), door.key);
  },
});
/** A good token's text, changed afterwards. */
const rewritten = (name: string, rewrite: (parts: Parts) => string, more: Partial<Attack> = {}): Attack => ({
  name,
  fault: 'malformed',
  unasked: true,
  token: (door) => rewrite(partsOf(good(door))),
  ...more,
});
/** A good token with another signature. */
const signedAs = (name: string, signature: (input: string, door: FrontDoor) => Buffer): Attack => ({
  name,
  fault: 'signature',
  token(door) {
    const token = good(door);
    return withSignature(token, signature(token.slice(0, token.lastIndexOf('.')), door));
  },
});
/** An HMAC with what everybody knows: the public key, in one of its spellings. */
const hmac = (name: string, secretOf: (key: TestKey) => string | Buffer): Attack => ({
  name: `an HMAC with ${name}`,
  fault: 'algorithm',
  unasked: true,
  token({ mint, key }) {
    const token = mint(key, { header: { alg: 'HS256' } });
    const input = token.slice(0, token.lastIndexOf('.'));
    return withSignature(token, rawSignature('HS256', input, secretOf(key)));
  },
});

const pem = ({ publicKey }: TestKey): string => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const ORDER_OF_P256 = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
const bytes = (length: number): Buffer => Buffer.alloc(length);
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

/** A good token whose signature has a character that base64 spells otherwise. */
function tokenWithDash(door: FrontDoor): string {
  for (let i = 0; ; i++) {
    const token = door.mint(door.key, { claims: { nonce: i } });
    if (/[-_]/.test(partsOf(token)[2])) return token;
  }
}

const algorithms: readonly Attack[] = [
  ...['none', 'nOnE', 'NONE', 'HS256', 'RS256', 'ES384', 'es256', 'ES256K', '', '__proto__'].map((alg) =>
    withHeader(`the algorithm "${alg}"`, { alg }, 'algorithm'),
  ),
  withHeader('no algorithm', { alg: undefined }, 'malformed'),
  withHeader('a list of algorithms', { alg: ['ES256'] }, 'malformed'),
  rewritten('no signature', ([header, claims]) => `${header}.${claims}.`),
  {
    name: 'alg none without a signature',
    fault: 'malformed',
    unasked: true,
    token: ({ mint, key }) => withSignature(mint(key, { header: { alg: 'none' } }), ''),
  },
  hmac('the public PEM', pem),
  hmac('the public PEM behind a blank', (key) => ` ${pem(key)}`),
  hmac('the public DER', ({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' })),
  hmac('the public JWK', ({ publicJwk }) => JSON.stringify(publicJwk)),
  hmac('nothing', () => ''),
];

const headers: readonly Attack[] = [
  withHeader('no typ', { typ: undefined }, 'type'),
  withHeader('the typ of a logout token', { typ: 'logout+jwt' }, 'type'),
  withHeader('the typ of a security event', { typ: 'application/secevent+jwt' }, 'type'),
  withHeader('a typ that is no text', { typ: 7 }, 'malformed'),
  withHeader('an unknown critical header', { crit: ['exp'], exp: NOW }, 'critical'),
  withHeader('an empty list of critical headers', { crit: [] }, 'critical'),
  withHeader('a critical header that is none', { crit: null }, 'critical'),
  withHeader('an unencoded payload', { crit: ['b64'], b64: false }, 'critical'),
  withHeader('b64 alone', { b64: true }, 'critical'),
  withHeader('no kid', { kid: undefined }, 'key_unknown'),
  withHeader('an empty kid', { kid: '' }, 'key_unknown'),
  withHeader('a kid that is no text', { kid: { toString: 'key-1' } }, 'key_unknown'),
  withHeader('a kid of 257 characters', { kid: 'k'.repeat(257) }, 'key_unknown'),
  ...[
    '__proto__',
    'constructor',
    'key-2',
    'KEY-1',
    'key-1 ',
    'ES256 key-1',
    '../../key-1',
    'https://evil.example/k',
  ].map((kid) => withHeader(`the kid "${kid}"`, { kid }, 'key_unknown', false)),
  ...Object.entries({
    jwk: attacker.publicJwk,
    jku: 'https://evil.example/jwks.json',
    x5u: 'https://evil.example/cert.pem',
    x5c: ['MIIB'],
  }).map(([name, value]): Attack => ({
    name: `the attacker's own key as ${name}`,
    fault: 'signature',
    token: ({ mint }) => mint(attacker, { header: { [name]: value } }),
  })),
];

const signatures: readonly Attack[] = [
  { name: 'a signature by another key of the same ID', fault: 'signature', token: ({ mint }) => mint(attacker) },
  signedAs('a signature of zeros', () => bytes(64)),
  signedAs('a signature of r = s = the order of the curve', () => Buffer.concat([ORDER_OF_P256, ORDER_OF_P256])),
  signedAs('a signature in DER', (input, { key }) => {
    const raw = rawSignature('ES256', input, key.privateKey);
    const int = (part: Buffer): Buffer => {
      const trimmed = part[0]! & 0x80 ? Buffer.concat([bytes(1), part]) : part;
      return Buffer.concat([Buffer.from([2, trimmed.length]), trimmed]);
    };
    const body = Buffer.concat([int(raw.subarray(0, 32)), int(raw.subarray(32))]);
    return Buffer.concat([Buffer.from([0x30, body.length]), body]);
  }),
  signedAs('a signature that is a byte short', (input, { key }) =>
    rawSignature('ES256', input, key.privateKey).subarray(0, 63),
  ),
  signedAs('a signature that is a byte long', (input, { key }) =>
    Buffer.concat([rawSignature('ES256', input, key.privateKey), bytes(1)]),
  ),
  signedAs('the signature of another text', (input, { key }) => rawSignature('ES256', `${input}x`, key.privateKey)),
  {
    name: 'claims that were changed afterwards',
    fault: 'signature',
    token(door) {
      const [header, claims, signature] = partsOf(good(door));
      return `${header}.${encodePart(jsonOf(claims).replace('7d3c', 'root'))}.${signature}`;
    },
  },
];

const forms: readonly Attack[] = [
  rewritten('one part', ([header]) => header),
  rewritten('two parts', ([header, claims]) => `${header}.${claims}`),
  rewritten('four parts', (parts) => [...parts, parts[2]].join('.')),
  rewritten('the five parts of a JWE', ([header, claims, signature]) =>
    [header, claims, signature, claims, signature].join('.'),
  ),
  rewritten('an empty header', ([, claims, signature]) => `.${claims}.${signature}`),
  rewritten('padding behind the signature', (parts) => `${parts.join('.')}==`),
  rewritten('another spelling of the last bits', ([header, claims, signature]) => {
    const spare = { A: 'B', Q: 'R', g: 'h', w: 'x' }[signature.at(-1)!]!;
    return `${header}.${claims}.${signature.slice(0, -1)}${spare}`;
  }),
  {
    name: 'the alphabet of plain base64',
    fault: 'malformed',
    unasked: true,
    token(door) {
      const [header, claims, signature] = partsOf(tokenWithDash(door));
      return `${header}.${claims}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`;
    },
  },
  {
    name: 'parts with padding, signed with it, as a load balancer writes them',
    fault: 'malformed',
    unasked: true,
    token({ mint, key }) {
      for (let i = 0; ; i++) {
        const [header, claims] = partsOf(mint(key, { claims: { nonce: 'x'.repeat(i) } }));
        if (claims.length % 4 === 0) continue;
        const input = `${header}.${claims}${'='.repeat(4 - (claims.length % 4))}`;
        return `${input}.${rawSignature(key.alg, input, key.privateKey).toString('base64url')}`;
      }
    },
  },
  rewritten('a blank within', ([header, claims, signature]) => `${header}. ${claims}.${signature}`),
  rewritten('a second token behind', (parts) => `${parts.join('.')} ${parts.join('.')}`),
  rewritten('a line break behind', (parts) => `${parts.join('.')}\n`, { except: readsHeaders }),
  rewritten('a NUL within', ([header, claims, signature]) => `${header}.${claims}\0.${signature}`, {
    except: readsHeaders,
  }),
  rewritten('a megabyte behind', (parts) => parts.join('.') + 'A'.repeat(1_048_576), { fault: 'too_large' }),
  withPayload('the subject twice', (json, { subjectClaim }) => json.replace('{', `{"${subjectClaim}":"root",`)),
  withPayload('the subject twice, once in escapes', (json, { subjectClaim }) => {
    const escaped = `\\u${subjectClaim.charCodeAt(0).toString(16).padStart(4, '0')}${subjectClaim.slice(1)}`;
    return json.replace(/}$/, `,"${escaped}":"root"}`);
  }),
  withPayload('a member twice further down', (json) => json.replace(/}$/, ',"x":[{"a":1,"a":2}]}')),
  withPayload('a prototype', (json) => json.replace('{', '{"__proto__":{"roles":["approver"]},')),
  withPayload('an end at infinity', (json) => json.replace(/"exp":\d+/, '"exp":1e400')),
  withPayload('lists without end', (json) => json.replace(/}$/, `,"x":${JSON.stringify(nested(40))}}`)),
  withPayload('a byte order mark', (json) => `\uFEFF${json}`),
  withPayload('bytes that are no UTF-8', (json) => Buffer.from(json.replace('7d3c', '\xff'), 'latin1')),
  withPayload('a list around the claims', (json) => `[${json}]`),
  withPayload('a text for claims', () => '"claims"'),
  withPayload('nothing for claims', () => 'null'),
  withPayload('two objects for claims', (json) => json + json),
];

const claims: readonly Attack[] = [
  ...[undefined, 'https://evil.example', 'http://169.254.169.254/latest', '', null].map((iss) =>
    withClaims(`the issuer ${JSON.stringify(iss)}`, { iss }, 'issuer'),
  ),
  {
    name: 'a list with the issuer in it',
    fault: 'issuer',
    token(door) {
      const { iss } = JSON.parse(jsonOf(partsOf(good(door))[1])) as { iss: string };
      return door.mint(door.key, { claims: { iss: [iss, 'https://evil.example'] } });
    },
  },
  ...[undefined, 'api://elsewhere', ['api://elsewhere'], [], {}, 7].map((aud) =>
    withClaims(`the audience ${JSON.stringify(aud)}`, { aud }, 'audience'),
  ),
  ...['exp', 'iat'].flatMap((claim) =>
    [undefined, null, String(NOW + 60), -1, [NOW + 60]].map((value) =>
      withClaims(`${claim} = ${JSON.stringify(value)}`, { [claim]: value }, 'claims'),
    ),
  ),
  withClaims('an end that is long past', { iat: NOW - 7200, exp: NOW - 3600 }, 'expired'),
  withClaims('an end at next to nothing', { exp: 1e-300 }, 'expired'),
  withClaims('a beginning an hour ahead', { iat: NOW + 3600, exp: NOW + 3700 }, 'not_yet_valid'),
  withClaims('a validity that has not begun', { nbf: NOW + 3600 }, 'not_yet_valid'),
  withClaims('a validity that begins with a text', { nbf: 'now' }, 'claims'),
  withClaims('a life of a week', { exp: NOW + 7 * 86_400 }, 'lifetime'),
  withClaims('an end before its beginning', { iat: NOW + 20, exp: NOW + 10 }, 'lifetime'),
  ...[undefined, '', 7, ['7d3c'], { id: '7d3c' }].map((subject): Attack => ({
    name: `the subject ${JSON.stringify(subject)}`,
    fault: 'claims',
    token: ({ mint, key, subjectClaim }) => mint(key, { claims: { [subjectClaim]: subject } }),
  })),
  ...[null, [], 7, {}, { sub: 7 }, { sub: 'copilot', act: [] }].map((act) =>
    withClaims(`the actor ${JSON.stringify(act)}`, { act }, 'claims'),
  ),
];

const substitutions: readonly Attack[] = (
  [
    ['a Transaction Token', relayKeys.edge, transactionToken],
    ['a hand-over token', relayKeys.handOver, handOverToken],
    ['a provider’s token', relayKeys.provider, providerToken],
  ] as const
).map(([name, key, mint]) => ({
  name: `${name}, where another is asked for`,
  unasked: true,
  except: (door: FrontDoor) => door.key === key,
  token: () => mint(key),
}));

/** The key that hand-overs are signed with signs these too: it is the `typ` that tells them apart. */
const approvals: readonly Attack[] = [
  {
    name: 'an approval of a workflow’s state',
    fault: 'type',
    unasked: true,
    token: ({ key, mint }) => {
      const [, claims] = partsOf(mint(key));
      return approvalToken(key, { claims: JSON.parse(jsonOf(claims)) as Record<string, unknown> });
    },
  },
];

/** Every token that no door may take. */
export const attacks: readonly Attack[] = [
  ...algorithms,
  ...headers,
  ...signatures,
  ...forms,
  ...claims,
  ...substitutions,
  ...approvals,
];
