import { nowSeconds, systemClock } from '../../core/clock';
import { BatonError, tokenInvalid } from '../../core/errors';
import { parseStrictObject } from '../../jws/strict-json';
import { edgeProvider, type UnsignedEdge } from '../../policy/edge-document';
import type { Policy } from '../../policy/policy';
import { numericDate } from '../../token/registered-claims';
import type { EdgeOptions, HeaderReader } from '../assertion';
import { identityFrom } from '../from-transaction';
import { AssertionHeader } from '../hygiene';
import { transactionFromClaims } from '../provider-transaction';

const MAX_HEADER_BYTES = 16_384;
/** Such headers mostly have no end of their own; the longest that one request may take. */
const LIFETIME_SECONDS = 300;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const ALPHABETS = { base64: /^[A-Za-z0-9+/]+={0,2}$/, base64url: /^[A-Za-z0-9_-]+={0,2}$/ };

function readClaims(text: string, encoding: UnsignedEdge['encoding']): Record<string, unknown> {
  if (text.length > MAX_HEADER_BYTES)
    throw tokenInvalid('too_large', `The header is larger than ${MAX_HEADER_BYTES} bytes.`);
  if (encoding !== 'json' && !ALPHABETS[encoding].test(text))
    throw tokenInvalid('malformed', `The header is not ${encoding}.`);
  // Node gives a header's bytes as Latin-1.
  const bytes = Buffer.from(text, encoding === 'json' ? 'latin1' : encoding);
  let json: string;
  try {
    json = utf8.decode(bytes);
  } catch {
    throw tokenInvalid('malformed', 'The header is not UTF-8.');
  }
  return parseStrictObject(json, 'header');
}

function endOf(claims: Readonly<Record<string, unknown>>, now: number): number {
  const latest = now + LIFETIME_SECONDS;
  if (claims.exp === undefined) return latest;
  const expiresAt = numericDate(claims, 'exp');
  if (now >= expiresAt) throw tokenInvalid('expired', 'The claims have expired.');
  return Math.min(expiresAt, latest);
}

/**
 * The profile `unsigned`: claims in a header that nobody signed. Whoever can send the app a request can be anybody; the
 * network has to see to it that only the edge can.
 *
 * @throws BatonError `option_invalid`
 */
export function unsignedReader(edge: UnsignedEdge, policy: Policy, options: EdgeOptions): HeaderReader {
  const { header, encoding, claims: pointers } = edge;
  // A JavaScript app can write anything, `true` above all.
  const named: unknown = options.unsafelyTrustUnsignedHeader;
  if (typeof named !== 'string' || named.toLowerCase() !== header.toLowerCase()) {
    throw new BatonError(
      'option_invalid',
      `The policy's edge is "unsigned": the option "unsafelyTrustUnsignedHeader" must name its header, ${header}. Whoever reaches the app can then be anybody.`,
    );
  }
  const clock = options.clock ?? systemClock;
  const provider = edgeProvider(edge) ?? edge.profile;
  const assertion = new AssertionHeader(header, { holdsCommas: encoding === 'json' });
  return {
    header,
    read(rawHeaders) {
      const text = assertion.take(rawHeaders);
      if (text === undefined) return undefined;
      const claims = readClaims(text, encoding);
      const transaction = transactionFromClaims({ provider, claims, pointers }, policy);
      const expiresAt = endOf(claims, nowSeconds(clock));
      return {
        identity: identityFrom({ transaction, expiresAt }, { profile: edge.profile, issuer: header }),
        transaction,
      };
    },
  };
}
