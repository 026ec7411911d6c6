import { isRecord } from '../is-record';

/**
 * What a function's answer says about its batch, as Lambda reads it.
 * Source: AWS Lambda developer guide, "Implementing partial batch responses", success and failure conditions.
 *
 * @param messageIds of the batch
 * @returns the IDs that failed, or `all` where the answer is one that Lambda takes for a complete failure
 */
export function failedItems(payload: string, messageIds: readonly string[]): ReadonlySet<string> | 'all' {
  let answer: unknown;
  try {
    answer = payload === '' ? undefined : JSON.parse(payload);
  } catch {
    return 'all';
  }
  const failures = isRecord(answer) ? answer.batchItemFailures : undefined;
  if (failures === undefined || failures === null) return new Set();
  if (!Array.isArray(failures)) return 'all';
  const failed = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = isRecord(failure) ? failure.itemIdentifier : undefined;
    // A name that is missing, empty or of no record of this batch.
    if (typeof id !== 'string' || !messageIds.includes(id)) return 'all';
    failed.add(id);
  }
  return failed;
}
