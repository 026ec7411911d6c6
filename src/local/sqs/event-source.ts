import type { Logger } from '../../core/logger';
import { checkOptionNames, wholeNumber } from '../../core/options';
import { BatonError } from '../../core/errors';
import { withoutTokens } from '../without-tokens';
import { systemAttributes } from './actions';
import { failedItems } from './batch-answer';
import { attributesDigest, bodyDigest, type StoredMessage } from './message';
import type { Queue } from './queue';
import type { Queues } from './queues';

/** How a function ended: its answer, and whether it is an error. Throws where it could not be started at all. */
export type InvokeFunction = (
  name: string,
  event: object,
) => Promise<{ readonly payload: string; readonly failed: boolean }>;

/** What {@link startEventSource} is told; names and bounds are Lambda's. */
export interface EventSourceOptions {
  readonly queue: string;
  readonly functionName: string;
  /** 1 to 10,000; a FIFO queue takes 10 at most, and more than 10 need a batching window. Default 10. */
  readonly batchSize?: number;
  /** How long is waited until a batch is full, 0 to 300. Default 0. */
  readonly maximumBatchingWindowInSeconds?: number;
  /** Whether the function says which messages failed (`ReportBatchItemFailures`). Default false. */
  readonly reportBatchItemFailures?: boolean;
  /** Batches at a time, 2 to 1,000. Default 5. */
  readonly maximumConcurrency?: number;
}

/** What the mapping works with. */
export interface EventSourceParts {
  readonly queues: Queues;
  readonly region: string;
  readonly invoke: InvokeFunction;
  /** How long the function may take; the queue's visibility timeout must not be shorter. */
  readonly functionTimeoutSeconds: number;
  readonly logger?: Logger | undefined;
}

/** An event source mapping that runs. */
export interface EventSource {
  readonly counts: Readonly<{ batches: number; deleted: number; returned: number }>;
  /** Takes no further batch and waits for those that run. */
  stop(): Promise<void>;
}

const OWNER = 'startEventSource()';
const MAX_RECEIVE = 10;
const POLL_SECONDS = 20;

interface Mapping extends EventSourceParts {
  readonly queue: Queue;
  readonly functionName: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportsFailures: boolean;
  readonly signal: AbortSignal;
  readonly counts: { batches: number; deleted: number; returned: number };
}

function checkMapping({ queue, batchSize, windowSeconds, functionTimeoutSeconds, functionName }: Mapping): void {
  const invalid = (text: string): BatonError => new BatonError('option_invalid', `${OWNER}: ${text}`);
  const { isFifo, visibilityTimeoutSeconds } = queue.settings;
  if (isFifo && batchSize > MAX_RECEIVE) throw invalid('a FIFO queue gives batches of 10 at most.');
  if (isFifo && windowSeconds > 0) throw invalid('a FIFO queue takes no batching window.');
  if (batchSize > MAX_RECEIVE && windowSeconds < 1)
    throw invalid('more than 10 messages need a batching window of 1 s.');
  if (visibilityTimeoutSeconds < functionTimeoutSeconds) {
    throw invalid(
      `Queue visibility timeout: ${visibilityTimeoutSeconds} seconds is less than Function timeout: ${functionTimeoutSeconds} seconds (queue "${queue.name}", function "${functionName}").`,
    );
  }
}

/** A batch: what is there, up to its size, or what comes within the window. */
async function nextBatch({ queues, queue, batchSize, windowSeconds, signal }: Mapping): Promise<StoredMessage[]> {
  const receive = (wanted: number, waitSeconds: number): Promise<StoredMessage[]> =>
    queues.receive(queue, { max: Math.min(MAX_RECEIVE, wanted), waitSeconds }, signal);
  const batch = await receive(batchSize, POLL_SECONDS);
  const deadline = performance.now() + windowSeconds * 1000;
  while (batch.length > 0 && batch.length < batchSize && !signal.aborted) {
    const remainingSeconds = (deadline - performance.now()) / 1000;
    if (remainingSeconds <= 0) break;
    batch.push(...(await receive(batchSize - batch.length, remainingSeconds)));
  }
  return batch;
}

