import { unwatchFile, watchFile } from 'node:fs';
import { asBatonError, type BatonError } from '../core/errors';
import { loadPolicy, loadPolicyAside } from './load';
import type { Policy } from './policy';

/** What happened to a policy file while the process ran. */
export type PolicyChange =
  | { readonly kind: 'reloaded'; readonly policy: Policy; readonly previous: Policy }
  | { readonly kind: 'refused'; readonly error: BatonError };

/** How often the file is looked at. Polling, because notifications miss files that editors and deployments replace. */
const POLL_MS = 2000;
/** A file that is refused is tried again: what it needs (a key file, a share) may come without it being touched. */
const LAST_RETRY_MS = 60_000;

/**
 * The policy that a process works by, which may be replaced while it runs: whole or not at all.
 *
 * What is worked out from a policy (an edge, a table of functions) is registered with {@link LivePolicy.derive}. A new
 * policy takes over only when all of that could be made from it, so that a file which is well-formed and useless, with a
 * damaged key say, changes nothing either.
 */
export class LivePolicy {
  #state: { readonly policy: Policy; readonly derived: unknown[] };
  readonly #makers: ((policy: Policy, before: unknown) => unknown)[] = [];
  readonly #listeners: ((change: PolicyChange) => void)[] = [];
  readonly #path: string | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #watching = false;
  #looking = false;
  #lookAgain = false;
  #timer: NodeJS.Timeout | undefined;
  /** What was said of the file that is refused at the moment, and how often it was. */
  #refusal: string | undefined;
  #refusals = 0;

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
   *
   * @param make is given what it made for the policy in force, to take over what both have in common
   * @returns gives what belongs to the policy of the moment
   * @throws what `make` throws for the policy of now
   */
  derive<T>(make: (policy: Policy, before: T | undefined) => T): () => T {
    const index = this.#makers.length;
    this.#state.derived[index] = make(this.#state.policy, undefined);
    this.#makers.push((policy, before) => make(policy, before as T));
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
    watchFile(this.#path, { interval: POLL_MS, persistent: false }, this.#look);
    // What was written after the policy was read and before the watching began would go unseen.
    this.#lookIn(POLL_MS);
  }

  /** Looks no more. */
  unwatch(): void {
    if (this.#path !== undefined) unwatchFile(this.#path, this.#look);
    clearTimeout(this.#timer);
    this.#watching = false;
  }

  #lookIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#look, delayMs).unref();
  }

  /** One look at a time; what changes meanwhile is looked at afterwards. */
  readonly #look = (): void => {
    this.#lookAgain = this.#looking;
    const path = this.#path;
    if (this.#looking || path === undefined) return;
    this.#looking = true;
    void this.#take(path).finally(() => {
      this.#looking = false;
      if (this.#lookAgain && this.#watching) this.#look();
    });
  };

  /** Takes the file over where it is another policy. Never rejects. */
  async #take(path: string): Promise<void> {
    try {
      const policy = await loadPolicyAside(path, this.#env);
      if (this.#watching && policy.digest !== this.current.digest) this.replace(policy);
      this.#refusal = undefined;
      this.#refusals = 0;
    } catch (thrown) {
      if (!this.#watching) return;
      const error = asBatonError(thrown);
      const isNews = error.message !== this.#refusal;
      this.#refusal = error.message;
      this.#lookIn(Math.min(POLL_MS * 2 ** this.#refusals++, LAST_RETRY_MS));
      if (isNews) this.#tell({ kind: 'refused', error });
    }
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
    const { policy: previous, derived: before } = this.#state;
    const derived = this.#makers.map((make, index) => make(policy, before[index]));
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
