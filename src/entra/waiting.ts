import { BatonError } from '../core/errors';

/**
 * The promise, or the end of this one wait for it: what it stands for goes on for whoever else waits.
 * @throws BatonError `entra_unavailable`, reason `aborted`
 */
export function endedBy<T>(signal: AbortSignal | undefined, pending: Promise<T>): Promise<T> {
  if (signal === undefined) return pending;
  return new Promise((resolve, reject) => {
    const end = (): void =>
      reject(
        new BatonError('entra_unavailable', 'The wait for a token of Entra was ended by its caller.', {
          cause: signal.reason,
          reason: 'aborted',
        }),
      );
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}
