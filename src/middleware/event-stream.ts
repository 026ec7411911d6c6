import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { asBatonError, BatonError } from '../core/errors';
import { problemDocument } from '../core/problem';
import { onDraining } from '../core/process-hooks';
import type { Timers } from '../core/timers';
import type { WorkflowEvents } from '../workflows/follow';
import type { WorkflowEvent } from '../workflows/run-event';
import type { HttpRequest } from './http';
import { requireRecord } from './record';

/** How a stream of events is sent. */
export interface EventStreamTerms {
  /** The answer ends after so long; the client asks again, behind the last event that it has. */
  readonly lifeMs: number;
  readonly timers: Timers;
}

/** The event that a client has last, which browsers send where they ask again. */
export function lastEventIdOf({ headers }: HttpRequest): number {
  const { 'last-event-id': last = '' } = headers;
  if (last === '') return 0;
  if (typeof last === 'string' && /^\d{1,9}$/.test(last)) return Number(last);
  const problems = [{ pointer: '', message: 'Last-Event-ID must be the number of an event' }];
  throw new BatonError('input_invalid', 'The header Last-Event-ID is none that was given out.', { problems });
}

/** A sign of life after so much silence: less than any host or gateway on the way waits. */
const HEARTBEAT_MS = 10_000;
/** So long a client may take for what was sent before the end; then it reads no more, and nobody waits for it. */
const GRACE_MS = 10_000;
/** When the client asks again after an end that was none of the run's. */
const RETRY_MS = 1000;

/**
 * Against whatever would hold events back: `no-transform` is for middleware that compresses, `X-Accel-Buffering` for proxies
 * of nginx's kind. IIS itself takes no header for it: docs/hosting.md.
 */
const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

const named = (name: string, data: object, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

const textOf = ({ id, type, ...event }: WorkflowEvent): string => named(type, event, id);

/** One answer that is written bit by bit, no faster than the client reads. */
class OpenAnswer {
  readonly #res: ServerResponse;
  readonly #timers: Timers;
  readonly #signal: AbortSignal;
  #forget = (): void => undefined;

  /** @param signal aborted when nothing more is to be sent: nobody waits for a client that does not read then */
  constructor(res: ServerResponse, timers: Timers, signal: AbortSignal) {
    this.#res = res;
    this.#timers = timers;
    this.#signal = signal;
    res.once('close', () => this.#forget());
    res.statusCode = 200;
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    res.write(`retry: ${RETRY_MS}\n\n`);
    this.#heartbeat();
  }

  async write(text: string): Promise<void> {
    if (this.#res.destroyed) return;
    this.#forget();
    if (!this.#res.write(text)) {
      await once(this.#res, 'drain', { signal: this.#signal }).catch(() => undefined);
    }
    this.#heartbeat();
  }

  end(text = ''): void {
    this.#forget();
    if (this.#res.destroyed) return;
    this.#forget = this.#timers.after(GRACE_MS, () => this.#res.destroy());
    this.#res.end(text);
  }

  #heartbeat(): void {
    this.#forget();
    if (this.#res.destroyed) return;
    this.#forget = this.#timers.after(HEARTBEAT_MS, () => {
      if (!this.#res.writableNeedDrain) this.#res.write(':\n\n');
      this.#heartbeat();
    });
  }
}

/** What ends a stream before its run: its life, the client's leaving, the server's. */
function endings(
  res: ServerResponse,
  { lifeMs, timers }: EventStreamTerms,
): { signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const end = (): void => controller.abort();
  const forget = timers.after(lifeMs, end);
  const forgetDraining = onDraining(end);
  res.once('close', end);
  const release = (): void => {
    forget();
    forgetDraining();
    res.off('close', end);
  };
  return { signal: controller.signal, release };
}

/** The last thing that a client is told where events end before their run does. */
function farewell(req: HttpRequest, thrown: unknown): string {
  const error = asBatonError(thrown);
  const { context, logger, metrics } = requireRecord(req, 'workflowRouter()');
  const fields = { type: 'error', code: error.code, error };
  if (error.kind === 'caller') logger.warn(error.message, fields);
  else logger.error(error.message, fields);
  metrics?.refused(error.code);
  const name = error.kind === 'caller' ? 'refused' : 'interrupted';
  return named(name, problemDocument(error, context.correlationId));
}

/**
 * Answers with a run's events as server-sent events (HTML Living Standard, section 9.2). Each has the history's number as its
 * ID and its type as its name. The answer ends with the run, after its life, or with an event `refused` (the caller may
 * follow no longer) or `interrupted`. Whoever asks behind the end of a run gets 204, on which browsers ask no more.
 *
 * @throws BatonError what refuses the caller before there was an answer
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function sendEvents(
  req: HttpRequest,
  res: ServerResponse,
  follow: (signal: AbortSignal) => WorkflowEvents,
  terms: EventStreamTerms,
): Promise<void> {
  const { signal, release } = endings(res, terms);
  try {
    const events = follow(signal);
    const { status } = await events.opened();
    if (res.destroyed) return;
    const iterator = events[Symbol.asyncIterator]();
    let next = iterator.next();
    // What ended before it was read to its end is asked for again.
    if (status !== 'RUNNING' && (await next).done === true && !signal.aborted) {
      res.statusCode = 204;
      res.setHeader('Cache-Control', 'no-store');
      res.end();
      return;
    }
    const answer = new OpenAnswer(res, terms.timers, signal);
    try {
      for (;;) {
        const { done, value } = await next;
        if (done === true) break;
        await answer.write(textOf(value));
        next = iterator.next();
      }
      answer.end();
    } catch (thrown) {
      answer.end(farewell(req, thrown));
    }
  } finally {
    release();
  }
}
