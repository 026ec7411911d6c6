import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock';
import { messageBytes, type NewMessage, type StoredMessage } from './message';
import type { QueueSettings } from './queue-settings';
import { invalidParameter, missingParameter, prefixedError, SqsError } from './sqs-error';

/** So many messages can be received and not yet deleted. Source: Amazon SQS developer guide, "Amazon SQS message quotas". */
const MAX_IN_FLIGHT = 120_000;
/** So long a FIFO queue knows a deduplication ID. */
const DEDUPLICATION_MS = 5 * 60_000;

/** What a send gives back. */
export type SentMessage = Pick<StoredMessage, 'messageId' | 'sequenceNumber' | 'body' | 'attributes'>;

/** A queue: its messages in the order in which they came, and who has one in hand until when. */
export class Queue {
  readonly name: string;
  readonly arn: string;
  /** Account and name: what a queue's URL ends in. */
  readonly path: string;
  readonly createdAt: number;
  modifiedAt: number;
  #settings: QueueSettings;
  readonly #clock: Clock;
  readonly #messages = new Map<string, StoredMessage>();
  /** What was sent with a deduplication ID, and when; the oldest first. */
  readonly #deduplicated = new Map<string, { readonly sentAt: number; readonly sent: SentMessage }>();
  readonly #arrivals = new Set<() => void>();
  #sequence = 0n;

  constructor(facts: Pick<Queue, 'name' | 'arn' | 'path' | 'settings'>, clock: Clock) {
    this.name = facts.name;
    this.arn = facts.arn;
    this.path = facts.path;
    this.#settings = facts.settings;
    this.#clock = clock;
    this.createdAt = clock();
    this.modifiedAt = this.createdAt;
  }

  get settings(): QueueSettings {
    return this.#settings;
  }

  set settings(settings: QueueSettings) {
    this.#settings = settings;
    this.modifiedAt = this.#clock();
  }

  /** Takes a message. @throws SqsError as SQS refuses it */
  send(message: NewMessage): SentMessage {
    const { maxMessageBytes, isFifo } = this.settings;
    if (messageBytes(message) > maxMessageBytes) {
      throw invalidParameter(
        `One or more parameters are invalid. Reason: Message must be shorter than ${maxMessageBytes} bytes.`,
      );
    }
    if (!isFifo) {
      if (message.deduplicationId !== undefined) {
        throw invalidParameter(
          'The request include parameter that is not valid for this queue type: MessageDeduplicationId',
        );
      }
      return this.#store(message, undefined);
    }
    if (message.groupId === undefined) throw missingParameter('MessageGroupId');
    if (message.delaySeconds !== undefined && message.delaySeconds !== 0) {
      throw invalidParameter(
        `Value ${message.delaySeconds} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.`,
      );
    }
    return this.#sendOnce(message);
  }

  #sendOnce(message: NewMessage): SentMessage {
    const contentId = (): string => createHash('sha256').update(message.body).digest('hex');
    const id = message.deduplicationId ?? (this.settings.contentBasedDeduplication ? contentId() : undefined);
    if (id === undefined) {
      throw invalidParameter(
        'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
      );
    }
    const now = this.#clock();
    for (const [known, { sentAt }] of this.#deduplicated) {
      if (now - sentAt < DEDUPLICATION_MS) break;
      this.#deduplicated.delete(known);
    }
    const before = this.#deduplicated.get(id);
    if (before !== undefined) return before.sent;
    this.#sequence += 1n;
    // Twenty digits that grow, as in AWS.
    const sequenceNumber = String(18_000_000_000_000_000_000n + this.#sequence);
    const sent = this.#store({ ...message, deduplicationId: id }, sequenceNumber);
    this.#deduplicated.set(id, { sentAt: now, sent });
    return sent;
  }

