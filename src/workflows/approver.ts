import type { Caller } from '../context/caller';
import type { WorkflowDocument } from '../policy/document';
import { isOwnRequest, type Party } from '../policy/own-request';
import type { Policy } from '../policy/policy';
import { historyPages, type HistoryReader, type HistoryRequest } from './history-pages';
import { PendingApprovals, type WaitingTask } from './pending-approvals';
import { Visits } from './visits';

/** The states whose approval the caller may give, as far as permissions say. */
export function decidableStates(
  { approvals = {} }: WorkflowDocument,
  caller: Caller,
  policy: Policy,
): readonly string[] {
  const { record, user } = caller;
  return Object.entries(approvals)
    .filter(([, { permission }]) => (record.policy ?? policy).decidePermission(user, permission).allowed)
    .map(([state]) => state);
}

/** Those of the states that the caller may decide of this starter's request. */
export function decidableOf(
  states: readonly string[],
  { approvals = {} }: WorkflowDocument,
  asking: Party,
  { user }: Caller,
  policy: Policy,
): readonly string[] {
  const isOwn = isOwnRequest(policy, asking, user);
  return states.filter((state) => !isOwn || approvals[state]?.ownRequests === true);
}

/** The approvals that wait, by the history as it is. */
export async function waitingApprovals(
  reader: HistoryReader,
  request: Pick<HistoryRequest, 'executionArn' | 'workflow'>,
  document: WorkflowDocument,
): Promise<readonly WaitingTask[]> {
  const visits = new Visits();
  const pending = new PendingApprovals(document);
  for await (const events of historyPages(reader, request)) {
    for (const event of events) pending.add(event, visits.add(event));
  }
  return pending.among(visits.open);
}
