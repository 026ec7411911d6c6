/** Makes something with the first call: an app that only starts workflows, for example, needs no keys. */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
