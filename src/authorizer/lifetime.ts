import { BatonError } from '../core/errors';
import { maxLifetimeOf } from '../identity/profiles/txn-token';
import type { TxnTokenEdge } from '../policy/edge-document';

/** A token outlives the cache by this much: it is minted before it is cached, and travels after it is read. */
const MARGIN_SECONDS = 60;

const invalid = (message: string): BatonError => new BatonError('option_invalid', `createAuthorizer(): ${message}`);

/**
 * How long tokens live under a gateway that caches results for this long, in seconds.
 *
 * @throws BatonError `option_invalid` where the policy asks what a cache cannot keep, or the app would not take the tokens
 */
export function lifetimeUnder(cacheTtlSeconds: number, edge: TxnTokenEdge): number {
  const once = (['replay', 'bind'] as const).filter((name) => edge[name] !== undefined);
  if (once.length > 0 && cacheTtlSeconds > 0) {
    const wants = once.map((name) => `/edge/${name}`).join(' and ');
    throw invalid(
      `the policy wants a token for each request (${wants}), and a gateway that caches results for ${cacheTtlSeconds} s sends one with many. ` +
        'Set authorizerResultTtlInSeconds and "cacheTtlSeconds" to 0.',
    );
  }
  const lifetimeSeconds = cacheTtlSeconds + MARGIN_SECONDS;
  const longest = maxLifetimeOf(edge);
  if (lifetimeSeconds > longest) {
    throw invalid(
      `tokens would live ${lifetimeSeconds} s, longer than the app accepts (${longest} s). Lower "cacheTtlSeconds" or raise /edge/maxLifetimeSeconds.`,
    );
  }
  return lifetimeSeconds;
}
