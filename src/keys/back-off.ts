import { BatonError } from '../core/errors';

const FIRST_BACKOFF_MS = 500;
const LAST_BACKOFF_MS = 60_000;

/** How long to wait after so many failures in a row: 0.5 s, twice as long each time, a minute at most. */
export function backOffMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LAST_BACKOFF_MS);
}

/** Whatever went wrong when keys were fetched: at this time of day it is no fault of the set-up any more. */
export function keysUnavailable(failure: unknown, retryAfterSeconds = 5): BatonError {
  if (failure instanceof BatonError && failure.code === 'keys_unavailable') return failure;
  const why = typeof failure === 'string' ? `: ${failure}` : '';
  return new BatonError('keys_unavailable', `The keys could not be fetched${why}.`, {
    cause: typeof failure === 'string' ? undefined : failure,
    retryAfterSeconds,
  });
}
