import { randomUUID } from 'node:crypto';
import { runInContext } from '../../context/storage';
import type { Clock } from '../../core/clock';
import type { ErrorCode } from '../../core/error-codes';
import { asBatonError, type BatonError } from '../../core/errors';
import type { RequestContext } from '../../core/request-context';
import { isCorrelationId, newCorrelationId } from '../../correlation/correlation-id';
import type { Sinks } from '../../logging/sinks';
import type { ClockWatch } from './clock-watch';
import type { OutboxDatabase } from './database';
import type { Deliver } from './deliver-one';
import { clockBehindMs } from './insert';
import {
  FORGET_AT_A_TIME,
  forgetDelivered,
  isAnyDue,
  leaseWork,
  markDead,
  markDelivered,
  markFailed,
  MAX_BACKOFF_MS,
  releaseAll,
} from './leases';
import { Outages } from './outages';
import type { LeasedWork } from './work';
import type { Change, OutboxWriter } from './writer';

/** A process's own worker. */
export interface Delivery {
  /** Takes no more work, and ends when what is under way has ended. Comes by itself when the server drains. */
  stop(): Promise<void>;
}

/** What a worker works with. */
export interface DeliverySettings {
  readonly database: OutboxDatabase;
  readonly writer: OutboxWriter;
  readonly deliver: Deliver;
  readonly sinks: Sinks;
  readonly clock: Clock;
  readonly clockWatch: ClockWatch;
  /** How many pieces are under way at a time. */
  readonly concurrency: number;
  /** How often it is looked for work that others left, or that is due again. */
  readonly pollMs: number;
  /** How long the keys of what was delivered are remembered. */
  readonly rememberMs: number;
}

const FIRST_BACKOFF_MS = 1000;
const FORGET_EVERY_MS = 60_000;

/** What will not become better by itself: it is kept for somebody to look at. All else is tried until the deadline. */
const HOPELESS: readonly ErrorCode[] = [
  'work_expired',
  'token_invalid',
  'permission_denied',
  'function_unknown',
  'payload_too_large',
  'payload_invalid',
];

/** Twice as long after each attempt, and never quite as long as the next process waits. */
function backoffMs(attempts: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempts, 10)) * (0.5 + Math.random() / 2);
}

/**
 * Delivers what waits, as long as the process runs. Several processes may do so beside each other: each takes work under
 * a lease, and what one that was killed had taken is free again when the lease has run out.
 */
