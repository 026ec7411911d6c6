import { constants, createHmac, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import type { Jwk } from '../../src/jws/keys';

/** The time at which the tokens of this file are minted unless told otherwise, in seconds since the epoch. */
export const NOW = 1_800_000_000;
export const ISSUER = 'https://gateway.example.com';
export const AUDIENCE = 'invoices.example.internal';
export const APP_ISSUER = 'https://invoices.example.internal';
export const FUNCTION_ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:render-invoice:live';
export const PROVIDER_ISSUER = 'https://login.example.com/tenant-1/v2.0';
export const PROVIDER_AUDIENCE = 'api://invoices';

export interface TestKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privateJwk: Jwk;
  readonly publicJwk: Jwk;
}

type Json = Readonly<Record<string, unknown>>;
/** A part of a token: a value that becomes JSON, or the text or the bytes as they are. */
type Part = object | string | Buffer;

function generate(alg: string, bits: number): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  if (!alg.startsWith('ES')) return generateKeyPairSync('rsa', { modulusLength: bits });
  const namedCurve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', ES256K: 'secp256k1' }[alg];
  return generateKeyPairSync('ec', { namedCurve: namedCurve! });
}

/** A fresh key pair for a JOSE algorithm. RSA takes a tenth of a second: make one a file, not one a test. */
export function makeKey(alg = 'ES256', { kid = `${alg}-1`, bits = 2048 } = {}): TestKey {
  const { privateKey, publicKey } = generate(alg, bits);
  const shared = { kid, alg, use: 'sig' };
  return {
    kid,
    alg,
    privateKey,
    publicKey,
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...shared },
    publicJwk: { ...publicKey.export({ format: 'jwk' }), ...shared },
  };
}

/** A signature by node:crypto alone, in the way of RFC 7518; `key` is a private key, or the secret of an HMAC. */
export function rawSignature(alg: string, input: string, key: KeyObject | string | Buffer): Buffer {
  const digest = `sha${alg.slice(2)}`;
  if (alg.startsWith('HS')) return createHmac(digest, key).update(input).digest();
  if (typeof key === 'string' || Buffer.isBuffer(key)) throw new TypeError(`${alg} needs a private key.`);
  const data = Buffer.from(input);
  if (alg === 'EdDSA') return sign(null, data, key);
  if (alg.startsWith('ES')) return sign(digest, data, { key, dsaEncoding: 'ieee-p1363' });
  if (alg.startsWith('RS')) return sign(digest, data, key);
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return sign(digest, data, { key, padding, saltLength });
}

/** One part of a token, encoded. */
export function encodePart(part: Part): string {
  const bytes = Buffer.isBuffer(part) ? part : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part));
  return bytes.toString('base64url');
}

/** A compact JWS with any header and payload, however broken, and a right signature over them. */
export function forge(header: Part, claims: Part, key: TestKey): string {
  const input = `${encodePart(header)}.${encodePart(claims)}`;
  return `${input}.${rawSignature(key.alg, input, key.privateKey).toString('base64url')}`;
}

/** The same token with another signature. */
export function withSignature(token: string, signature: string | Buffer): string {
  const encoded = typeof signature === 'string' ? signature : signature.toString('base64url');
  return `${token.slice(0, token.lastIndexOf('.'))}.${encoded}`;
}

/** What a test changes about a good token. A member that is undefined is left out. */
export interface TokenChanges {
  readonly header?: Json;
  readonly claims?: Json;
}

const signed = (key: TestKey, typ: string, claims: Json, changes: TokenChanges): string =>
  forge({ alg: key.alg, typ, kid: key.kid, ...changes.header }, { ...claims, ...changes.claims }, key);

/** The claims that travel on, of a user who signed in at the provider `entra`. */
export const travellingClaims = {
  sub: 'entra:7d3c',
  scope: 'invoices.read invoices.write',
  txn: 'txn-4711',
  tctx: { roles: ['clerk'], kind: 'user', tenant: 'tenant-1', name: 'Ada', policy: 'sha256-abc' },
  rctx: {
    idp: 'entra',
    acr: 'urn:mfa',
    amr: ['pwd', 'otp'],
    auth_time: NOW - 600,
    req_ip: '203.0.113.7',
    idp_exp: NOW + 3600,
  },
} as const;

/** The claims of a good Transaction Token. */
export const transactionTokenClaims: Json = {
  iss: ISSUER,
  aud: AUDIENCE,
  iat: NOW,
  exp: NOW + 360,
  req_wl: 'apigateway',
  ...travellingClaims,
};

/** A Transaction Token as the authorizer mints it. */
export function transactionToken(key: TestKey, changes: TokenChanges = {}): string {
  return signed(key, 'txntoken+jwt', transactionTokenClaims, changes);
}

/** A hand-over token for one function. */
export function handOverToken(key: TestKey, changes: TokenChanges = {}): string {
  const claims = { ...transactionTokenClaims, iss: APP_ISSUER, aud: FUNCTION_ARN, exp: NOW + 30, req_wl: 'invoices' };
  return signed(key, 'baton-handover+jwt', { ...claims, jti: randomUUID() }, changes);
}

/** An approval of a state of a workflow. */
export function approvalToken(key: TestKey, changes: TokenChanges = {}): string {
  const claims = { ...transactionTokenClaims, iss: APP_ISSUER, req_wl: 'invoices', jti: randomUUID() };
  return signed(key, 'baton-approval+jwt', claims, changes);
}

/** An identity provider's access token in Entra's claims. */
export function providerToken(key: TestKey, changes: TokenChanges = {}): string {
  const claims = {
    iss: PROVIDER_ISSUER,
    aud: PROVIDER_AUDIENCE,
    iat: NOW,
    nbf: NOW,
    exp: NOW + 3600,
    sub: 'pairwise-1',
    oid: '7d3c',
    tid: 'tenant-1',
    preferred_username: 'Ada',
    roles: ['Invoices.Clerk'],
    scp: 'invoices.read invoices.write',
  };
  return signed(key, 'JWT', claims, changes);
}
