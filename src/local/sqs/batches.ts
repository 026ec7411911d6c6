import { isRecord } from '../is-record';
import { prefixedError, SqsError } from './sqs-error';

/** What a batch operation gives back: what went well by entry, and what did not. */
export interface BatchResult {
  readonly Successful: readonly object[];
  readonly Failed: readonly { Id: string; SenderFault: boolean; Code: string; Message: string }[];
}

const MAX_ENTRIES = 10;

/**
 * The entries of a batch.
 * @throws SqsError for a batch that is refused as a whole
 */
export function readEntries(given: unknown, what: string): readonly (Record<string, unknown> & { Id: string })[] {
  const entries: unknown[] = Array.isArray(given) ? (given as unknown[]) : [];
  if (entries.length === 0) {
    throw prefixedError('EmptyBatchRequest', `There should be at least one ${what} in the request.`);
  }
  if (entries.length > MAX_ENTRIES) {
    throw prefixedError(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  return entries.map((entry) => {
    const id = isRecord(entry) ? entry.Id : undefined;
    if (!isRecord(entry) || typeof id !== 'string' || !/^[\w-]{1,80}$/.test(id)) {
      throw prefixedError(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
    }
    if (seen.has(id)) throw prefixedError('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
    return { ...entry, Id: id };
  });
}

/** Does each entry by itself: one that is refused leaves the others alone. */
export function eachEntry<T extends { Id: string }>(entries: readonly T[], perform: (entry: T) => object): BatchResult {
  const Successful: object[] = [];
  const Failed: BatchResult['Failed'][number][] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...perform(entry) });
    } catch (thrown) {
      if (!(thrown instanceof SqsError)) throw thrown;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: thrown.code, Message: thrown.message });
    }
  }
  return { Successful, Failed };
}
