import type { Problem } from '../core/errors';
import { unknownName } from '../core/options';
import type { PolicyDocument } from './document';
import { mapOf, objectOf, oneOf, oneOrMore, step, text, wholeNumber, type Shape } from './shape';
import type { WorkflowDocument } from './workflow-document';

/** An execution's name is free again 90 days after its end: a hand-over that is bound to it must not live longer. */
const MAX_DEADLINE_SECONDS = 90 * 24 * 3600;
const DEFAULT_DEADLINE_SECONDS = 24 * 3600;
/** Step Functions ends Express workflows after five minutes. */
const MAX_EXPRESS_SECONDS = 300;

/** What a state may be called: Amazon States Language takes 80 characters. */
const STATE_NAME = /^.{1,80}$/su;

/** The shape of `/workflows/…`, out of the shapes that it shares with the rest of the file. */
export function workflowShapeOf(permission: Shape, roleName: Shape): Shape {
  const stepShape = objectOf('A task that a function of the policy does.', {
    required: { function: text('The name of the function.'), permission },
    optional: { approvedBy: text('The state whose approval the function must be shown, one of "approvals".') },
  });
  const approvalShape = objectOf("A state that waits for a person's decision.", {
    required: { permission },
    optional: {
      ownRequests: oneOf('Whether who started the workflow may decide it too. Default false.', [true, false]),
    },
  });
  return objectOf('A state machine that is started as the caller.', {
    required: {
      target: text('ARN of the state machine; also the audience of its hand-over tokens.', {
        pattern: /^arn:[a-z-]+:states:[a-z0-9-]+:\d{12}:stateMachine:[A-Za-z0-9_-]{1,80}(:[A-Za-z0-9_.-]{1,80})?$/,
        hint: 'the ARN of a state machine',
      }),
      permission,
    },
    optional: {
      type: oneOf('Its type. Default "STANDARD".', ['STANDARD', 'EXPRESS']),
      timeoutSeconds: wholeNumber(
        'How long the app waits for an Express workflow, in seconds. Default 30.',
        1,
        MAX_EXPRESS_SECONDS,
      ),
      deadlineSeconds: wholeNumber(
        'How long after its start a step may begin at most, in seconds. Default 86400; for Express 300, and no more.',
        1,
        MAX_DEADLINE_SECONDS,
      ),
      steps: mapOf(stepShape, 'The tasks that functions of the policy do, by the name of their state.', STATE_NAME),
      approvals: mapOf(approvalShape, 'The states that wait for a person, by their names.', STATE_NAME),
      viewers: oneOrMore(roleName, "Roles that see everybody's executions."),
      definition: text("The file of its definition, from the policy file's folder."),
      logGroup: text('The CloudWatch log group of an Express workflow, for the auditor.', {
        pattern: /^[A-Za-z0-9_./#-]{1,512}$/,
        hint: 'the name of a log group',
      }),
    },
  });
}

/** How long after its start a step may begin, in seconds. App and function must agree: it bounds the hand-over's lifetime. */
export function workflowDeadlineSeconds({ type, deadlineSeconds }: WorkflowDocument): number {
  return deadlineSeconds ?? (type === 'EXPRESS' ? MAX_EXPRESS_SECONDS : DEFAULT_DEADLINE_SECONDS);
}

/** What the shape cannot say: names that must be known, and members that go with one type. */
export function checkWorkflows({ workflows = {}, functions = {}, roles }: PolicyDocument, problems: Problem[]): void {
  const known = Object.keys(functions);
  const byTarget = new Map<string, string>();
  for (const [name, workflow] of Object.entries(workflows)) {
    const at = (member: string): string => step(step('/workflows', name), member);
    checkType(workflow, at, problems);
    const other = byTarget.get(workflow.target);
    // Its hand-overs name the target: with two names for it, nobody could say which one's steps count.
    if (other !== undefined)
      problems.push({ pointer: at('target'), message: `is that of the workflow "${other}" too` });
    byTarget.set(workflow.target, name);
    checkSteps(workflow, at('steps'), known, problems);
    for (const role of [workflow.viewers ?? []].flat()) {
      if (Object.hasOwn(roles, role)) continue;
      problems.push({ pointer: at('viewers'), message: `role ${unknownName(role, Object.keys(roles))}` });
    }
  }
}

function checkSteps(
  { steps = {}, approvals = {} }: WorkflowDocument,
  pointer: string,
  functions: readonly string[],
  problems: Problem[],
): void {
  const states = Object.keys(approvals);
  for (const [state, { function: named, approvedBy }] of Object.entries(steps)) {
    const at = (member: string): string => step(step(pointer, state), member);
    if (!functions.includes(named)) {
      problems.push({ pointer: at('function'), message: `function ${unknownName(named, functions)}` });
    }
    if (approvedBy === undefined || states.includes(approvedBy)) continue;
    const message =
      states.length === 0
        ? 'names an approval, and "approvals" has none'
        : `approval ${unknownName(approvedBy, states)}`;
    problems.push({ pointer: at('approvedBy'), message });
  }
}

function checkType(
  { type, timeoutSeconds, deadlineSeconds = 0, approvals, logGroup }: WorkflowDocument,
  at: (member: string) => string,
  problems: Problem[],
): void {
  if (type !== 'EXPRESS' && timeoutSeconds !== undefined) {
    problems.push({
      pointer: at('timeoutSeconds'),
      message: 'is for workflows of type "EXPRESS", which are waited for',
    });
  }
  if (type !== 'EXPRESS' && logGroup !== undefined) {
    problems.push({
      pointer: at('logGroup'),
      message: 'is for workflows of type "EXPRESS": the others have a history',
    });
  }
  if (type === 'EXPRESS' && approvals !== undefined) {
    problems.push({
      pointer: at('approvals'),
      message: 'are for workflows of type "STANDARD": Express has no task tokens',
    });
  }
  if (type === 'EXPRESS' && deadlineSeconds > MAX_EXPRESS_SECONDS) {
    problems.push({
      pointer: at('deadlineSeconds'),
      message: `must be at most ${MAX_EXPRESS_SECONDS} s, where AWS ends Express workflows`,
    });
  }
}
