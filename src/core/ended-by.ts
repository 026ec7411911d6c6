/**
 * Work that ends, for whoever waits, when the signal says so. The SDK of AWS looks at a signal only when it has
 * credentials, and off AWS it can look for those for minutes.
 */
export function endedBy<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject: (error: Error) => void) => {
    signal.throwIfAborted();
    const end = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
    // In the two turns themselves: finally() would be three promises more, which every call pays for.
    work().then(
      (value) => {
        signal.removeEventListener('abort', end);
        resolve(value);
      },
      (thrown: unknown) => {
        signal.removeEventListener('abort', end);
        reject(thrown as Error);
      },
    );
  });
}