export class DeliveryWorker implements Delivery {
  readonly #settings: DeliverySettings;
  readonly #owner = randomUUID();
  readonly #underWay = new Set<Promise<void>>();
  readonly #outages: Outages;
  #stopped = false;
  #isToldOfFault = false;
  #forgetAt = 0;
  #wake: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(settings: DeliverySettings) {
    this.#settings = settings;
    this.#outages = new Outages(settings.clock);
    this.#ended = this.#run();
  }

  /** There is something new: looks at once. */
  wake(): void {
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#ended;
    await Promise.all(this.#underWay);
    await this.#settings.writer.write(releaseAll(this.#owner)).catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const taken = await this.#take();
      for (const work of taken) this.#start(work);
      // With a full hand there may be more at once; else something has to happen first.
      if (!this.#stopped && (taken.length === 0 || this.#room() === 0)) await this.#somethingNew();
    }
  }

  #room(): number {
    return this.#settings.concurrency - this.#underWay.size;
  }

  /** Never rejects: a disk that is full or busy now is looked at again. */
  async #take(): Promise<LeasedWork[]> {
    const { database, writer, clock, clockWatch, sinks } = this.#settings;
    if (this.#room() === 0) return [];
    const now = clock();
    const request = { owner: this.#owner, now, limit: this.#room(), exceptFunctions: this.#outages.closed() };
    try {
      clockWatch.note(clockBehindMs(database, now), sinks.logger);
      await this.#forget(now);
      const taken = isAnyDue(database, request) ? await writer.write(leaseWork(request)) : [];
      this.#isToldOfFault = false;
      return taken;
    } catch (thrown) {
      const error = asBatonError(thrown);
      if (!this.#isToldOfFault) sinks.logger.error(error.message, { type: 'outbox', code: error.code, error });
      this.#isToldOfFault = true;
      return [];
    }
  }

  async #forget(now: number): Promise<void> {
    if (now < this.#forgetAt && this.#forgetAt <= now + FORGET_EVERY_MS) return;
    this.#forgetAt = now + FORGET_EVERY_MS;
    const { writer, rememberMs } = this.#settings;
    while ((await writer.write(forgetDelivered(now - rememberMs))) === FORGET_AT_A_TIME);
  }

  #start(work: LeasedWork): void {
    const { sinks } = this.#settings;
    const context = contextOf(work);
    const ending = runInContext({ context, ...sinks }, () => this.#bring(work)).finally(() => {
      this.#underWay.delete(ending);
      this.#wake();
    });
    this.#underWay.add(ending);
  }

  /** Brings one piece of work to an end, for this time. Never rejects. */
  async #bring(work: LeasedWork): Promise<void> {
    let error: BatonError | undefined;
    try {
      await this.#settings.deliver(work);
    } catch (thrown) {
      error = asBatonError(thrown);
    }
    const now = this.#settings.clock();
    if (error === undefined) this.#outages.answered(work.function);
    else this.#outages.failed(work.function, error.code);
    const isHopeless = error !== undefined && HOPELESS.includes(error.code);
    if (error === undefined) await this.#mark(work, 'delivered', markDelivered(work.id, this.#owner, now));
    else if (isHopeless) await this.#mark(work, 'dead', markDead(work.id, this.#owner, error.code, now), error);
    else {
      const nextAttemptAt = Math.round(now + backoffMs(work.attempts));
      await this.#mark(work, 'failed', markFailed(work.id, this.#owner, error.code, nextAttemptAt), error);
    }
  }

  /** What cannot be written down is done again when the lease has run out: under the same key. */
  async #mark(work: LeasedWork, outcome: string, change: Change<boolean>, error?: BatonError): Promise<void> {
    const { logger } = this.#settings.sinks;
    const fields = { type: 'outbox', function: work.function, workId: work.id, outcome, attempts: work.attempts + 1 };
    const why = error && { code: error.code, ...(error.reason !== undefined && { reason: error.reason }), error };
    try {
      const isOurs = await this.#settings.writer.write(change);
      if (!isOurs) logger.warn('Left work ended after its lease', fields);
      else if (outcome === 'delivered') logger.info('Left work was delivered', fields);
      else logger[outcome === 'dead' ? 'error' : 'warn'](error?.message ?? outcome, { ...fields, ...why });
    } catch (thrown) {
      const { code, message } = asBatonError(thrown);
      logger.error(`What became of left work could not be written down; it will be delivered again: ${message}`, {
        ...fields,
        code,
        error: thrown,
      });
    }
  }

  /** Ends when somebody leaves work here, when something under way has ended, or when it is time for a look. */
  #somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      // A little more or less: processes that started together must not look together for ever.
      const timer = setTimeout(resolve, this.#settings.pollMs * (0.75 + Math.random() / 2)).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Neither is under the seal, since nothing is decided by them: what is no correlation ID or no trace is left out. */
function contextOf({ correlationId, trace }: LeasedWork): RequestContext {
  return Object.freeze({
    correlationId: isCorrelationId(correlationId) ? correlationId : newCorrelationId(),
    ...(trace === null ? {} : traceOf(trace)),
  });
}

function traceOf(trace: string): Pick<RequestContext, 'traceId' | 'sampled'> {
  try {
    const { traceId, sampled } = JSON.parse(trace) as Record<string, unknown>;
    if (typeof traceId !== 'string' || !/^[0-9a-f]{32}$/.test(traceId)) return {};
    return { traceId, ...(typeof sampled === 'boolean' && { sampled }) };
  } catch {
    return {};
  }
}