  #store(message: NewMessage, sequenceNumber: string | undefined): SentMessage {
    const sentAt = this.#clock();
    const messageId = randomUUID();
    this.#messages.set(messageId, {
      ...message,
      messageId,
      sentAt,
      sequenceNumber,
      visibleAt: sentAt + (message.delaySeconds ?? this.settings.delaySeconds) * 1000,
      receiveCount: 0,
      firstReceivedAt: undefined,
      receiptHandle: undefined,
      deadLetterSource: undefined,
    });
    this.#tellArrival();
    return { messageId, sequenceNumber, body: message.body, attributes: message.attributes };
  }

  /** Takes a message that another queue gave up or gives back; it can be received at once. */
  take(message: StoredMessage, deadLetterSource: string | undefined): void {
    const fresh = { visibleAt: 0, receiveCount: 0, firstReceivedAt: undefined, receiptHandle: undefined };
    this.#messages.set(message.messageId, { ...message, ...fresh, deadLetterSource });
    this.#tellArrival();
  }

  /** Gives all messages away that nobody has in hand. */
  giveAway(): StoredMessage[] {
    const given = [...this.#waiting()];
    for (const { messageId } of given) this.#messages.delete(messageId);
    return given;
  }

  /**
   * Messages that can be received now; they are in the receiver's hands until the visibility timeout ends.
   * @param deadLetters where what was received too often goes; without it, as in AWS, it stays
   */
  receive(max: number, visibilityTimeoutSeconds: number | undefined, deadLetters: Queue | undefined): StoredMessage[] {
    const now = this.#clock();
    const received: StoredMessage[] = [];
    const visibleAt = now + (visibilityTimeoutSeconds ?? this.settings.visibilityTimeoutSeconds) * 1000;
    for (const message of this.#waiting()) {
      if (received.length === max) break;
      if (deadLetters !== undefined && message.receiveCount >= (this.settings.redrive?.maxReceiveCount ?? Infinity)) {
        this.#messages.delete(message.messageId);
        deadLetters.take(message, this.arn);
        continue;
      }
      received.push(message);
    }
    // Counted only where there can be so many: a count looks at every message.
    if (this.#messages.size > MAX_IN_FLIGHT && this.counts().inFlight + received.length > MAX_IN_FLIGHT) {
      throw new SqsError('OverLimit', 'Too many messages are in flight.', { status: 403 });
    }
    for (const message of received) {
      message.visibleAt = visibleAt;
      message.receiveCount += 1;
      message.firstReceivedAt ??= now;
      message.receiptHandle = this.#newHandle(message.messageId);
    }
    return received;
  }

  /** What nobody has in hand, in order; of a FIFO queue's group nothing, while one of its messages is in hand or delayed. */
  *#waiting(): Generator<StoredMessage> {
    const now = this.#clock();
    const held = new Set<string>();
    for (const message of this.#messages.values()) {
      if (now - message.sentAt >= this.settings.retentionSeconds * 1000) {
        this.#messages.delete(message.messageId);
        continue;
      }
      const group = this.settings.isFifo ? message.groupId : undefined;
      if (group !== undefined && held.has(group)) continue;
      if (message.visibleAt <= now) yield message;
      else if (group !== undefined) held.add(group);
    }
  }

  #newHandle(messageId: string): string {
    return Buffer.from(JSON.stringify([this.name, messageId, randomBytes(12).toString('base64')])).toString('base64');
  }

  /** Takes a message out. An older handle than the last one, or a message that is gone, changes nothing. */
  delete(handle: unknown): void {
    const message = this.#byHandle(handle);
    if (message === undefined) return;
    if (this.settings.isFifo && message.visibleAt <= this.#clock()) {
      const reason = 'The receipt handle has expired.';
      throw invalidParameter(`Value ${String(handle)} for parameter ReceiptHandle is invalid. Reason: ${reason}`);
    }
    this.#messages.delete(message.messageId);
    this.#tellArrival();
  }

  /** Keeps a message longer in hand, or lets it go at once (0). */
  changeVisibility(handle: unknown, seconds: number): void {
    const message = this.#byHandle(handle);
    const now = this.#clock();
    if (message === undefined || message.visibleAt <= now) {
      const text = `Value ${String(handle)} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`;
      throw message === undefined ? invalidParameter(text) : prefixedError('MessageNotInflight', text);
    }
    message.visibleAt = now + seconds * 1000;
    this.#tellArrival();
  }

  #byHandle(handle: unknown): StoredMessage | undefined {
    const invalid = new SqsError('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
    if (typeof handle !== 'string') throw missingParameter('ReceiptHandle');
    let parts: unknown;
    try {
      parts = JSON.parse(Buffer.from(handle, 'base64').toString('utf8'));
    } catch {
      throw invalid;
    }
    const [name, messageId] = Array.isArray(parts) ? (parts as unknown[]) : [];
    if (name !== this.name || typeof messageId !== 'string') throw invalid;
    const message = this.#messages.get(messageId);
    return message?.receiptHandle === handle ? message : undefined;
  }

  /** Takes everything out. */
  purge(): void {
    this.#messages.clear();
  }

  /** How many messages wait, are delayed, and are in somebody's hands. */
  counts(): { readonly waiting: number; readonly delayed: number; readonly inFlight: number } {
    const now = this.#clock();
    const counts = { waiting: 0, delayed: 0, inFlight: 0 };
    for (const { visibleAt, receiptHandle } of this.#messages.values()) {
      counts[visibleAt <= now ? 'waiting' : receiptHandle === undefined ? 'delayed' : 'inFlight'] += 1;
    }
    return counts;
  }

  /** The time at which the next message comes back or becomes due, whoever may have it then. */
  nextVisibleAt(): number | undefined {
    let next: number | undefined;
    const now = this.#clock();
    for (const { visibleAt } of this.#messages.values()) {
      if (visibleAt > now && (next === undefined || visibleAt < next)) next = visibleAt;
    }
    return next;
  }

  /** Tells `listener` when there may be something new to receive; gives what ends that. */
  onArrival(listener: () => void): () => void {
    this.#arrivals.add(listener);
    return () => this.#arrivals.delete(listener);
  }

  #tellArrival(): void {
    for (const listener of [...this.#arrivals]) listener();
  }
}
