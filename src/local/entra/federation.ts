import type { Algorithm } from '../../jws/algorithms';
import type { KeySource } from '../../jws/keys';
import { verifyJws } from '../../jws/verify';
import { keySourceAt } from '../../keys/source';
import { BatonError } from '../../core/errors';
import type { Application, FederatedCredential } from './applications';
import { EntraError } from './entra-error';

/** Entra takes nothing else from others (Workload identity federation, "Important considerations"). */
const FEDERATED_ALGORITHMS: readonly Algorithm[] = ['RS256'];

/** The published keys of issuers, found by discovery and kept. */
export class FederationKeys {
  readonly #sources = new Map<string, KeySource>();

  of(issuer: string): KeySource {
    let source = this.#sources.get(issuer);
    if (source === undefined) {
      source = keySourceAt({ discover: issuer }, { algorithms: FEDERATED_ALGORITHMS });
      this.#sources.set(issuer, source);
    }
    return source;
  }
}

type Triple = Readonly<Record<keyof FederatedCredential, string>>;

const ABOUT = 'No matching federated identity record found for presented assertion';

const refused = (aadsts: number, message: string): EntraError => new EntraError('invalid_client', aadsts, message);

const sameButForCase = (a: string, b: string): boolean => a !== b && a.toLowerCase() === b.toLowerCase();

function triple({ iss, sub, aud }: Readonly<Record<string, unknown>>): Triple {
  const audience: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  if (typeof iss !== 'string' || typeof sub !== 'string' || typeof audience !== 'string') {
    throw refused(50027, 'The client assertion names no issuer, subject or single audience.');
  }
  return { issuer: iss, subject: sub, audience };
}

/** Why nothing matches: Entra says which of the three it was, and whether it was the case of letters alone. */
function mismatch(shown: Triple, credentials: readonly FederatedCredential[]): EntraError {
  const names = ['issuer', 'subject', 'audience'] as const;
  const agrees = (given: FederatedCredential, name: (typeof names)[number]): boolean =>
    given[name] === shown[name] || sameButForCase(given[name], shown[name]);
  if (credentials.some((given) => names.every((name) => agrees(given, name)))) {
    return refused(7002138, `${ABOUT}: it matches only when the case of letters is ignored.`);
  }
  const ofIssuer = credentials.filter(({ issuer }) => issuer === shown.issuer);
  if (ofIssuer.length === 0) return refused(700211, `${ABOUT} issuer '${shown.issuer}'.`);
  if (!ofIssuer.some(({ subject }) => subject === shown.subject)) {
    return refused(700213, `${ABOUT} subject '${shown.subject}'.`);
  }
  return refused(700212, `${ABOUT} audience '${shown.audience}'.`);
}

/**
 * Verifies another issuer's token as an application's: a federated credential must match letter by letter, and the issuer's
 * own published key must have signed.
 *
 * @throws EntraError
 */
export async function verifyFederated(
  assertion: string,
  claims: Readonly<Record<string, unknown>>,
  { federated }: Application,
  keys: FederationKeys,
): Promise<void> {
  const shown = triple(claims);
  if (federated.length === 0) throw refused(70021, `${ABOUT}.`);
  const names = ['issuer', 'subject', 'audience'] as const;
  if (!federated.some((given) => names.every((name) => given[name] === shown[name]))) throw mismatch(shown, federated);
  try {
    await verifyJws(assertion, {
      algorithms: FEDERATED_ALGORITHMS,
      keys: keys.of(shown.issuer),
      types: ['JWT', undefined],
    });
  } catch (error) {
    if (error instanceof BatonError && error.kind === 'dependency') {
      throw new EntraError('temporarily_unavailable', 90033, "The issuer's keys cannot be had.");
    }
    throw refused(50013, 'Assertion failed signature validation.');
  }
}
