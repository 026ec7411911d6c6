import { asBatonError, type BatonError } from '../core/errors';
import type { Timers } from '../core/timers';
import type { WorkflowDocument } from '../policy/document';
import { historyPages, type HistoryPageEvent, type HistoryReader } from './history-pages';
import { isEnd, RunEvents, type WorkflowEvent } from './run-event';

/** Which run is followed, and how. */
export interface FollowedRunOptions {
  readonly executionArn: string;
  /** The workflow's name in the policy. */
  readonly workflow: string;
  readonly document: () => Pick<WorkflowDocument, 'approvals'>;
  readonly timers: Timers;
  /** No two looks are closer to each other than this: the account's quota is shared by all runs that are followed. */
  readonly shortestMs: () => number;
}

/** Somebody who follows a run: reads of it are made as one of those. */
export interface Watcher {
  readonly signIn: () => Promise<HistoryReader>;
}

/** What came behind an event. */
export interface Batch {
  readonly events: readonly WorkflowEvent[];
  /** The history has been read up to this event. */
  readonly upTo: number;
  /** The run has ended, and nothing more came. */
  readonly isOver: boolean;
}

interface Waiter {
  readonly watcher: Watcher;
  readonly afterId: number;
  readonly resolve: (batch: Batch) => void;
  readonly reject: (error: Error) => void;
}

const FIRST_INTERVAL_MS = 1000;
const LONGEST_INTERVAL_MS = 15_000;
const GROWTH = 1.5;
/** The newest events are asked for; a run that is busier than that is read from its start, so the number grows with it. */
const LOOK_BACK = 100;
const MAX_LOOK_BACK = 1000;
const PASSES = ['workflow_throttled', 'workflow_unavailable'];

/**
 * Reads one execution's history for all who follow it: once, and only while somebody waits. It holds the newest page; whoever
 * is further behind has to read for themselves, so that neither many nor slow followers take memory.
 */
export class FollowedRun {
  readonly #options: FollowedRunOptions;
  readonly #events: RunEvents;
  readonly #watchers = new Set<Watcher>();
  readonly #waiters = new Set<Waiter>();
  readonly #failures = new Map<Watcher, BatonError>();
  /** What came behind the event `#from`, up to the event `#upTo`. */
  #held: readonly WorkflowEvent[] = [];
  #from = 0;
  #upTo = 0;
  #isEnded = false;
  /** All that there was when it was last asked has been read. */
  #isLevel = false;
  #pass: AsyncGenerator<readonly HistoryPageEvent[], void> | undefined;
  /** How many events the last pass brought. */
  #gain = 0;
  #idle = 0;
  #notBeforeMs = -Infinity;
  #controller = new AbortController();
  #wake = (): void => undefined;
  #isWorking = false;