/** A record as Lambda hands it to the function. Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS". */
function recordOf(message: StoredMessage, queue: Queue, region: string): object {
  const attributes = Object.entries(message.attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
    name,
    {
      ...(StringValue !== undefined && { stringValue: StringValue }),
      ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
      stringListValues: [],
      binaryListValues: [],
      dataType: DataType,
    },
  ]);
  const digest = attributesDigest(message.attributes);
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: systemAttributes(message),
    messageAttributes: Object.fromEntries(attributes) as object,
    md5OfBody: bodyDigest(message.body),
    ...(digest !== undefined && { md5OfMessageAttributes: digest }),
    eventSource: 'aws:sqs',
    eventSourceARN: queue.arn,
    awsRegion: region,
  };
}

/** Hands a batch to the function; what is done is deleted, all else comes back when its visibility timeout ends. */
async function deliver(mapping: Mapping, batch: readonly StoredMessage[]): Promise<void> {
  const { queue, region, functionName, invoke, reportsFailures, counts, logger } = mapping;
  counts.batches += 1;
  let failed: ReadonlySet<string> | 'all' = 'all';
  try {
    const Records = batch.map((message) => recordOf(message, queue, region));
    const result = await invoke(functionName, { Records });
    const ids = batch.map(({ messageId }) => messageId);
    if (!result.failed) failed = reportsFailures ? failedItems(result.payload, ids) : new Set();
  } catch (error) {
    if (!mapping.signal.aborted)
      logger?.warn(`The queue "${queue.name}" could not reach "${functionName}": ${withoutTokens(String(error))}`);
  }
  for (const { messageId, receiptHandle } of batch) {
    if (failed === 'all' || failed.has(messageId)) {
      counts.returned += 1;
      continue;
    }
    try {
      queue.delete(receiptHandle);
      counts.deleted += 1;
    } catch {
      // A FIFO queue whose visibility timeout ended meanwhile: the message comes again, as it does in AWS.
      counts.returned += 1;
    }
  }
}

async function poll(mapping: Mapping): Promise<void> {
  while (!mapping.signal.aborted) {
    const batch = await nextBatch(mapping);
    // Once it is being stopped no further batch goes to a function; what was received comes back by itself.
    if (batch.length > 0 && !mapping.signal.aborted) await deliver(mapping, batch);
  }
}

/**
 * Feeds a function from a queue, as an event source mapping of Lambda does: batches, partial failures, and messages that
 * come back until the queue gives them up.
 *
 * Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS".
 *
 * @throws BatonError `option_invalid`, `option_unknown`
 */
export function startEventSource(options: EventSourceOptions, parts: EventSourceParts): EventSource {
  checkOptionNames(OWNER, options, {
    queue: true,
    functionName: true,
    batchSize: true,
    maximumBatchingWindowInSeconds: true,
    reportBatchItemFailures: true,
    maximumConcurrency: true,
  });
  const number = (
    name: 'batchSize' | 'maximumBatchingWindowInSeconds' | 'maximumConcurrency',
    limits: [number, number, number],
  ): number => wholeNumber(OWNER, name, options[name], { fallback: limits[0], min: limits[1], max: limits[2] });
  const stopping = new AbortController();
  const mapping: Mapping = {
    ...parts,
    queue: queueNamed(parts.queues, options.queue),
    functionName: options.functionName,
    batchSize: number('batchSize', [10, 1, 10_000]),
    windowSeconds: number('maximumBatchingWindowInSeconds', [0, 0, 300]),
    reportsFailures: options.reportBatchItemFailures ?? false,
    signal: stopping.signal,
    counts: { batches: 0, deleted: 0, returned: 0 },
  };
  const pollers = number('maximumConcurrency', [5, 2, 1000]);
  checkMapping(mapping);
  const running = Array.from({ length: pollers }, () => poll(mapping));
  return {
    counts: mapping.counts,
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function queueNamed(queues: Queues, name: string): Queue {
  const queue = queues.list().find((candidate) => candidate.name === name);
  if (queue === undefined) throw new BatonError('option_invalid', `${OWNER}: there is no queue "${name}".`);
  return queue;
}
