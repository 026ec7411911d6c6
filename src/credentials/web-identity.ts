import { BatonError } from '../core/errors';
import { jsonMembers } from './http';

/** What STS takes: RS and ES of 256, 384 and 512 (API reference, `WebIdentityToken`). No PS256, no EdDSA. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
/** STS's limit. */
const MAX_CHARACTERS = 20_000;

/** Entra's tokens have v1 issuers or v2 issuers by a setting of the API that they are for. */
const ENTRA_V1 = 'https://sts.windows.net/';
const ENTRA_V2 = /^https:\/\/login\.microsoftonline\.com\/[^/]+\/v2\.0$/;

/** What explains why a token was refused. IDs and addresses only: it goes into messages. */
export interface WebIdentityFacts {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  /** Who asked for the token (`azp`, in Entra's v1 tokens `appid`). */
  readonly client: string;
  readonly entra: 'v1' | 'v2' | undefined;
  /** Whether it has claims that become session tags, or the source identity. */
  readonly hasTags: boolean;
  readonly hasSourceIdentity: boolean;
}

const decoded = (part: string | undefined): Readonly<Record<string, unknown>> =>
  jsonMembers(Buffer.from(part ?? '', 'base64url').toString('utf8'));

/** A claim as it may stand in a message: short, and of one line. */
function shown(value: unknown): string {
  const text = Array.isArray(value) ? value.join(', ') : value;
  return typeof text === 'string' && /^[\x20-\x7e]{1,200}$/.test(text) ? text : '(none)';
}

/** What the token says. Nothing is verified: it is this workload's own token, and AWS decides. */
export function webIdentityFacts(token: string): WebIdentityFacts {
  const claims = decoded(token.split('.')[1]);
  const issuer = shown(claims.iss);
  return {
    issuer,
    audience: shown(claims.aud),
    subject: shown(claims.sub),
    client: shown(claims.azp ?? claims.appid),
    entra: issuer.startsWith(ENTRA_V1) ? 'v1' : ENTRA_V2.test(issuer) ? 'v2' : undefined,
    hasTags: 'https://aws.amazon.com/tags' in claims,
    hasSourceIdentity: 'https://aws.amazon.com/source_identity' in claims,
  };
}

/** When the token ends, in seconds since the epoch; undefined where it does not say. */
export function expiryOf(token: string): number | undefined {
  const { exp } = decoded(token.split('.')[1]);
  return typeof exp === 'number' && Number.isFinite(exp) ? exp : undefined;
}

/**
 * Refuses what STS refuses for certain, with more to say than STS has.
 * @throws BatonError `credentials_refused`, reason `token_form`, `token_algorithm`, `token_times` or `token_too_large`
 */
export function checkWebIdentity(token: string): void {
  const refuse = (reason: string, message: string): BatonError =>
    new BatonError('credentials_refused', message, { reason });
  const [protectedPart, payload, signature, ...more] = token.split('.');
  const { alg } = decoded(protectedPart);
  const claims = decoded(payload);
  if (signature === undefined || more.length > 0 || typeof alg !== 'string' || typeof claims.iss !== 'string') {
    throw refuse(
      'token_form',
      'The token for AWS is no signed JWT with an issuer. STS takes OpenID Connect tokens; with Entra ask for a token of an API of your own, not of Microsoft Graph.',
    );
  }
  if (!ALGORITHMS.includes(alg)) {
    throw refuse(
      'token_algorithm',
      `The token for AWS is signed with ${shown(alg)}. STS takes ${ALGORITHMS.join(', ')} only: let the issuer sign with RS256 or ES256.`,
    );
  }
  if (!Number.isInteger(claims.exp) || !Number.isInteger(claims.iat)) {
    throw refuse(
      'token_times',
      'The token for AWS must have "exp" and "iat" in whole seconds; STS takes no fractions.',
    );
  }
  if (token.length > MAX_CHARACTERS) {
    throw refuse(
      'token_too_large',
      `The token for AWS has ${token.length} characters, and STS takes ${MAX_CHARACTERS}. Take claims out, groups above all.`,
    );
  }
}
