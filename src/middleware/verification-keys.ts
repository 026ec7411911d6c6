import type { KnownKeySources } from '../keys/known';
import type { LivePolicy } from '../policy/live';

const keysOf = new WeakMap<LivePolicy, () => KnownKeySources>();

/** Remembers by which keys a policy's requests are verified, for whoever is asked how the app is. */
export function rememberKeys(live: LivePolicy, keys: () => KnownKeySources): void {
  keysOf.set(live, keys);
}

/** The keys that a policy's requests are verified by; undefined where no `identity()` works by it. */
export function verificationKeys(live: LivePolicy): KnownKeySources | undefined {
  return keysOf.get(live)?.();
}
