import type { AuditEvent } from '../../core/logger';
import { redactText } from '../../logging/redact';
import { REFUSAL_PREFIX } from '../../token/envelope';
import { loggableCause } from '../decision';
import { failureOf, type HistoryEvent, type Visit } from '../visits';
import type { StartedBy } from './started-by';

/** The event of the audit trail. */
export const TRANSITION = 'workflow_transition';

/** Which execution of which workflow. */
export interface AuditedExecution {
  /** The workflow's name in the policy. */
  readonly workflow: string;
  readonly arn: string;
}

/** An event of a history, of whatever type: its details stand under the type's own name. */
export type TransitionEvent = HistoryEvent & { readonly id: number };

/** How an execution ends, by its last event. */
const ENDS: Readonly<Record<string, string>> = {
  ExecutionSucceeded: 'SUCCEEDED',
  ExecutionFailed: 'FAILED',
  ExecutionTimedOut: 'TIMED_OUT',
  ExecutionAborted: 'ABORTED',
};

/** How the execution ended, if this event is its end; a redrive may take it on. */
export const endOf = (type: string | undefined): string | undefined => ENDS[type ?? ''];

/** An execution's name: the sixth part of its ARN behind the machine's; an Express one's has a part more. */
export const executionNameOf = (arn: string): string => arn.split(':')[7] ?? arn;

/**
 * An ARN as a line shows it. What the trail takes out of texts, mail addresses and tokens, may stand in a name that somebody
 * gave in AWS; but a line must say which execution it is of, to people and to whoever reads it back. `~` is in no name.
 */
function shownArn(arn: string): string {
  const isTakenOut = arn.includes('@') || redactText(arn) !== arn;
  return isTakenOut ? arn.replaceAll('@', '~40').replaceAll('.', '~2E') : arn;
}

/** The ARN that a line shows. */
export const readShownArn = (shown: string): string => shown.replaceAll('~40', '@').replaceAll('~2E', '.');

/** Redacted before it is cut: half a token would not be known as one. */
function shownCause(cause: string, characters: number): string {
  const text = redactText(cause);
  return text.length <= characters ? text : `${text.slice(0, characters).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * An event of a history as a line of the audit trail. Inputs and outputs stay out.
 *
 * @param visit of the state that the event belongs to
 * @param causeCharacters so much of a cause is shown; 0: nothing
 */
export function transitionOf(
  event: TransitionEvent,
  { workflow, arn }: AuditedExecution,
  { visit, startedBy, causeCharacters }: { visit: Visit | undefined; startedBy: StartedBy; causeCharacters: number },
): AuditEvent {
  const { error, cause: words } = failureOf(event);
  const cause = words === undefined ? undefined : loggableCause(error, words);
  const refusal = error?.startsWith(REFUSAL_PREFIX) === true ? error.slice(REFUSAL_PREFIX.length) : undefined;
  const attempt = visit?.attempts ?? 0;
  return {
    event: TRANSITION,
    // A step that refused its caller, or a person that rejected: all else is what was allowed to happen.
    outcome: refusal === undefined ? 'allowed' : 'denied',
    ...(refusal !== undefined && { reason: refusal }),
    workflow,
    execution: executionNameOf(arn),
    executionArn: shownArn(arn),
    eventId: event.id,
    previousEventId: event.previousEventId ?? 0,
    eventType: event.type ?? 'unknown',
    at: timeOf(event.timestamp),
    ...(visit !== undefined && { state: visit.name }),
    ...(attempt > 0 && { attempt }),
    ...(error !== undefined && { error: redactText(error).slice(0, 256) }),
    ...(cause !== undefined && causeCharacters > 0 && { cause: shownCause(cause, causeCharacters) }),
    ...startedBy,
  };
}

const timeOf = (timestamp: Date | undefined): string | undefined =>
  timestamp === undefined || Number.isNaN(timestamp.getTime()) ? undefined : timestamp.toISOString();
