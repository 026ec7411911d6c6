import type { WorkflowDocument } from '../policy/document';
import { approvalOf } from '../policy/workflow-document';
import { REJECTED } from './decision';
import { errorOf, Visits, type HistoryEvent, type Visit } from './visits';

/** What every event of a run has. */
export interface RunEventHead {
  /** The number of the history's event; the one to go on behind. */
  readonly id: number;
  readonly at: Date;
}

/**
 * Something that happened to a run. Errors are names alone; inputs, outputs and the texts of errors are in none.
 *
 * `approval_decided` says what AWS was told. Whether who decided may do so is verified where the approval is used, in the step
 * that names it by `approvedBy`.
 */
export type WorkflowEvent = RunEventHead &
  (
    | { readonly type: 'started' | 'redriven' }
    | { readonly type: 'state_entered' | 'state_left' | 'approval_pending'; readonly state: string }
    | { readonly type: 'attempt_begun'; readonly state: string; readonly attempt: number }
    | { readonly type: 'attempt_failed'; readonly state: string; readonly attempt: number; readonly error: string }
    | { readonly type: 'approval_decided'; readonly state: string; readonly decision: 'approve' | 'reject' }
    | {
        readonly type: 'ended';
        readonly status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
        /** The name of the error that it ended with. */
        readonly error?: string;
      }
  );

/** What a history event is to whoever follows the run, its number and time aside. */
type Happening = WorkflowEvent extends infer Each
  ? Each extends RunEventHead
    ? Omit<Each, 'id' | 'at'>
    : never
  : never;

const ENDS = {
  ExecutionSucceeded: 'SUCCEEDED',
  ExecutionFailed: 'FAILED',
  ExecutionTimedOut: 'TIMED_OUT',
  ExecutionAborted: 'ABORTED',
} as const;

/** Whether nothing comes after an event of this type but a redrive. */
export const isEnd = (type: string | undefined): type is keyof typeof ENDS =>
  type !== undefined && Object.hasOwn(ENDS, type);

/** Reads a history, event by event and from its start, into what happened to the run. */
export class RunEvents {
  readonly #visits = new Visits();
  readonly #document: () => Pick<WorkflowDocument, 'approvals'>;

  /** @param document the workflow, as the policy of the moment has it */
  constructor(document: () => Pick<WorkflowDocument, 'approvals'>) {
    this.#document = document;
  }

  /** @returns undefined for events that are details of others */
  add(event: HistoryEvent): WorkflowEvent | undefined {
    const { id = 0, timestamp: at = new Date(NaN) } = event;
    const happening = this.#read(event);
    return happening && { id, at, ...happening };
  }

  #read(event: HistoryEvent): Happening | undefined {
    const { type = '' } = event;
    const { kind, visit } = this.#visits.add(event);
    if (type === 'ExecutionStarted') return { type: 'started' };
    if (type === 'ExecutionRedriven') return { type: 'redriven' };
    if (isEnd(type)) {
      const error = errorOf(event);
      return { type: 'ended', status: ENDS[type], ...(error !== type && { error }) };
    }
    if (visit === undefined) return undefined;
    const { name: state } = visit;
    if (kind === 'entered') return { type: 'state_entered', state };
    if (kind === 'left') return { type: 'state_left', state };
    return approvalOf(this.#document(), state) === undefined
      ? attemptIn(kind, visit)
      : (approvalIn(type, visit) ?? attemptIn(kind, visit));
  }
}

function approvalIn(type: string, { name: state, errors }: Visit): Happening | undefined {
  if (type === 'TaskScheduled') return { type: 'approval_pending', state };
  if (type === 'TaskSucceeded') return { type: 'approval_decided', state, decision: 'approve' };
  if (type === 'TaskFailed' && errors.at(-1) === REJECTED) {
    return { type: 'approval_decided', state, decision: 'reject' };
  }
  return undefined;
}

function attemptIn(kind: string, { name: state, attempts: attempt, errors }: Visit): Happening | undefined {
  if (kind === 'begun') return { type: 'attempt_begun', state, attempt };
  if (kind === 'failed') return { type: 'attempt_failed', state, attempt, error: errors.at(-1) ?? '' };
  return undefined;
}
