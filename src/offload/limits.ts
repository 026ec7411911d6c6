import { currentRecord } from '../context/storage';
import { endedBy } from '../core/ended-by';
import { BatonError } from '../core/errors';
import { defaultLogger } from '../logging/winston-logger';

type Cockatiel = typeof import('cockatiel');

/** How many calls of one function run and wait at a time. */
export interface LimitSettings {
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
}

/** What keeps one function that is slow or away from taking the app with it. */
export interface FunctionLimits {
  /**
   * Runs a whole call when there is room for it.
   * @param signal ends the wait for room; what ends the call is the call's own business
   * @throws BatonError `function_throttled` (`bulkhead_full`)
   */
  whenFree<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T>;
  /**
   * Makes one attempt where the function is not known to be away.
   * @param signal ends the wait for how another call's attempt ends
   * @throws BatonError `function_unavailable` (`circuit_open`)
   */
  whenClosed<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T>;
}

/** More than half of the calls of 30 s, once there were 20: the time-outs of one second end together, and are no outage. */
const WINDOW_SECONDS = 30;
const OUTAGE = { threshold: 0.5, duration: WINDOW_SECONDS * 1000, minimumRps: 20 / WINDOW_SECONDS };
/** After this, one call goes through; all the others wait for how it ends. */
const OPEN_SECONDS = 10;

/**
 * What says that a function is away: no answer, or none in time. Its own failures do not, nor does a throttle: one
 * caller's bad payload must not close a function to everybody.
 */
function isOutage(error: Error): boolean {
  if (!(error instanceof BatonError)) return false;
  return error.code === 'function_timeout' || (error.code === 'function_unavailable' && error.reason !== 'aborted');
}

function fullError(name: string, { maxConcurrent, maxWaiting }: LimitSettings, cause: unknown): BatonError {
  const message = `${maxConcurrent} calls of "${name}" are under way and ${maxWaiting} wait; it was not called. See /functions/${name}/maxConcurrent.`;
  return new BatonError('function_throttled', message, { cause, reason: 'bulkhead_full', retryAfterSeconds: 1 });
}

function openError(name: string, cause: unknown): BatonError {
  const message = `"${name}" was not called: more than half of its calls of ${WINDOW_SECONDS} s had no answer. It is tried again ${OPEN_SECONDS} s after that.`;
  return new BatonError('function_unavailable', message, {
    cause,
    reason: 'circuit_open',
    retryAfterSeconds: OPEN_SECONDS,
  });
}

/** Makes the limits of one function: a bulkhead for its calls and a circuit breaker for its attempts. */
export function functionLimits(name: string, settings: LimitSettings): FunctionLimits {
  // With the first call: an app that calls nothing does not pay for it.
  const cockatiel = require('cockatiel') as Cockatiel;
  const { bulkhead, circuitBreaker, handleWhen, SamplingBreaker, CircuitState } = cockatiel;
  const { isBrokenCircuitError, isBulkheadRejectedError } = cockatiel;
  const room = bulkhead(settings.maxConcurrent, settings.maxWaiting);
  const circuit = circuitBreaker(handleWhen(isOutage), {
    halfOpenAfter: OPEN_SECONDS * 1000,
    breaker: new SamplingBreaker({ ...OUTAGE }),
  });
  const tell = (level: 'warn' | 'info', message: string, state: string): void => {
    (currentRecord()?.logger ?? defaultLogger())[level](message, { type: 'offload', function: name, circuit: state });
  };
  circuit.onBreak(() => tell('warn', `"${name}" is taken to be away: it is not called for ${OPEN_SECONDS} s.`, 'open'));
  circuit.onReset(() => tell('info', `"${name}" answers again.`, 'closed'));
  return {
    // Nearly every call finds room and a closed circuit, has nothing to wait for, and does not pay for a wait's end.
    whenFree: (signal, call) => {
      const run = () => room.execute(call);
      const ran = room.executionSlots > 0 ? run() : endedBy(signal, run);
      return ran.catch((thrown: unknown) => {
        throw isBulkheadRejectedError(thrown) ? fullError(name, settings, thrown) : thrown;
      });
    },
    whenClosed: (signal, attempt) => {
      const make = () => circuit.execute(attempt);
      const made = circuit.state === CircuitState.Closed ? make() : endedBy(signal, make);
      return made.catch((thrown: unknown) => {
        throw isBrokenCircuitError(thrown) ? openError(name, thrown) : thrown;
      });
    },
  };
}

/** The limits of each function. */
export type LimitsByName = (name: string, settings: Partial<LimitSettings>) => FunctionLimits;

const DEFAULTS: LimitSettings = { maxConcurrent: 50, maxWaiting: 100 };

/** Keeps the limits of functions for as long as the policy's numbers stay; a reload that changes them begins anew. */
export function limitsByName(): LimitsByName {
  const byName = new Map<string, { readonly settings: LimitSettings; readonly limits: FunctionLimits }>();
  return (name, { maxConcurrent = DEFAULTS.maxConcurrent, maxWaiting = DEFAULTS.maxWaiting }) => {
    const known = byName.get(name);
    if (known?.settings.maxConcurrent === maxConcurrent && known.settings.maxWaiting === maxWaiting) {
      return known.limits;
    }
    const settings = { maxConcurrent, maxWaiting };
    const limits = functionLimits(name, settings);
    byName.set(name, { settings, limits });
    return limits;
  };
}
