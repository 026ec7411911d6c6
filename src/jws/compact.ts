import { isUtf8 } from 'node:buffer';
import { tokenInvalid } from '../core/errors';
import { parseStrictObject } from './strict-json';

/** A JWS in compact serialisation (RFC 7515, section 7.1), taken apart but not verified. */
export interface CompactJws {
  readonly header: JwsHeader;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The three parts as they came, for the verifier. */
  readonly encoded: EncodedJws;
}

/** The three parts as they came. */
export interface EncodedJws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** The protected header's members that Baton looks at. Keys that a token brings along (`jwk`, `jku`, `x5c`) are not among them. */
export interface JwsHeader {
  readonly alg: string;
  readonly kid: string;
  readonly typ: string | undefined;
  /** What some edges say of a token in its header (RFC 7519, section 5.3); unchecked. */
  readonly claims: HeaderClaims;
}

/** Claims that AWS's load balancers put into the header instead of the payload, or besides. */
export interface HeaderClaims {
  readonly iss: unknown;
  readonly exp: unknown;
  readonly client: unknown;
  readonly signer: unknown;
}

/**
 * Whether the parts end in `=`. RFC 7515 forbids it, and nobody may add it: the default is `none`. AWS's load balancers
 * pad all three parts, and sign the padding.
 */
export type Padding = 'none' | 'required' | 'optional';

/** Largest token that is looked at, in bytes, unless told otherwise. The gateway's header budget is 10,240 bytes. */
export const DEFAULT_MAX_TOKEN_BYTES = 8192;

// RFC 4648, section 3.5: the unused bits of the last character must be zero, else one token has several spellings.
const TAIL_OF_TWO = /[AQgw]$/;
const TAIL_OF_THREE = /[AEIMQUYcgkosw048]$/;
const ALPHABET = /^[A-Za-z0-9_-]+$/;

/** The part without its padding; empty, which is no part, where it is not padded as `padding` says. */
function withoutPadding(part: string, padding: Padding): string {
  if (padding === 'none') return part;
  const bare = part.replace(/={1,2}$/, '');
  const isPadded = part.length % 4 === 0;
  return isPadded || (padding === 'optional' && bare === part) ? bare : '';
}

function checkBase64url(encoded: string, name: string, padding: Padding): void {
  const part = withoutPadding(encoded, padding);
  const rest = part.length % 4;
  const canonical = rest === 0 || (rest === 2 && TAIL_OF_TWO.test(part)) || (rest === 3 && TAIL_OF_THREE.test(part));
  if (!canonical || !ALPHABET.test(part)) {
    const how = padding === 'none' ? ' without padding' : `, padding ${padding}`;
    throw tokenInvalid('malformed', `The token's ${name} is not canonical base64url${how}.`);
  }
}

function decodeObject(part: string, name: string): Record<string, unknown> {
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) throw tokenInvalid('malformed', `The token's ${name} is not UTF-8.`);
  return parseStrictObject(bytes.toString('utf8'), name);
}

/**
 * The protected header, strictly; whether it names a key is not asked yet.
 * @throws BatonError `token_invalid`
 */
export function readProtected(encoded: EncodedJws): Omit<JwsHeader, 'kid'> & { readonly kid: unknown } {
  const header = decodeObject(encoded.protected, 'header');
  const { alg, kid, typ, iss, exp, client, signer } = header;
  // RFC 7515, section 4.1.11: an extension that is not understood must not be passed over. Baton understands none.
  if ('crit' in header) throw tokenInvalid('critical', 'The token names critical header extensions.');
  if ('b64' in header) throw tokenInvalid('critical', 'The token has an unencoded-payload header (RFC 7797).');
  if (typeof alg !== 'string') throw tokenInvalid('malformed', 'The token names no algorithm.');
  if (typ !== undefined && typeof typ !== 'string') throw tokenInvalid('malformed', "The token's typ is not a string.");
  return { alg, kid, typ, claims: { iss, exp, client, signer } };
}

function requireKeyId({ alg, kid, typ, claims }: ReturnType<typeof readProtected>): JwsHeader {
  if (typeof kid !== 'string' || kid === '' || kid.length > 256) {
    throw tokenInvalid('key_unknown', 'The token names no key (kid).');
  }
  return { alg, kid, typ, claims };
}

/**
 * Takes a compact JWS apart, strictly: size first, three non-empty parts, canonical base64url, UTF-8, JSON objects
 * without repeated members, no critical extensions, a key ID.
 *
 * @param maxBytes larger tokens are refused before anything is decoded
 * @throws BatonError `token_invalid`
 */
export function parseCompact(
  token: string,
  maxBytes: number = DEFAULT_MAX_TOKEN_BYTES,
  padding: Padding = 'none',
): CompactJws {
  const encoded = splitCompact(token, maxBytes, padding);
  return { header: requireKeyId(readProtected(encoded)), claims: decodeObject(encoded.payload, 'payload'), encoded };
}

/**
 * The three parts of a compact JWS: size, number and canonical base64url are checked, and nothing is decoded.
 * @throws BatonError `token_invalid`
 */
export function splitCompact(token: string, maxBytes: number, padding: Padding = 'none'): EncodedJws {
  if (token.length > maxBytes) throw tokenInvalid('too_large', `The token is larger than ${maxBytes} bytes.`);
  const [protectedPart = '', payload = '', signature = '', ...more] = token.split('.', 4);
  if (more.length > 0 || protectedPart === '' || payload === '' || signature === '') {
    throw tokenInvalid('malformed', 'The token does not have the three parts of a compact JWS.');
  }
  checkBase64url(protectedPart, 'header', padding);
  checkBase64url(payload, 'payload', padding);
  checkBase64url(signature, 'signature', padding);
  return { protected: protectedPart, payload, signature };
}

/**
 * The `iss` of a token that nobody verified yet: good for choosing among configured issuers, for nothing else.
 * @throws BatonError `token_invalid`
 */
export function unverifiedIssuer(jws: CompactJws): string {
  const { iss } = jws.claims;
  if (typeof iss !== 'string') throw tokenInvalid('issuer', 'The token names no issuer.');
  return iss;
}
