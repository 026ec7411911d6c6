import type { Catcher, Retrier } from './definition';
import type { StatesError } from './states-error';

/** Errors that `States.ALL` does not stand for: they come back however often it is tried. */
const NOT_OF_ALL = ['States.DataLimitExceeded', 'States.Runtime'];

function matches(names: readonly string[], { error, alias }: StatesError): boolean {
  return names.some((name) => {
    if (name === error || name === alias) return true;
    if (name === 'States.ALL') return !NOT_OF_ALL.includes(error);
    return name === 'States.TaskFailed' && error !== 'States.Timeout' && !NOT_OF_ALL.includes(error);
  });
}

/** The catcher that takes an error. */
export function catcherOf(catchers: readonly Catcher[] = [], error: StatesError): Catcher | undefined {
  return catchers.find(({ ErrorEquals }) => matches(ErrorEquals, error));
}

/** How often each retrier of a state was used. */
export class Attempts {
  readonly #used = new Map<Retrier, number>();

  /** All retries so far, `$$.State.RetryCount`. */
  get count(): number {
    return [...this.#used.values()].reduce((sum, used) => sum + used, 0);
  }

  /** How long to wait before the next try, in milliseconds, or undefined where there is none. */
  next(retriers: readonly Retrier[] = [], error: StatesError): number | undefined {
    const retrier = retriers.find(({ ErrorEquals }) => matches(ErrorEquals, error));
    if (retrier === undefined) return undefined;
    const used = this.#used.get(retrier) ?? 0;
    const {
      IntervalSeconds = 1,
      MaxAttempts = 3,
      BackoffRate = 2,
      MaxDelaySeconds = Infinity,
      JitterStrategy,
    } = retrier;
    if (used >= MaxAttempts) return undefined;
    this.#used.set(retrier, used + 1);
    const delaySeconds = Math.min(MaxDelaySeconds, IntervalSeconds * BackoffRate ** used);
    return 1000 * delaySeconds * (JitterStrategy === 'FULL' ? Math.random() : 1);
  }
}
