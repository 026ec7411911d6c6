import { parseAmznTraceId } from '../correlation/trace';
import { bag, envelopeArrival, textOf, type Arrival, type Bag } from './piece';

/** A record of an SQS event, as an event source mapping sends it. */
export interface QueueRecord {
  readonly messageId: string;
  /** Records of one group are done one after the other, in their order; undefined in a standard queue. */
  readonly group: string | undefined;
  readonly arrival: Arrival;
}

/** What Lambda is told: which records come again. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const recordsIn = (event: Bag): readonly unknown[] => (Array.isArray(event.Records) ? event.Records : []);

/** Whether the event is a batch of SQS. */
export function isQueueEvent(event: Bag): boolean {
  const records = recordsIn(event);
  return records.length > 0 && records.every((record) => bag(record).eventSource === 'aws:sqs');
}

/** The records of a batch. */
export function readQueueEvent(event: Bag): readonly QueueRecord[] {
  return recordsIn(event).map((record) => {
    const { messageId, body, attributes, eventSourceARN } = bag(record);
    const { MessageGroupId, ApproximateReceiveCount, AWSTraceHeader } = bag(attributes);
    // A standard queue may name groups too, for fairness; it keeps no order.
    const isOrdered = textOf(eventSourceARN)?.endsWith('.fifo') === true;
    const deliveries = Number(ApproximateReceiveCount);
    const envelope = envelopeArrival('queue', parsed(body));
    const trace = envelope.trace ?? parseAmznTraceId(textOf(AWSTraceHeader));
    const id = String(messageId);
    return {
      messageId: id,
      group: isOrdered ? String(MessageGroupId) : undefined,
      arrival: { ...envelope, trace, messageId: id, ...(deliveries > 0 && { deliveries }) },
    };
  });
}

/** The body as JSON; one that is none is refused as an envelope that is none. */
function parsed(body: unknown): unknown {
  try {
    return JSON.parse(String(body));
  } catch {
    return undefined;
  }
}

/**
 * Does the records of a batch and says which must come again: those that failed, and in a FIFO queue those behind one of
 * their group that failed, which must not overtake it.
 *
 * @param concurrency how many are done at a time
 * @param run does one; throws where it failed
 * @throws Error where every record failed: Lambda then counts an error, and keeps the batch even where its event source
 *   mapping does not know partial failures
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export async function doBatch(
  records: readonly QueueRecord[],
  concurrency: number,
  run: (record: QueueRecord) => Promise<unknown>,
): Promise<BatchAnswer> {
  const failed = new Set<QueueRecord>();
  const lines = linesOf(records);
  const doLine = async (line: readonly QueueRecord[]): Promise<void> => {
    for (const [at, record] of line.entries()) {
      try {
        await run(record);
      } catch {
        // `run` has logged it. Those behind it stay in the queue as they are.
        for (const behind of line.slice(at)) failed.add(behind);
        return;
      }
    }
  };
  const worker = async (): Promise<void> => {
    for (let line = lines.shift(); line !== undefined; line = lines.shift()) await doLine(line);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, lines.length) }, worker));
  if (failed.size === records.length)
    throw new Error(`All ${records.length} records of the batch failed; see the log.`);
  const items = records.filter((record) => failed.has(record));
  return { batchItemFailures: items.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}

/** Records that must wait for each other stand in one line; all others stand alone. */
function linesOf(records: readonly QueueRecord[]): QueueRecord[][] {
  const byGroup = new Map<string, QueueRecord[]>();
  const lines: QueueRecord[][] = [];
  for (const record of records) {
    const known = record.group === undefined ? undefined : byGroup.get(record.group);
    if (known !== undefined) {
      known.push(record);
      continue;
    }
    const line = [record];
    lines.push(line);
    if (record.group !== undefined) byGroup.set(record.group, line);
  }
  return lines;
}
