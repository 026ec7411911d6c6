import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { step } from '../policy/shape';

/** What somebody decides of a state that waits. */
export interface ApprovalDecision {
  /** The state's name. */
  readonly state: string;
  readonly decision: 'approve' | 'reject';
  /** For those who read the output: up to 1000 characters, among them line ends and tabs. */
  readonly comment?: string;
  /**
   * `since` of the pending approval that was looked at: nothing is decided where the state waits anew meanwhile, because it was
   * tried again or come to twice. Default: whatever waits.
   */
  readonly since?: Date | string;
}

const MEMBERS = ['state', 'decision', 'comment', 'since'];
const MAX_COMMENT_CHARACTERS = 1000;
/** What could rewrite a line where it is shown. Tab and line ends may stand, and what joins letters and emoji. */
const CONTROLS = /(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/u;

function invalid(member: string, what: string): BatonError {
  const problems = [{ pointer: member === '' ? '' : step('', member), message: what }];
  return new BatonError('input_invalid', `The decision is not one: ${member === '' ? 'it' : member} ${what}.`, {
    reason: member,
    problems,
  });
}

/**
 * Reads a decision as it came.
 * @throws BatonError `input_invalid`
 */
export function readDecision(given: unknown): ApprovalDecision {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalid('', 'must be an object');
  const unknown = Object.keys(given).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw invalid(unknown, unknownName(unknown, MEMBERS));
  const { state, decision, ...more } = given as Partial<Record<keyof ApprovalDecision, unknown>>;
  if (typeof state !== 'string' || state === '') throw invalid('state', 'must be the name of a state');
  if (decision !== 'approve' && decision !== 'reject') throw invalid('decision', 'must be "approve" or "reject"');
  const comment = commentOf(more.comment);
  const since = sinceOf(more.since);
  return { state, decision, ...(comment !== undefined && { comment }), ...(since && { since }) };
}

function commentOf(comment: unknown): string | undefined {
  if (comment === undefined || comment === '') return undefined;
  if (typeof comment === 'string' && comment.length <= MAX_COMMENT_CHARACTERS && !CONTROLS.test(comment))
    return comment;
  const what = `must be a text of at most ${MAX_COMMENT_CHARACTERS} characters, without control characters`;
  throw invalid('comment', what);
}

function sinceOf(since: unknown): Date | undefined {
  if (since === undefined) return undefined;
  const date = typeof since === 'string' || since instanceof Date ? new Date(since) : new Date(NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw invalid('since', 'must be the time that "pendingApprovals" has');
}

/** The name of the error with which a rejected task fails: no state takes it for an approval by mistake. */
export const REJECTED = 'baton.rejected';

/** What the state machine is told of a decision: the output of an approval, as JSON the cause of a rejection. */
export interface DecisionRecord {
  readonly decision: 'approve' | 'reject';
  /** Who decided. */
  readonly subject: string;
  readonly comment?: string;
  /** RFC 3339, in whole seconds. */
  readonly decidedAt: string;
  /** Of the request in which it was decided. */
  readonly correlationId: string;
  /** The proof, of an approval alone. */
  readonly handOver?: string;
}

/** What a log may hold of a failure's cause: all of it, but of a rejection what its decider wrote. */
export function loggableCause(error: string | undefined, cause: string): string | undefined {
  if (error !== REJECTED) return cause;
  try {
    const { comment: _comment, ...record } = JSON.parse(cause) as Partial<DecisionRecord>;
    return JSON.stringify(record);
  } catch {
    return undefined;
  }
}
