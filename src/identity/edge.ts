import { nowSeconds, systemClock } from '../core/clock';
import type { Policy } from '../policy/policy';
import type { AssertionVerifier, EdgeOptions, VerifiedCaller } from './assertion';
import { AssertionHeader } from './hygiene';
import { txnTokenVerifier } from './profiles/txn-token';
import { VerdictCache } from './verdict-cache';

/** Turns a request's headers into a verified caller, by what the policy says of its edge. */
export interface Edge {
  /** The header that carries the assertion. */
  readonly header: string;
  /**
   * The caller: at once where there is none or where this very assertion was verified before, else as a promise. A
   * promise for each request would cost more than the look-up.
   *
   * @returns undefined where the request carries no assertion; a bad one is never "none"
   * @throws BatonError `identity_header_invalid`, `token_invalid`, `keys_unavailable`
   */
  verify(rawHeaders: readonly string[]): VerifiedCaller | undefined | Promise<VerifiedCaller>;
}

/** Some 25 MB at most: a verdict is about four times its token. */
const CACHE_LIMITS = { maxEntries: 8192, maxBytes: 6 * 1024 * 1024 };

function verifierOf(policy: Policy, options: EdgeOptions): AssertionVerifier {
  return txnTokenVerifier(policy.edge, options);
}

/**
 * Makes the edge of a policy. Verdicts are remembered in it and nowhere else, so that no verdict outlives the policy
 * that admitted it.
 *
 * @throws BatonError `key_invalid`, `option_invalid`
 */
export function createEdge(policy: Policy, options: EdgeOptions = {}): Edge {
  const clock = options.clock ?? systemClock;
  const verifier = verifierOf(policy, options);
  const header = new AssertionHeader(verifier.header);
  const verdicts = new VerdictCache<VerifiedCaller>(CACHE_LIMITS);
  const inFlight = new Map<string, Promise<VerifiedCaller>>();

  const verifyNew = async (assertion: string): Promise<VerifiedCaller> => {
    // Before the verification: keys that change meanwhile must make the verdict old, not young.
    const keyVersion = verifier.keyVersion();
    const caller = await verifier.verify(assertion, nowSeconds(clock));
    const endsAt = (caller.identity.expiresAt + verifier.clockToleranceSeconds) * 1000;
    // -1: the first fetch of the keys was yet to come.
    verdicts.set(assertion, caller, endsAt, keyVersion < 0 ? verifier.keyVersion() : keyVersion);
    return caller;
  };

  return {
    header: verifier.header,
    verify(rawHeaders) {
      const assertion = header.take(rawHeaders);
      if (assertion === undefined) return undefined;
      const known = verdicts.get(assertion, clock(), verifier.keyVersion());
      if (known !== undefined) return known;
      let pending = inFlight.get(assertion);
      if (pending === undefined) {
        pending = verifyNew(assertion).finally(() => inFlight.delete(assertion));
        inFlight.set(assertion, pending);
      }
      return pending;
    },
  };
}