  constructor(options: FollowedRunOptions) {
    this.#options = options;
    this.#events = new RunEvents(options.document);
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Whether the run had ended when it was last looked at. */
  get isOver(): boolean {
    return this.#isLevel && this.#isEnded;
  }

  /** The last event that was read. */
  get upTo(): number {
    return this.#upTo;
  }

  /** @returns ends it: with the last who follows the run, the reading ends at once */
  attach(watcher: Watcher): () => void {
    if (this.#watchers.size === 0) this.#controller = new AbortController();
    this.#watchers.add(watcher);
    // Whoever comes may know of something: what is new is looked for soon.
    this.#isLevel = false;
    this.#idle = 0;
    this.#notBeforeMs = Math.min(this.#notBeforeMs, this.#options.timers.now() + this.#intervalMs());
    this.#wake();
    return () => {
      this.#watchers.delete(watcher);
      this.#failures.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#controller.abort();
      this.#wake();
      this.#pass = undefined;
      this.#held = [];
      this.#from = this.#upTo;
    };
  }

  /**
   * What came behind the event: at once where it is there, otherwise when it is.
   * @returns undefined where the caller is too far behind, and reads for itself
   * @throws BatonError what the watcher's own reading failed with; the signal's reason
   */
  async next(watcher: Watcher, afterId: number, signal: AbortSignal): Promise<Batch | undefined> {
    signal.throwIfAborted();
    const failure = this.#failures.get(watcher);
    if (failure !== undefined) throw failure;
    if (afterId < this.#from) return undefined;
    const batch = this.#behind(afterId);
    if (batch !== undefined) return batch;
    return new Promise((resolve, reject: (error: Error) => void) => {
      const waiter: Waiter = {
        watcher,
        afterId,
        resolve: (found) => settle(() => resolve(found)),
        reject: (error) => settle(() => reject(error)),
      };
      const onAbort = (): void => waiter.reject(signal.reason as Error);
      const settle = (how: () => void): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', onAbort);
        how();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
      void this.#work();
    });
  }

  #behind(afterId: number): Batch | undefined {
    const upTo = this.#upTo;
    if (afterId < upTo) return { events: this.#held.filter(({ id }) => id > afterId), upTo, isOver: false };
    return this.isOver ? { events: [], upTo: afterId, isOver: true } : undefined;
  }

  #answer(): void {
    for (const waiter of this.#waiters) {
      const batch = this.#behind(waiter.afterId);
      if (batch !== undefined) waiter.resolve(batch);
    }
  }

  /** Reads while somebody waits. Never rejects. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (this.#waiters.size > 0) {
        const leftMs = this.#pass === undefined ? this.#notBeforeMs - this.#options.timers.now() : 0;
        if (leftMs > 0) await this.#sleep(leftMs);
        else await this.#read();
      }
    } finally {
      this.#isWorking = false;
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.#options.timers.after(ms, () => this.#wake());
      this.#wake = () => {
        forget();
        this.#wake = () => undefined;
        resolve();
      };
    });
  }

  /** One page. */
  async #read(): Promise<void> {
    const [watcher] = this.#watchers;
    if (watcher === undefined) return;
    const { signal } = this.#controller;
    try {
      this.#pass ??= await this.#newPass(watcher, signal);
      const page = await this.#pass.next();
      if (signal.aborted) {
        this.#pass = undefined;
        return;
      }
      if (page.done === true) this.#passed();
      else this.#take(page.value);
      this.#answer();
    } catch (thrown) {
      this.#pass = undefined;
      if (!signal.aborted) this.#failed(watcher, asBatonError(thrown));
    }
  }

  async #newPass(watcher: Watcher, signal: AbortSignal): Promise<AsyncGenerator<readonly HistoryPageEvent[], void>> {
    const { executionArn, workflow } = this.#options;
    const lookBack = Math.min(MAX_LOOK_BACK, Math.max(LOOK_BACK, 2 * this.#gain));
    this.#gain = 0;
    const reader = await watcher.signIn();
    return historyPages(reader, { executionArn, workflow, afterEventId: this.#upTo, lookBack, signal });
  }

  #take(page: readonly HistoryPageEvent[]): void {
    this.#gain += page.length;
    this.#from = this.#upTo;
    this.#held = page.map((event) => this.#events.add(event)).filter((event) => event !== undefined);
    this.#upTo = page.at(-1)?.id ?? this.#upTo;
    this.#isEnded = isEnd(page.at(-1)?.type);
    this.#isLevel = false;
  }

  #passed(): void {
    this.#pass = undefined;
    this.#isLevel = true;
    this.#idle = this.#gain > 0 ? 0 : this.#idle + 1;
    this.#notBeforeMs = this.#options.timers.now() + this.#intervalMs();
  }

  #intervalMs(): number {
    const ownMs = Math.min(LONGEST_INTERVAL_MS, FIRST_INTERVAL_MS * GROWTH ** this.#idle);
    return Math.max(ownMs, this.#options.shortestMs());
  }

  /** What passes by itself is waited for; the rest is told to the one in whose name it was asked. */
  #failed(watcher: Watcher, error: BatonError): void {
    if (PASSES.includes(error.code)) {
      this.#idle += 1;
      this.#notBeforeMs = this.#options.timers.now() + this.#intervalMs();
      return;
    }
    this.#watchers.delete(watcher);
    this.#failures.set(watcher, error);
    for (const waiter of this.#waiters) if (waiter.watcher === watcher) waiter.reject(error);
  }
}

/**
 * What came behind an event, read from the start of the history: for who is too far behind.
 * @throws BatonError `workflow_*`; the signal's reason
 */
export async function* catchUp(
  { executionArn, workflow, document }: Pick<FollowedRunOptions, 'executionArn' | 'workflow' | 'document'>,
  reader: HistoryReader,
  { afterId, signal }: { readonly afterId: number; readonly signal: AbortSignal },
): AsyncGenerator<Batch, void, void> {
  const all = new RunEvents(document);
  for await (const page of historyPages(reader, { executionArn, workflow, signal })) {
    const upTo = page.at(-1)?.id ?? 0;
    const events = page.map((event) => all.add(event)).filter((event) => event !== undefined && event.id > afterId);
    if (upTo > afterId) yield { events: events as readonly WorkflowEvent[], upTo, isOver: false };
  }
}
