import { randomUUID } from 'node:crypto';
import { eachEntry, readEntries } from './batches';
import {
  attributesDigest,
  bodyDigest,
  messageBytes,
  readAttributes,
  readBody,
  readTraceHeader,
  type NewMessage,
  type StoredMessage,
} from './message';
import type { Queue, SentMessage } from './queue';
import { describeSettings } from './queue-settings';
import type { Queues } from './queues';
import { invalidParameter, missingParameter, prefixedError, SqsError } from './sqs-error';

/** One request of an action. */
export interface SqsRequest {
  readonly input: Readonly<Record<string, unknown>>;
  readonly queues: Queues;
  /** Where the client reached the endpoint: queues' URLs start with it, also behind a proxy. */
  readonly baseUrl: string;
  /** Who sends: the account, or the session's role. */
  readonly senderId: string;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

/** Answers an action: the members of its result. Throws {@link SqsError}. */
export type SqsAction = (request: SqsRequest) => object | Promise<object>;

const MAX_BATCH_BYTES = 1_048_576;

function numberIn(value: unknown, name: string, min: number, max: number): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidParameter(
    `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: ${name} must be >= ${min} and <= ${max}.`,
  );
}

/** 1 to 128 characters, as groups and deduplication IDs are. */
function nameIn(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value)) return value;
  throw invalidParameter(
    `Value ${JSON.stringify(value)} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
  );
}

function readMessage(input: Readonly<Record<string, unknown>>, senderId: string): NewMessage {
  return {
    body: readBody(input.MessageBody),
    attributes: readAttributes(input.MessageAttributes),
    traceHeader: readTraceHeader(input.MessageSystemAttributes),
    delaySeconds: numberIn(input.DelaySeconds, 'DelaySeconds', 0, 900),
    groupId: nameIn(input.MessageGroupId, 'MessageGroupId'),
    deduplicationId: nameIn(input.MessageDeduplicationId, 'MessageDeduplicationId'),
    senderId,
  };
}

function sentAnswer({ messageId, sequenceNumber, body, attributes }: SentMessage): object {
  const digest = attributesDigest(attributes);
  return {
    MessageId: messageId,
    MD5OfMessageBody: bodyDigest(body),
    ...(digest !== undefined && { MD5OfMessageAttributes: digest }),
    ...(sequenceNumber !== undefined && { SequenceNumber: sequenceNumber }),
  };
}

const sendMessage: SqsAction = ({ input, queues, senderId }) =>
  sentAnswer(queues.byUrl(input.QueueUrl).send(readMessage(input, senderId)));

const sendMessageBatch: SqsAction = ({ input, queues, senderId }) => {
  const queue = queues.byUrl(input.QueueUrl);
  const entries = readEntries(input.Entries, 'SendMessageBatchRequestEntry');
  const sizeOf = (entry: Record<string, unknown>): number =>
    messageBytes({
      body: typeof entry.MessageBody === 'string' ? entry.MessageBody : '',
      attributes: readAttributes(entry.MessageAttributes),
    });
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes > MAX_BATCH_BYTES) {
    throw prefixedError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
    );
  }
  return eachEntry(entries, (entry) => sentAnswer(queue.send(readMessage(entry, senderId))));
};

/** What SQS knows of a message; also what an event source mapping puts into its records. */
export function systemAttributes(message: StoredMessage): Record<string, string> {
  const { firstReceivedAt, deduplicationId, groupId, sequenceNumber, traceHeader, deadLetterSource } = message;
  const all: Record<string, string | undefined> = {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAt),
    SenderId: message.senderId,
    ApproximateFirstReceiveTimestamp: firstReceivedAt === undefined ? undefined : String(firstReceivedAt),
    MessageDeduplicationId: deduplicationId,
    MessageGroupId: groupId,
    SequenceNumber: sequenceNumber,
    AWSTraceHeader: traceHeader,
    DeadLetterQueueSourceArn: deadLetterSource,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The members of `values` that were asked for by name, by `All` or by `prefix.*`. */
function chosen<T>(values: Readonly<Record<string, T>>, asked: unknown): Record<string, T> | undefined {
  const names = Array.isArray(asked) ? asked.map(String) : [];
  const isChosen = (name: string): boolean =>
    names.some((wanted) =>
      wanted.endsWith('.*') ? name.startsWith(wanted.slice(0, -1)) : [name, 'All'].includes(wanted),
    );
  const found = Object.entries(values).filter(([name]) => isChosen(name));
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function receivedAnswer(message: StoredMessage, input: Readonly<Record<string, unknown>>): object {
  const system = [input.AttributeNames, input.MessageSystemAttributeNames].flatMap((names) =>
    Array.isArray(names) ? (names as unknown[]) : [],
  );
  const Attributes = chosen(systemAttributes(message), system);
  const MessageAttributes = chosen(message.attributes, input.MessageAttributeNames);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: bodyDigest(message.body),
    Body: message.body,
    ...(Attributes && { Attributes }),
    ...(MessageAttributes && { MessageAttributes, MD5OfMessageAttributes: attributesDigest(MessageAttributes) }),
  };
}

const receiveMessage: SqsAction = async ({ input, queues, signal }) => {
  const queue = queues.byUrl(input.QueueUrl);
  if (input.ReceiveRequestAttemptId !== undefined) {
    throw prefixedError('UnsupportedOperation', 'ReceiveRequestAttemptId is not known to the local queues.');
  }
  const request = {
    max: numberIn(input.MaxNumberOfMessages, 'MaxNumberOfMessages', 1, 10) ?? 1,
    visibilityTimeoutSeconds: numberIn(input.VisibilityTimeout, 'VisibilityTimeout', 0, 43_200),
    waitSeconds: numberIn(input.WaitTimeSeconds, 'WaitTimeSeconds', 0, 20),
  };
  const messages = await queues.receive(queue, request, signal);
  return messages.length === 0 ? {} : { Messages: messages.map((message) => receivedAnswer(message, input)) };
};

const deleteMessage: SqsAction = ({ input, queues }) => {
  queues.byUrl(input.QueueUrl).delete(input.ReceiptHandle);
  return {};
};

const deleteMessageBatch: SqsAction = ({ input, queues }) => {
  const queue = queues.byUrl(input.QueueUrl);
  return eachEntry(readEntries(input.Entries, 'DeleteMessageBatchRequestEntry'), ({ ReceiptHandle }) => {
    queue.delete(ReceiptHandle);
    return {};
  });
};

function changeVisibility(queue: Queue, input: Readonly<Record<string, unknown>>): object {
  const seconds = numberIn(input.VisibilityTimeout, 'VisibilityTimeout', 0, 43_200);
  if (seconds === undefined) throw missingParameter('VisibilityTimeout');
  queue.changeVisibility(input.ReceiptHandle, seconds);
  return {};
}

const changeVisibilityBatch: SqsAction = ({ input, queues }) => {
  const queue = queues.byUrl(input.QueueUrl);
  const entries = readEntries(input.Entries, 'ChangeMessageVisibilityBatchRequestEntry');
  return eachEntry(entries, (entry) => changeVisibility(queue, entry));
};

function describeQueue(queue: Queue): Record<string, string> {
  const { waiting, delayed, inFlight } = queue.counts();
  return {
    QueueArn: queue.arn,
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
    ApproximateNumberOfMessages: String(waiting),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ...describeSettings(queue.settings),
  };
}

const getQueueAttributes: SqsAction = ({ input, queues }) => {
  const Attributes = chosen(describeQueue(queues.byUrl(input.QueueUrl)), input.AttributeNames);
  return Attributes === undefined ? {} : { Attributes };
};

const listQueues: SqsAction = ({ input, queues, baseUrl }) => {
  const prefix = typeof input.QueueNamePrefix === 'string' ? input.QueueNamePrefix : '';
  const urls = queues.list().flatMap(({ name, path }) => (name.startsWith(prefix) ? [baseUrl + path] : []));
  return urls.length === 0 ? {} : { QueueUrls: urls };
};

/** Gives dead letters back to the queues that gave them up, or to the one that is named. */
const startMessageMoveTask: SqsAction = ({ input, queues }) => {
  const noSuchQueue = new SqsError(
    'ResourceNotFoundException',
    "The resource that you specified for the SourceArn parameter doesn't exist.",
  );
  const { SourceArn, DestinationArn } = input;
  const queueOf = (arn: unknown): Queue | undefined => (typeof arn === 'string' ? queues.findByArn(arn) : undefined);
  const [source, named] = [queueOf(SourceArn), queueOf(DestinationArn)];
  if (source === undefined || (DestinationArn !== undefined && named === undefined)) throw noSuchQueue;
  for (const message of source.giveAway()) {
    const target = named ?? queues.findByArn(message.deadLetterSource ?? '');
    // One that was sent here directly, and not given up elsewhere, has nowhere to go back to.
    if (target === undefined) source.take(message, undefined);
    else target.take(message, undefined);
  }
  return {
    TaskHandle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64'),
  };
};

const setQueueAttributes: SqsAction = ({ input, queues }) => {
  queues.set(queues.byUrl(input.QueueUrl), input.Attributes);
  return {};
};

/** The actions by name. Source: Amazon SQS API reference. */
export const SQS_ACTIONS: ReadonlyMap<string, SqsAction> = new Map<string, SqsAction>([
  ['ChangeMessageVisibility', ({ input, queues }) => changeVisibility(queues.byUrl(input.QueueUrl), input)],
  ['ChangeMessageVisibilityBatch', changeVisibilityBatch],
  [
    'CreateQueue',
    ({ input, queues, baseUrl }) => ({ QueueUrl: baseUrl + queues.create(input.QueueName, input.Attributes).path }),
  ],
  ['DeleteMessage', deleteMessage],
  ['DeleteMessageBatch', deleteMessageBatch],
  [
    'DeleteQueue',
    ({ input, queues }) => {
      queues.remove(queues.byUrl(input.QueueUrl));
      return {};
    },
  ],
  ['GetQueueAttributes', getQueueAttributes],
  ['GetQueueUrl', ({ input, queues, baseUrl }) => ({ QueueUrl: baseUrl + queues.byName(input.QueueName).path })],
  ['ListQueues', listQueues],
  [
    'PurgeQueue',
    ({ input, queues }) => {
      queues.byUrl(input.QueueUrl).purge();
      return {};
    },
  ],
  ['ReceiveMessage', receiveMessage],
  ['SendMessage', sendMessage],
  ['SendMessageBatch', sendMessageBatch],
  ['SetQueueAttributes', setQueueAttributes],
  ['StartMessageMoveTask', startMessageMoveTask],
]);
