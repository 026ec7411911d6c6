import type { Clock } from '../../core/clock';
import type { StoredMessage } from './message';
import { Queue } from './queue';
import { DEFAULT_SETTINGS, readSettings } from './queue-settings';
import { invalidParameter, prefixedError, SqsError } from './sqs-error';

/** What a receiver asks for. */
export interface ReceiveRequest {
  /** 1 to 10. */
  readonly max: number;
  /** Default: the queue's. */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** How long to wait for the first message. Default: the queue's. */
  readonly waitSeconds?: number | undefined;
}

/** Where the queues are. */
export interface QueuesPlace {
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
}

/** The queues of an account in one region. */
export class Queues {
  readonly #queues = new Map<string, Queue>();
  readonly #place: QueuesPlace;

  constructor(place: QueuesPlace) {
    this.#place = place;
  }

  /** Makes a queue; one that is there already and is set the same way is given back. @throws SqsError */
  create(name: unknown, attributes: unknown): Queue {
    const isFifo = typeof name === 'string' && name.endsWith('.fifo');
    if (typeof name !== 'string' || !/^[\w-]{1,80}$/.test(isFifo ? name.slice(0, -5) : name) || name.length > 80) {
      throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    }
    const settings = readSettings(attributes, DEFAULT_SETTINGS);
    if (settings.isFifo !== isFifo) {
      throw invalidParameter(
        'The name of a FIFO queue ends in .fifo, and no other name does: see the attribute FifoQueue.',
      );
    }
    if (!isFifo && settings.contentBasedDeduplication) {
      throw new SqsError('InvalidAttributeName', 'Unknown Attribute ContentBasedDeduplication.');
    }
    this.#checkRedrive(settings.redrive?.deadLetterTargetArn, isFifo);
    const before = this.#queues.get(name);
    if (before !== undefined) {
      if (JSON.stringify(readSettings(attributes, before.settings)) === JSON.stringify(before.settings)) return before;
      throw new SqsError('QueueNameExists', 'The specified queue already exists.', { code: 'QueueAlreadyExists' });
    }
    const { accountId, region, clock } = this.#place;
    const arn = `arn:aws:sqs:${region}:${accountId}:${name}`;
    const queue = new Queue({ name, arn, path: `/${accountId}/${name}`, settings }, clock);
    this.#queues.set(name, queue);
    return queue;
  }

  /** Sets a queue anew. @throws SqsError */
  set(queue: Queue, attributes: unknown): void {
    const settings = readSettings(attributes, queue.settings);
    if (settings.isFifo !== queue.settings.isFifo) {
      throw new SqsError('InvalidAttributeName', 'The attribute FifoQueue cannot be changed.');
    }
    this.#checkRedrive(settings.redrive?.deadLetterTargetArn, settings.isFifo);
    queue.settings = settings;
  }

  /** The queue for dead letters must be there, and of the same kind. */
  #checkRedrive(arn: string | undefined, isFifo: boolean): void {
    if (arn === undefined || this.findByArn(arn)?.settings.isFifo === isFifo) return;
    throw invalidParameter(
      `Value ${arn} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist or is of the other type.`,
    );
  }

  /** @throws SqsError `QueueDoesNotExist` */
  byName(name: unknown): Queue {
    const queue = typeof name === 'string' ? this.#queues.get(name) : undefined;
    if (queue !== undefined) return queue;
    throw prefixedError('QueueDoesNotExist', 'The specified queue does not exist.', 'NonExistentQueue');
  }

  /** The queue at a URL: account and name count, whatever host the client came by. @throws SqsError `QueueDoesNotExist` */
  byUrl(url: unknown): Queue {
    const [, account, name] = /\/(\d{12})\/([\w.-]+)$/.exec(String(url)) ?? [];
    return this.byName(account === this.#place.accountId ? name : undefined);
  }

  /** The queue with an ARN, where there is one. */
  findByArn(arn: string): Queue | undefined {
    return [...this.#queues.values()].find((queue) => queue.arn === arn);
  }

  /** All of them, by name. */
  list(): readonly Queue[] {
    return [...this.#queues.values()];
  }

  /** Takes a queue away with all that is in it. */
  remove(queue: Queue): void {
    this.#queues.delete(queue.name);
  }

  /**
   * Receives from a queue, and waits for the first message if that is asked for. What was received too often goes to the
   * queue for dead letters.
   */
  async receive(queue: Queue, request: ReceiveRequest, signal: AbortSignal): Promise<StoredMessage[]> {
    const { max, visibilityTimeoutSeconds, waitSeconds = queue.settings.receiveWaitSeconds } = request;
    // How long somebody waits is counted by the machine, whatever the queues' clock says.
    const deadline = performance.now() + waitSeconds * 1000;
    // A receiver that is gone must not take messages with it.
    while (!signal.aborted) {
      const deadLetters = this.findByArn(queue.settings.redrive?.deadLetterTargetArn ?? '');
      const received = queue.receive(max, visibilityTimeoutSeconds, deadLetters);
      const remainingMs = deadline - performance.now();
      if (received.length > 0 || remainingMs <= 0) return received;
      await this.#arrival(queue, remainingMs, signal);
    }
    return [];
  }

  /** Waits until something may have arrived or come back, the time is up, or the receiver is gone. */
  #arrival(queue: Queue, remainingMs: number, signal: AbortSignal): Promise<void> {
    const next = queue.nextVisibleAt();
    const untilNextMs = next === undefined ? Infinity : next - this.#place.clock();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        stopListening();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(1, Math.min(remainingMs, untilNextMs)));
      const stopListening = queue.onArrival(end);
      signal.addEventListener('abort', end);
    });
  }
}
