import { tokenInvalid } from '../core/errors';
import { parseCompact, type CompactJws, type HeaderClaims } from '../jws/compact';
import { verifyJws } from '../jws/verify';
import { keySourceAt } from '../keys/source';
import type { ClaimsDocument } from '../policy/document';
import { edgeProvider, type SignedEdge } from '../policy/edge-document';
import type { Policy } from '../policy/policy';
import { checkRegisteredClaims, numericDate } from '../token/registered-claims';
import type { AssertionVerifier, EdgeOptions } from './assertion';
import { identityFrom } from './from-transaction';
import type { Profile, ProfileExpectations } from './profile';
import { transactionFromClaims, type ClaimReading } from './provider-transaction';

/** Groups of a directory fill kilobytes. AWS's load balancers alone send up to 11 KB. */
const MAX_ASSERTION_BYTES = 16_384;

type Claims = Readonly<Record<string, unknown>>;
type Limits = Pick<AssertionVerifier, 'clockToleranceSeconds'> & { readonly maxLifetimeSeconds: number };

/**
 * What the header says, before any key is looked for. Keys of all customers of a region are in one place, so a signature
 * alone proves that somebody's load balancer signed; `signer` says whose (the attack is known as ALBeast).
 */
function checkHeader(
  { signer, client, iss, exp }: HeaderClaims,
  expected: ProfileExpectations,
  limits: Limits,
  now: number,
): number {
  if (signer !== expected.signer) throw tokenInvalid('signer', `The token's signer is not "${expected.signer}".`);
  if (iss !== expected.issuer) throw tokenInvalid('issuer', `The token's iss is not "${expected.issuer}".`);
  if (expected.client !== undefined && client !== expected.client)
    throw tokenInvalid('audience', 'The token is for another client of the identity provider.');
  return checkEnd(numericDate({ exp }, 'exp'), limits, now);
}

/** Without `iat` only the rest of a life can be held against the longest. */
function checkEnd(expiresAt: number, { clockToleranceSeconds, maxLifetimeSeconds }: Limits, now: number): number {
  if (now >= expiresAt + clockToleranceSeconds) throw tokenInvalid('expired', 'The token has expired.');
  if (expiresAt - now > maxLifetimeSeconds + clockToleranceSeconds)
    throw tokenInvalid('lifetime', `The token lives longer than ${maxLifetimeSeconds} s.`);
  return expiresAt;
}

/** The payload may repeat what the header says; it cannot say otherwise, nor last longer. */
function checkRepeated(
  { iss, exp }: Claims,
  expected: ProfileExpectations,
  limits: Limits,
  headerEnd: number,
  now: number,
): number {
  if (iss !== undefined && iss !== expected.issuer)
    throw tokenInvalid('issuer', "The token's header and payload name different issuers.");
  return exp === undefined ? headerEnd : Math.min(headerEnd, checkEnd(numericDate({ exp }, 'exp'), limits, now));
}

/** An application where a claim names one and no subject is given; else as the pointers say. */
function readingOf(
  claims: Claims,
  { applicationClaim }: Pick<Profile, 'applicationClaim'>,
  pointers: ClaimsDocument,
): Omit<ClaimReading, 'provider'> {
  if (applicationClaim === undefined || (claims.sub !== undefined && claims.sub !== '')) return { claims, pointers };
  const pointer = `/${applicationClaim}`;
  return { claims, pointers: { subject: pointer, name: pointer, roles: pointer }, kind: 'application' };
}

/**
 * Verifies the assertions of one edge by its profile. The order is fixed: form, what the header pins, type, algorithm,
 * key, signature, claims; nothing is fetched for an assertion that fails before.
 *
 * @throws BatonError `key_invalid`, `option_invalid`
 */
export function profileVerifier<E extends SignedEdge>(
  profile: Profile<E>,
  edge: E,
  policy: Policy,
  options: EdgeOptions,
): AssertionVerifier {
  const { name, algorithms, types, padding, claimsIn, fixed = {} } = profile;
  const expected = profile.expect(edge);
  const keys = keySourceAt(edge.keys ?? expected.keys, { ...options, algorithms });
  const limits = {
    clockToleranceSeconds: edge.clockToleranceSeconds ?? profile.clockToleranceSeconds,
    maxLifetimeSeconds: edge.maxLifetimeSeconds ?? profile.maxLifetimeSeconds,
  };
  const provider = edgeProvider(edge) ?? name;
  const pointers = edge.claims ?? profile.claims;
  const audiences = expected.audience === undefined ? [] : [expected.audience];

  const verifiedEnd = async (jws: CompactJws, now: number): Promise<number> => {
    const verify = (): Promise<Claims> => verifyJws(jws, { algorithms, keys, types });
    if (claimsIn === 'header') {
      const headerEnd = checkHeader(jws.header.claims, expected, limits, now);
      return checkRepeated(await verify(), expected, limits, headerEnd, now);
    }
    return checkRegisteredClaims(await verify(), { issuer: expected.issuer, audiences, ...limits }, now).expiresAt;
  };

  return {
    header: profile.header,
    clockToleranceSeconds: limits.clockToleranceSeconds,
    keyVersion: () => keys.version(),
    async verify(assertion, now) {
      const jws = parseCompact(assertion, MAX_ASSERTION_BYTES, padding);
      const expiresAt = await verifiedEnd(jws, now);
      for (const [claim, value] of Object.entries(fixed)) {
        if (jws.claims[claim] !== value) throw tokenInvalid('claims', `The token's ${claim} is not "${value}".`);
      }
      const reading = readingOf(jws.claims, profile, pointers);
      const transaction = transactionFromClaims({ provider, ...reading }, policy);
      const identity = identityFrom({ transaction, expiresAt }, { profile: name, issuer: expected.issuer });
      return { identity, transaction };
    },
  };
}
