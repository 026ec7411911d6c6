import type { HistoryEvent as SdkEvent } from '@aws-sdk/client-sfn';
import { workflowError } from './errors';
import { RequestBudget, withinBudget } from './request-budget';
import type { SfnAccess } from './sfn-client';

/** An event of a history as the SDK reads it; a type that is not known yet comes with its own name. */
export type HistoryPageEvent = SdkEvent & { readonly id: number };

/** What histories are read with. */
export interface HistoryReader {
  readonly sdk: SfnAccess['sdk'];
  readonly client: ReturnType<SfnAccess['client']>;
  /** Default: the budget that all readers of this process share. */
  readonly budget?: RequestBudget;
}

/** What is read of which history. */
export interface HistoryRequest {
  readonly executionArn: string;
  /** The workflow's name in the policy, for what goes wrong. */
  readonly workflow: string;
  /** The last event that is known: only later ones are given. Default 0: all. */
  readonly afterEventId?: number;
  /** Whether inputs and outputs come along, which may be 256 KB each. Default false. */
  readonly includeExecutionData?: boolean;
  /** Events a page at most, 1 to 1000. Default 1000; with data 100. */
  readonly pageSize?: number;
  /** Events of the newest page, which is asked for first where one event is known. Default: as `pageSize`. */
  readonly lookBack?: number;
  /** How long a throttled request is tried again. Default 10,000 ms. */
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

/** The account's quota for `GetExecutionHistory` is 20 a second after a bucket of 400; others want some of it. */
const SHARED_REQUESTS_PER_SECOND = 10;
const SHARED_BURST = 100;
const MAX_PAGE = 1000;
const PAGE_WITH_DATA = 100;
const DEFAULT_PATIENCE_MS = 10_000;
const ACTION = 'states:GetExecutionHistory';

const shared = new RequestBudget({
  requestsPerSecond: SHARED_REQUESTS_PER_SECOND,
  burst: SHARED_BURST,
  longestWaitMs: DEFAULT_PATIENCE_MS,
});

/**
 * The events of an execution's history behind `afterEventId`, in their order, page by page; nothing is kept but the page at
 * hand. AWS gives no page from an event on: where one event is known, the newest page is asked for first, which mostly
 * reaches back to it, and only a larger gap is read from the start.
 *
 * @throws BatonError `workflow_throttled`, `workflow_access_denied`, `workflow_unavailable`; the signal's reason
 *
 * @example
 * ```ts
 * for await (const events of historyPages({ sdk, client }, { executionArn, workflow, afterEventId: 40 })) show(events);
 * ```
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
 */
export async function* historyPages(
  reader: HistoryReader,
  request: HistoryRequest,
): AsyncGenerator<readonly HistoryPageEvent[], void, void> {
  const { afterEventId = 0 } = request;
  if (afterEventId > 0) {
    const { lookBack = request.pageSize } = request;
    const newest = await page(
      reader,
      { ...request, ...(lookBack !== undefined && { pageSize: lookBack }) },
      { reverseOrder: true },
    );
    const reachesBack = newest.nextToken === undefined || (newest.events.at(-1)?.id ?? 0) <= afterEventId + 1;
    if (reachesBack) {
      const events = newest.events.filter(({ id }) => id > afterEventId).reverse();
      if (events.length > 0) yield events;
      return;
    }
  }
  let nextToken: string | undefined;
  do {
    const next = await page(reader, request, { reverseOrder: false, nextToken });
    const events = next.events.filter(({ id }) => id > afterEventId);
    if (events.length > 0) yield events;
    ({ nextToken } = next);
  } while (nextToken !== undefined);
}

async function page(
  { sdk, client, budget = shared }: HistoryReader,
  request: HistoryRequest,
  { reverseOrder, nextToken }: { readonly reverseOrder: boolean; readonly nextToken?: string | undefined },
): Promise<{ readonly events: readonly HistoryPageEvent[]; readonly nextToken: string | undefined }> {
  const { executionArn, workflow, includeExecutionData = false, signal, patienceMs = DEFAULT_PATIENCE_MS } = request;
  const command = new sdk.GetExecutionHistoryCommand({
    executionArn,
    includeExecutionData,
    maxResults: request.pageSize ?? (includeExecutionData ? PAGE_WITH_DATA : MAX_PAGE),
    reverseOrder,
    ...(nextToken !== undefined && { nextToken }),
  });
  const ask = () => client.send(command, signal === undefined ? {} : { abortSignal: signal });
  try {
    const answer = await withinBudget(ask, { budget, patienceMs, signal });
    const events = (answer.events ?? []).filter((event): event is HistoryPageEvent => event.id !== undefined);
    return { events, nextToken: answer.nextToken };
  } catch (thrown) {
    signal?.throwIfAborted();
    throw workflowError({ name: workflow, arn: executionArn, action: ACTION }, thrown);
  }
}
