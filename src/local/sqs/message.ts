import { createHash } from 'node:crypto';
import { isRecord } from '../is-record';
import { invalidParameter, SqsError } from './sqs-error';

/** An attribute that the sender put beside the body. Binary values are base64. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

/** What a sender hands over. */
export interface NewMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly traceHeader: string | undefined;
  /** Default: the queue's. */
  readonly delaySeconds: number | undefined;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly senderId: string;
}

/** A message in a queue. */
export interface StoredMessage extends NewMessage {
  readonly messageId: string;
  readonly sentAt: number;
  /** Only in FIFO queues. */
  readonly sequenceNumber: string | undefined;
  /** Milliseconds since the epoch from which it can be received. */
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  /** The handle of the last receive; none while it waits. */
  receiptHandle: string | undefined;
  /** ARN of the queue that gave it up. */
  deadLetterSource: string | undefined;
}

const md5 = (data: string | Buffer): string => createHash('md5').update(data).digest('hex');

/** The checksum that the SDK compares. */
export function bodyDigest(body: string): string {
  return md5(body);
}

/**
 * The checksum of message attributes, each name, type and value with its length before it.
 * Source: Amazon SQS developer guide, "Calculating the MD5 message digest for message attributes".
 *
 * @returns undefined where there are none
 */
export function attributesDigest(attributes: Readonly<Record<string, MessageAttribute>>): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const sized = (data: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return [length, data];
  };
  const parts = names.flatMap((name) => {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    const isText = StringValue !== undefined;
    const value = isText ? Buffer.from(StringValue) : Buffer.from(BinaryValue ?? '', 'base64');
    return [...sized(Buffer.from(name)), ...sized(Buffer.from(DataType)), Buffer.of(isText ? 1 : 2), ...sized(value)];
  });
  return md5(Buffer.concat(parts));
}

/** What a message counts against the limit: body, and names, types and values of its attributes. */
export function messageBytes({ body, attributes }: Pick<NewMessage, 'body' | 'attributes'>): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue ?? '');
    bytes += Buffer.from(BinaryValue ?? '', 'base64').length;
  }
  return bytes;
}

/** What XML 1.0 allows; SQS takes no other characters. */
const FORBIDDEN = /[^\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

/**
 * The body of a send.
 * @throws SqsError `MissingParameter`, `InvalidMessageContents`
 */
export function readBody(given: unknown): string {
  if (typeof given !== 'string' || given === '') {
    throw new SqsError('MissingParameter', 'The request must contain the parameter MessageBody.');
  }
  if (FORBIDDEN.test(given)) {
    throw new SqsError('InvalidMessageContents', 'Invalid characters in the message body: not all are allowed in XML.');
  }
  return given;
}

const MAX_ATTRIBUTES = 10;
const ATTRIBUTE_NAME = /^(?!aws\.|amazon\.)[\w-]+(?:\.[\w-]+)*$/i;

/**
 * The attributes of a send.
 * @throws SqsError `InvalidParameterValue`
 */
export function readAttributes(given: unknown): Readonly<Record<string, MessageAttribute>> {
  if (given === undefined || given === null) return {};
  if (!isRecord(given)) throw invalidParameter('MessageAttributes must be a map.');
  const entries = Object.entries(given);
  if (entries.length > MAX_ATTRIBUTES) {
    throw invalidParameter(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, readAttribute(name, value)]));
}

function readAttribute(name: string, given: unknown): MessageAttribute {
  if (!ATTRIBUTE_NAME.test(name) || name.length > 256) {
    throw invalidParameter(`The message attribute name '${name}' is invalid.`);
  }
  const { DataType, StringValue, BinaryValue } = isRecord(given) ? given : {};
  const kind = typeof DataType === 'string' ? /^(String|Number|Binary)(?:\..+)?$/.exec(DataType)?.[1] : undefined;
  if (kind === undefined) {
    throw invalidParameter(`The message attribute '${name}' has an invalid message attribute type.`);
  }
  const value = kind === 'Binary' ? BinaryValue : StringValue;
  if (typeof value !== 'string' || value === '') {
    throw invalidParameter(`The message attribute '${name}' must contain a non-empty message attribute value.`);
  }
  if (kind === 'Number' && !Number.isFinite(Number(value))) {
    throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  }
  return { DataType: String(DataType), ...(kind === 'Binary' ? { BinaryValue: value } : { StringValue: value }) };
}

/**
 * The trace header, the only system attribute that a sender can set.
 * @throws SqsError `InvalidParameterValue`
 */
export function readTraceHeader(given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  const names = isRecord(given) ? Object.keys(given) : [];
  const header = isRecord(given) && isRecord(given.AWSTraceHeader) ? given.AWSTraceHeader.StringValue : undefined;
  if (names.some((name) => name !== 'AWSTraceHeader') || typeof header !== 'string') {
    throw invalidParameter('MessageSystemAttributes takes AWSTraceHeader of type String, and nothing else.');
  }
  return header;
}
