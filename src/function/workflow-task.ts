import { BatonError, tokenInvalid } from '../core/errors';
import { parseTraceparent } from '../correlation/trace';
import type { WorkflowDocument } from '../policy/document';
import type { Policy } from '../policy/policy';
import { approvalOf } from '../policy/workflow-document';
import { workflowDeadlineSeconds } from '../policy/workflow-schema';
import { canonicalDigest } from '../token/canonical-json';
import type { VerifiedHandOver } from '../token/hand-over-token';
import { shownApproval, type AskedApproval } from './workflow-approval';
import { bag, textOf, type Arrival, type Bag, type Piece, type TaskPlace } from './piece';

/** A step of a workflow, as the policy has it. */
export interface TaskStep {
  /** The workflow's name in the policy. */
  readonly workflow: string;
  readonly execution: string;
  readonly state: string;
  /** What the caller needs for it. */
  readonly permission: string;
  /** The approval that must be shown for it. */
  readonly asked?: AskedApproval;
}

/** `taskToken` stands there where the state waits for an answer; the handler does not get it. */
const MEMBERS = ['caller', 'execution', 'state', 'payload', 'approval', 'taskToken'];

/** Whether the event is a task's: the caller stands in it as the execution's input has it. */
export function isTaskEvent(event: Bag): boolean {
  return !('baton' in event) && 'caller' in event && 'execution' in event;
}

/**
 * A task of a state machine: `caller` is what its starter put into the execution's input, `execution` and `state` are where
 * it stands, `approval` is what came of the state in which somebody approved it, `payload` is for the handler.
 *
 * @example
 * ```json
 * "Parameters": {
 *   "caller.$": "$$.Execution.Input.caller",
 *   "execution.$": "$$.Execution.Name",
 *   "state.$": "$$.State.Name",
 *   "payload.$": "$.invoice"
 * }
 * ```
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
 */
export function taskArrival(event: Bag): Arrival {
  const { handOver, correlationId, traceparent } = bag(event.caller);
  const read = (): Piece => {
    const unknown = Object.keys(event).find((name) => !MEMBERS.includes(name));
    if (unknown !== undefined) throw invalid(`a member that is none of ${MEMBERS.join(', ')}`);
    if (typeof handOver !== 'string') throw invalid('no hand-over token in its member "caller"');
    return {
      voucher: {
        kind: 'workflow',
        token: handOver,
        place: placeOf(event),
        approval: shownApproval(event.approval),
      },
      payload: event.payload ?? null,
    };
  };
  return { source: 'workflow', correlationId, trace: parseTraceparent(textOf(traceparent)), read };
}

const invalid = (what: string): BatonError =>
  new BatonError('event_invalid', `The task's event has ${what}. See docs/workflows.md for what a state hands on.`);

/** `execution` is `$$.Execution.Name`, or all of `$$.Execution`, which has the input in it. */
function placeOf({ execution, state }: Bag): TaskPlace {
  const { Name, Input } = bag(execution);
  const name = textOf(execution) ?? textOf(Name);
  const stateName = textOf(state);
  if (name === undefined) throw invalid('no name of the execution ($$.Execution.Name) in its member "execution"');
  if (stateName === undefined) throw invalid('no name of the state ($$.State.Name) in its member "state"');
  return { execution: name, state: stateName, input: typeof Input === 'object' ? bag(Input) : undefined };
}

/** The workflows whose tasks the function does, by ARN. */
export function workflowsServedBy(
  { workflows }: Policy,
  functionName: string,
): ReadonlyMap<string, readonly [string, WorkflowDocument]> {
  const served = Object.entries(workflows).filter(([, { steps = {} }]) =>
    Object.values(steps).some((step) => step.function === functionName),
  );
  return new Map(served.map(([name, document]) => [document.target, [name, document]]));
}

/** The longest time that a hand-over of one of these may live, in seconds. */
export function longestDeadlineSeconds(served: ReadonlyMap<string, readonly [string, WorkflowDocument]>): number {
  return Math.max(0, ...[...served.values()].map(([, document]) => workflowDeadlineSeconds(document)));
}

/**
 * Holds a verified hand-over against where the task stands: it is good for the one execution that it was minted for, with
 * the one input, for as long as the policy says, and in the states that the policy gives this function.
 *
 * The history, where the hand-over can be read, also has all other executions' names: so it is the name that counts, which
 * AWS gives once in 90 days. For Express workflows it gives a name again at once, and there the input must be shown.
 *
 * @throws BatonError `token_invalid` (`binding`, `lifetime`, `audience`, `claims`)
 */
export function checkTask(
  { work, issuedAt, expiresAt }: VerifiedHandOver,
  { execution, state, input }: TaskPlace,
  {
    name,
    document,
    functionName,
    marginSeconds,
  }: {
    readonly name: string;
    readonly document: WorkflowDocument;
    readonly functionName: string;
    readonly marginSeconds: number;
  },
): TaskStep {
  if (work === undefined) throw tokenInvalid('claims', 'The hand-over names no execution of the workflow.');
  if (work.id !== execution) throw tokenInvalid('binding', 'The hand-over is for another execution.');
  checkInput(work.payloadSha256, input, document);
  if (expiresAt - issuedAt > workflowDeadlineSeconds(document) + marginSeconds) {
    throw tokenInvalid('lifetime', `The hand-over lives longer than /workflows/${name}/deadlineSeconds allows.`);
  }
  const { steps = {} } = document;
  const step = Object.hasOwn(steps, state) ? steps[state] : undefined;
  if (step?.function !== functionName) {
    throw tokenInvalid('audience', `/workflows/${name}/steps does not give the function "${functionName}" this state.`);
  }
  const { permission, approvedBy } = step;
  const approval = approvedBy === undefined ? undefined : approvalOf(document, approvedBy);
  return {
    workflow: name,
    execution,
    state,
    permission,
    ...(approvedBy !== undefined && approval !== undefined && { asked: { state: approvedBy, approval } }),
  };
}

function checkInput(sha256: string, input: Bag | undefined, { type }: WorkflowDocument): void {
  if (input === undefined) {
    if (type !== 'EXPRESS') return;
    throw tokenInvalid('binding', 'The hand-over is for one input, which an Express workflow must show: $$.Execution.');
  }
  const { caller: _caller, ...asked } = input;
  if (canonicalDigest(asked) !== sha256) throw tokenInvalid('binding', 'The hand-over is for another input.');
}
