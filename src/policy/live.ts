import { unwatchFile, watchFile } from 'node:fs';
import { asBatonError, type BatonError } from '../core/errors';
import { loadPolicy } from './load';
import type { Policy } from './policy';

/** What happened to a policy file while the process ran. */
export type PolicyChange =
  | { readonly kind: 'reloaded'; readonly policy: Policy; readonly previous: Policy }
  | { readonly kind: 'refused'; readonly error: BatonError };

/** How often the file is looked at. Polling, because notifications miss files that editors and deployments replace. */
const POLL_MS = 2000;

/**
 * The policy that a process works by, which may be replaced while it runs: whole or not at all.
 *
 * What is worked out from a policy (an edge, a table of functions) is registered with {@link LivePolicy.derive}. A new
 * policy takes over only when all of that could be made from it, so that a file which is well-formed and useless, with a
 * damaged key say, changes nothing either.
 */
export class LivePolicy {
  #state: { readonly policy: Policy; readonly derived: unknown[] };
  readonly #makers: ((policy: Policy) => unknown)[] = [];
  readonly #listeners: ((change: PolicyChange) => void)[] = [];
  readonly #path: string | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #watching = false;

  /** @param path the file that the policy was loaded from; without one there is nothing to watch */
  constructor(policy: Policy, path?: string, env: NodeJS.ProcessEnv = process.env) {
    this.#state = { policy, derived: [] };
    this.#path = path;
    this.#env = env;
  }

  /** The policy at this moment. Take it once a request: the next look may find another. */
  get current(): Policy {
    return this.#state.policy;
  }

  /**
   * Makes something from the policy, now and from each that comes after it.
   * @returns gives what belongs to the policy of the moment
   * @throws what `make` throws for the policy of now
   */
  derive<T>(make: (policy: Policy) => T): () => T {
    const index = this.#makers.length;
    this.#state.derived[index] = make(this.#state.policy);
    this.#makers.push(make);
    return () => this.#state.derived[index] as T;
  }

  /** Tells of each change and each refusal. A listener that throws is warned about, and stops nothing. */
  onChange(listener: (change: PolicyChange) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the file every two seconds, and reloads it when it changed. Never keeps the process alive. */
  watch(): void {
    if (this.#path === undefined || this.#watching) return;
    this.#watching = true;
    watchFile(this.#path, { interval: POLL_MS, persistent: false }, () => this.reload());
  }

  /** Looks no more. */
  unwatch(): void {
    if (this.#path !== undefined) unwatchFile(this.#path);
    this.#watching = false;
  }

  /** Reads the file anew. A good one replaces the policy whole, a bad one changes nothing; either way it is told. */
  reload(): void {
    if (this.#path === undefined) return;
    try {
      this.replace(loadPolicy(this.#path, this.#env));
    } catch (thrown) {
      this.#tell({ kind: 'refused', error: asBatonError(thrown) });
    }
  }

  /**
   * Puts another policy in its place.
   * @throws what a registered maker throws; then nothing has changed
   */
  replace(policy: Policy): void {
    const derived = this.#makers.map((make) => make(policy));
    const { policy: previous } = this.#state;
    this.#state = { policy, derived };
    this.#tell({ kind: 'reloaded', policy, previous });
  }

  /**
   * What a listener throws changes nothing of what happened, and must not leave the watcher's callback: it would end the
   * process because an audit trail could not be written.
   */
  #tell(change: PolicyChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (thrown) {
        process.emitWarning(
          `The policy was ${change.kind}, and that could not be told: ${asBatonError(thrown).message}`,
        );
      }
    }
  }
}
