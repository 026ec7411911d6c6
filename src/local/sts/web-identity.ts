import { nowSeconds, type Clock } from '../../core/clock';
import type { BatonError } from '../../core/errors';
import type { Algorithm } from '../../jws/algorithms';
import { parseCompact, unverifiedIssuer, type CompactJws } from '../../jws/compact';
import type { KeySource } from '../../jws/keys';
import { verifyJws } from '../../jws/verify';
import { keySourceAt } from '../../keys/source';
import { StsError } from './sts-error';

/** An IAM OIDC provider. */
export interface OidcProvider {
  /** The issuer, to the letter: https, or http to this machine. */
  readonly url: string;
  /** Its audiences ("client IDs"). */
  readonly audiences: readonly string[];
}

/** What a verified web identity token says. */
export interface WebIdentity {
  readonly provider: OidcProvider;
  readonly subject: string;
  /** `azp` where the token has one, else that of `aud` which the provider has. */
  readonly audience: string;
  readonly hasTags: boolean;
  readonly sourceIdentity: string | undefined;
}

const ALGORITHMS: readonly Algorithm[] = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
const MAX_CHARACTERS = 20_000;

const invalid = (message: string): StsError => new StsError(400, 'InvalidIdentityToken', message);

function parse(token: string): CompactJws {
  try {
    return parseCompact(token, MAX_CHARACTERS);
  } catch {
    throw invalid('The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)');
  }
}

/** Keys come from the issuer's own discovery document: what a policy or a file says of them does not count here. */
async function verified(jws: CompactJws, keys: KeySource): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await verifyJws(jws, { algorithms: ALGORITHMS, keys, types: [jws.header.typ] });
  } catch (error) {
    const { code, reason } = error as BatonError;
    if (code === 'keys_unavailable') {
      throw new StsError(
        400,
        'IDPCommunicationError',
        'The identity provider could not be reached to verify the token.',
      );
    }
    if (reason === 'key_unknown') throw invalid("Couldn't retrieve verification key from your identity provider");
    throw invalid(reason === 'algorithm' ? 'The algorithm of the token is not supported.' : 'The token is not valid.');
  }
}

function checkTimes({ exp, iat, nbf }: Readonly<Record<string, unknown>>, now: number): void {
  if (!Number.isInteger(exp) || !Number.isInteger(iat)) throw invalid('The token must have integer iat and exp.');
  if (now >= Number(exp)) {
    const [today, end] = [now, Number(exp)].map((seconds) => new Date(seconds * 1000).toISOString());
    const message = `Token expired: current date/time ${today} must be before the expiration date/time ${end}`;
    throw new StsError(400, 'ExpiredTokenException', message);
  }
  // AWS grants clocks five minutes.
  if (Number(iat) > now + 300 || (nbf !== undefined && Number(nbf) > now + 300))
    throw invalid('The token is not valid yet.');
}

/**
 * The audience that counts. IAM's documentation says of Google, and users' reports show of Microsoft Entra ID, that `azp` takes
 * the place of `aud` where a token has one.
 */
function audienceOf({ aud, azp }: Readonly<Record<string, unknown>>, { audiences }: OidcProvider): string {
  const named: readonly unknown[] = typeof azp === 'string' ? [azp] : Array.isArray(aud) ? (aud as unknown[]) : [aud];
  const found = named.find((value): value is string => typeof value === 'string' && audiences.includes(value));
  if (found === undefined) throw invalid('Incorrect token audience');
  return found;
}

/** Makes what verifies web identity tokens as STS does. */
export function webIdentityVerifier(
  providers: readonly OidcProvider[],
  clock: Clock,
): (token: string) => Promise<WebIdentity> {
  const known = new Map(
    providers.map((provider) => {
      const keys = keySourceAt({ discover: provider.url }, { algorithms: ALGORITHMS, clock });
      return [provider.url, { provider, keys }] as const;
    }),
  );
  return async (token) => {
    const jws = parse(token);
    let issuer: string;
    try {
      issuer = unverifiedIssuer(jws);
    } catch {
      throw invalid('The token names no issuer.');
    }
    const found = known.get(issuer);
    if (found === undefined) throw invalid(`No OpenIDConnect provider found in your account for ${issuer}`);
    const claims = await verified(jws, found.keys);
    checkTimes(claims, nowSeconds(clock));
    const source = claims['https://aws.amazon.com/source_identity'];
    if (typeof claims.sub !== 'string') throw invalid('The token names no subject.');
    return {
      provider: found.provider,
      subject: claims.sub,
      audience: audienceOf(claims, found.provider),
      hasTags: 'https://aws.amazon.com/tags' in claims,
      sourceIdentity: typeof source === 'string' ? source : undefined,
    };
  };
}
