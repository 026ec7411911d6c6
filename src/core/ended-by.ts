/**
 * Work that ends, for whoever waits, when the signal says so. The SDK of AWS looks at a signal only when it has
 * credentials, and off AWS it can look for those for minutes.
 */
export function endedBy<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const end = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
    void work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', end));
  });
}
