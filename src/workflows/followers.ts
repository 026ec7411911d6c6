import type { Timers } from '../core/timers';
import { FollowedRun, type FollowedRunOptions } from './followed-run';

/** So many reads of histories a second are made for runs that are followed, all of them together. */
const READS_PER_SECOND = 5;
/** A client that is cut off comes back: what was read of its run is kept so long, in milliseconds, of so many runs. */
const KEPT_MS = 60_000;
const MAX_KEPT = 50;

/** The runs that this process follows, each once however many follow it. */
export class Followers {
  readonly timers: Timers;
  readonly #runs = new Map<string, FollowedRun>();
  /** Those that nobody follows any more, and since when: the longest first. */
  readonly #left = new Map<string, number>();

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /** How many runs are kept: for tests. */
  get size(): number {
    return this.#runs.size;
  }

  /** The run; call `leave` with the last use of it. */
  join(
    what: Pick<FollowedRunOptions, 'executionArn' | 'workflow' | 'document'>,
    watcher: Parameters<FollowedRun['attach']>[0],
  ): { readonly run: FollowedRun; readonly leave: () => void } {
    const { executionArn: arn } = what;
    this.#forget();
    const run = this.#runs.get(arn) ?? new FollowedRun({ ...what, timers: this.timers, shortestMs: this.#shortestMs });
    this.#runs.set(arn, run);
    this.#left.delete(arn);
    const detach = run.attach(watcher);
    const leave = (): void => {
      const { isOver } = run;
      detach();
      if (run.isWatched || this.#runs.get(arn) !== run) return;
      if (isOver) this.#runs.delete(arn);
      else this.#left.set(arn, this.timers.now());
      this.#forget();
    };
    return { run, leave };
  }

  /** The more runs are followed, the seldomer each is looked at. */
  readonly #shortestMs = (): number => ((this.#runs.size - this.#left.size) / READS_PER_SECOND) * 1000;

  #forget(): void {
    const now = this.timers.now();
    for (const [arn, sinceMs] of this.#left) {
      if (this.#left.size <= MAX_KEPT && now - sinceMs < KEPT_MS) return;
      this.#left.delete(arn);
      this.#runs.delete(arn);
    }
  }
}
