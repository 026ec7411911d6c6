import { Aborted, StatesError } from './asl/states-error';
import { currentState, type Frame } from './frame';
import type { Run } from './run';

/** Events that only a Map's iterations have. */
export interface GroupEvents {
  started(child: Frame): void;
  succeeded(child: Frame): void;
  /** The Map's name. */
  readonly iterationOf: string;
}

/** The branches of a Parallel or the iterations of a Map. */
export interface Group {
  readonly run: Run;
  /** Whose children they are. */
  readonly frame: Frame;
  readonly children: readonly Frame[];
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readonly events?: GroupEvents;
  runFrame(run: Run, frame: Frame, signal: AbortSignal): Promise<void>;
}

/** Types of states that can be in the middle of something when a sibling fails. */
const ABORTABLE = ['Task', 'Wait', 'Parallel', 'Map'];

/** Says of every line of states that a failure ends where it was. All of these events follow the one that failed. */
function recordAborted(run: Run, frame: Frame, failedEventId: number): void {
  if (frame.output !== undefined || frame.enteredAtMs === undefined) return;
  for (const child of frame.children ?? []) recordAborted(run, child, failedEventId);
  const { Type: type } = currentState(frame);
  if (ABORTABLE.includes(type)) run.record(`${type}StateAborted`, failedEventId);
}

function recordFailure({ run, frame, children, events }: Group, failed: Frame): void {
  const failedEventId = failed.lastEventId;
  const iteration = (kind: string, child: Frame): void => {
    if (events === undefined) return;
    const details = { name: events.iterationOf, index: child.item?.Index ?? 0 };
    run.record(`MapIteration${kind}`, failedEventId, details);
  };
  for (const child of children) {
    if (child !== failed && (child.output !== undefined || child.enteredAtMs === undefined)) continue;
    iteration(child === failed ? 'Failed' : 'Aborted', child);
    recordAborted(run, child, failedEventId);
  }
  frame.lastEventId = run.record(`${currentState(frame).Type}StateFailed`, failedEventId);
}

/** A signal of its own that also follows another one. */
function follow(outer: AbortSignal): { controller: AbortController; release: () => void } {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(outer.reason);
  if (outer.aborted) onAbort();
  outer.addEventListener('abort', onAbort, { once: true });
  return { controller, release: () => outer.removeEventListener('abort', onAbort) };
}

/**
 * Runs lines of states side by side; the first that fails ends the others.
 * @throws StatesError of the first that failed; Aborted
 */
export async function runGroup(group: Group): Promise<void> {
  const { run, frame, children, concurrency, events } = group;
  const waiting = children.filter(({ output }) => output === undefined);
  const { controller, release } = follow(group.signal);
  let failure: { readonly error: unknown } | undefined;
  const runOne = async (child: Frame): Promise<void> => {
    try {
      if (child.enteredAtMs === undefined) events?.started(child);
      // All that start together are started before the first one runs, as in AWS's histories.
      await Promise.resolve();
      await group.runFrame(run, child, controller.signal);
      events?.succeeded(child);
      frame.lastEventId = child.lastEventId;
    } catch (error) {
      if (failure !== undefined) return;
      failure = { error };
      try {
        if (error instanceof StatesError) recordFailure(group, child);
      } finally {
        controller.abort(new Aborted('Another branch failed.'));
      }
    }
  };
  const work = async (): Promise<void> => {
    for (let child = waiting.shift(); child !== undefined && failure === undefined; child = waiting.shift()) {
      await runOne(child);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, waiting.length) }, work));
  } finally {
    release();
  }
  if (failure !== undefined) throw (failure as { error: unknown }).error;
}
