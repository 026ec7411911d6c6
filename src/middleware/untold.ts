const warned = new Set<string>();

/**
 * What a logger throws that was handed in, once its file or stream is gone, must not end the process, nor the request that
 * it should have told of: a warning says so. Once for each sort of line, because it would come with every request.
 *
 * Only for what is told, never for what is recorded: where an audit trail cannot be written the request fails.
 *
 * @param what the sort of line, in the plural
 */
export function warnUntold(what: string, thrown: unknown): void {
  if (warned.has(what)) return;
  warned.add(what);
  const why = thrown instanceof Error ? thrown.message : 'the logger threw';
  process.emitWarning(`${what} are not logged: ${why}`);
}
