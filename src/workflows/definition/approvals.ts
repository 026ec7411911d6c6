import type { WorkflowDocument } from '../../policy/document';
import { step } from '../../policy/shape';
import { approvalOf } from '../../policy/workflow-document';
import { REJECTED } from '../decision';
import { TOKEN_HOLDERS, TOKEN_MEMBER } from '../task-token';
import { definitionFinding, type DefinitionFinding } from './finding';
import { items, leavesOf, members, TEMPLATES, textOf, type LocatedState, type Members } from './states';
import { contextPath, type LambdaTask } from './tasks';

const OPTIMISED = /^arn:[\w-]+:states:[\w-]*:\d*:(\w+:\w+\.waitForTaskToken)$/;
/** What a rejection is caught by in `Retry`: it would be asked again. */
const RETRIES_ALL = ['States.ALL', 'States.TaskFailed', REJECTED];

/** The approvals of the policy beside the states of the definition. */
export function approvals(states: readonly LocatedState[], workflow: WorkflowDocument): DefinitionFinding[] {
  const forgotten = Object.keys(workflow.approvals ?? {}).filter(
    (state) => !states.some((located) => located.name === state && waitsForToken(located)),
  );
  return [
    ...forgotten.map((state) => definitionFinding('approval_without_state', step('/approvals', state), state)),
    ...states
      .filter((located) => approvalOf(workflow, located.name) !== undefined && waitsForToken(located))
      .flatMap((located) => [...approvalState(located), ...outlived(located, states, workflow)]),
  ];
}

const waitsForToken = ({ state }: LocatedState): boolean =>
  state.Type === 'Task' && textOf(state.Resource)?.endsWith('.waitForTaskToken') === true;

function approvalState(located: LocatedState): DefinitionFinding[] {
  const { name, pointer, state } = located;
  const retried = items(state.Retry).flatMap((entry, index) => {
    const caught = items(members(entry).ErrorEquals).some((error) => RETRIES_ALL.includes(String(error)));
    const never = members(entry).MaxAttempts === 0;
    return caught && !never ? [definitionFinding('rejection_retried', step(step(pointer, 'Retry'), index), name)] : [];
  });
  const heartbeat = (['HeartbeatSeconds', 'HeartbeatSecondsPath'] as const).find(
    (member) => state[member] !== undefined,
  );
  return [
    ...tokenPlaces(located),
    ...retried,
    ...(heartbeat === undefined ? [] : [definitionFinding('approval_with_heartbeat', step(pointer, heartbeat), name)]),
    ...(/\/(ItemProcessor|Iterator)\//.test(pointer) ? [definitionFinding('approval_in_map', pointer, name)] : []),
  ];
}

/** The states that come behind these, in the same machine or branch; not those behind `end`. */
function behind(first: readonly unknown[], beside: ReadonlyMap<unknown, Members>, end?: string): ReadonlySet<unknown> {
  const reached = new Set(first);
  for (const name of reached) {
    const state = name === end ? undefined : beside.get(name);
    if (state === undefined) continue;
    const ways = [state, ...items(state.Choices).map(members), ...items(state.Catch).map(members)];
    for (const next of [state.Default, ...ways.map(({ Next }) => Next)]) if (next !== undefined) reached.add(next);
  }
  return reached;
}

/** What was approved stays in the data: where an approval is come to again and fails, nothing behind it may count on that. */
function outlived(
  { name, pointer, state }: LocatedState,
  states: readonly LocatedState[],
  { steps = {} }: WorkflowDocument,
): DefinitionFinding[] {
  const folder = pointer.slice(0, pointer.lastIndexOf('/'));
  const beside = new Map<unknown, Members>(
    states
      .filter((one) => one.pointer.slice(0, one.pointer.lastIndexOf('/')) === folder)
      .map((one) => [one.name, one.state]),
  );
  if (!behind([state.Next], beside).has(name)) return [];
  const counting = Object.keys(steps).filter((one) => steps[one]?.approvedBy === name);
  return items(state.Catch).flatMap((entry, index) => {
    const reached = behind([members(entry).Next], beside, name);
    const task = counting.find((one) => reached.has(one));
    return task === undefined
      ? []
      : [definitionFinding('approval_outlived', step(step(pointer, 'Catch'), index), name, task)];
  });
}

const IN_BRACKETS = /\[\s*(['"])(\w+)\1\s*\]/g;
const CONTEXT_PATH = /(\$\$|\$states(?:\.context)?)(?![\w-])((?:\.\w+)*)/g;

/** Whether a path or an expression may have the token in it, in whatever spelling: `$$` is all of the context. */
function mayReadToken(text: string): boolean {
  return [...text.replace(IN_BRACKETS, '.$2').matchAll(CONTEXT_PATH)].some(([, root, path = '']) => {
    const [member, inTask = 'Token'] = path.split('.').slice(1);
    return member === undefined || (root !== '$states' && member === 'Task' && inTask === 'Token');
  });
}

/** The token stands where `decide()` reads it, and nowhere else: whoever else has it can decide as anybody. */
function tokenPlaces({ name, pointer, state, language }: LocatedState): DefinitionFinding[] {
  const sent = language === 'JSONata' ? 'Arguments' : 'Parameters';
  const [, service = ''] = OPTIMISED.exec(textOf(state.Resource) ?? '') ?? [];
  const holder = TOKEN_HOLDERS[service];
  const body = holder === undefined ? {} : members(members(state[sent])[holder]);
  const isThere = contextPath(body, TOKEN_MEMBER) === 'Task.Token';
  const place = holder === undefined ? '' : step(step(step(pointer, sent), holder), TOKEN_MEMBER);
  const elsewhere = TEMPLATES.flatMap((member) => leavesOf(state[member], step(pointer, member), member))
    .filter(({ value, dynamic }) => dynamic && typeof value === 'string' && mayReadToken(value))
    .filter((leaf) => leaf.pointer.replace(/\.\$$/, '') !== place);
  return [
    ...(isThere ? [] : [definitionFinding('approval_without_token', step(pointer, sent), name, holder ?? service)]),
    ...elsewhere.map((leaf) => definitionFinding('token_elsewhere', leaf.pointer, name)),
  ];
}

/** Steps that ask for an approval, and what they are handed of it. */
export function shownApprovals(tasks: readonly LambdaTask[], { steps = {} }: WorkflowDocument): DefinitionFinding[] {
  return tasks.flatMap(({ located: { name }, event, eventPointer }) => {
    const found = Object.hasOwn(steps, name) ? steps[name] : undefined;
    if (found === undefined) return [];
    const sent = members(event);
    const shows = Object.hasOwn(sent, 'approval') || Object.hasOwn(sent, 'approval.$');
    if (found.approvedBy !== undefined && !shows) {
      return [definitionFinding('task_without_approval', eventPointer, name, found.approvedBy)];
    }
    return found.approvedBy === undefined && shows ? [definitionFinding('approval_unasked', eventPointer, name)] : [];
  });
}
