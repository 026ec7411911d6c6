import type { WorkflowDocument } from '../policy/document';
import { approvalOf } from '../policy/workflow-document';
import type { HistoryEvent, Visit, VisitChange } from './visits';

/** A state that waits for somebody's decision. */
export interface PendingApproval {
  readonly state: string;
  /** Since when: the begin of the attempt that waits now. */
  readonly since: Date;
}

/** The same, and the event that has the task's token in it. */
export interface WaitingTask extends PendingApproval {
  readonly scheduledEventId: number;
}

/** What ends an attempt. A state that is tried again begins a new one, with a new token. */
const ENDS = /^Task(Succeeded|Failed|TimedOut|StartFailed|SubmitFailed|StateAborted)$/;

/** Reads a history, event by event, into the approvals that wait: an attempt that began, was not answered and did not end. */
export class PendingApprovals {
  readonly #document: Pick<WorkflowDocument, 'approvals'>;
  readonly #waiting = new Map<Visit, WaitingTask>();

  constructor(document: Pick<WorkflowDocument, 'approvals'>) {
    this.#document = document;
  }

  /** @param change what `Visits` says of the event */
  add(event: HistoryEvent, { kind, visit }: VisitChange): void {
    if (visit === undefined) return;
    const { id: scheduledEventId, type = '', timestamp: since = new Date(NaN) } = event;
    if (kind === 'begun' && type === 'TaskScheduled' && scheduledEventId !== undefined) {
      if (approvalOf(this.#document, visit.name) === undefined) return;
      this.#waiting.set(visit, { state: visit.name, since, scheduledEventId });
    } else if (kind === 'left' || kind === 'failed' || ENDS.test(type)) {
      this.#waiting.delete(visit);
    }
  }

  /**
   * What waits now, the first that began first.
   * @param open the states at work: what a failure around it ended, waits no more
   */
  among(open: readonly Visit[]): readonly WaitingTask[] {
    return [...this.#waiting].filter(([visit]) => open.includes(visit)).map(([, task]) => task);
  }
}
