import type { FunctionDocument, WorkflowDocument } from '../../policy/document';
import { step } from '../../policy/shape';
import { definitionFinding, type DefinitionFinding } from './finding';
import { items, members, textOf, type LocatedState, type Members } from './states';

/** What a definition is held against. */
export interface DefinitionPolicy {
  readonly workflow: WorkflowDocument;
  readonly functions: Readonly<Record<string, FunctionDocument>>;
}

const LAMBDA_ARN = /^arn:[\w-]+:lambda:[\w-]*:\d{12}:function:/;
/** The optimised integration, and the same call by the SDK's. */
const LAMBDA_INVOKE =
  /^arn:[\w-]+:states:[\w-]*:\d*:(lambda:invoke|aws-sdk:lambda:invoke(Async)?)(\.waitForTaskToken)?$/;

/** A task that calls a Lambda function: which one, where that is written in place, and what it is sent. */
export interface LambdaTask {
  readonly located: LocatedState;
  /** Name or ARN; undefined where it comes from data. */
  readonly calls: string | undefined;
  readonly event: unknown;
  /** Where the event stands. */
  readonly eventPointer: string;
}

/** The state as a task that calls a function; undefined where it is none. */
export function lambdaTask(located: LocatedState): LambdaTask | undefined {
  const { state, pointer, language } = located;
  const resource = textOf(state.Resource);
  if (state.Type !== 'Task' || resource === undefined) return undefined;
  const sent = language === 'JSONata' ? 'Arguments' : 'Parameters';
  const at = step(pointer, sent);
  if (LAMBDA_ARN.test(resource)) return { located, calls: resource, event: state[sent], eventPointer: at };
  if (!LAMBDA_INVOKE.test(resource)) return undefined;
  const { FunctionName, Payload } = members(state[sent]);
  const calls = textOf(FunctionName);
  return {
    located,
    calls: calls?.startsWith('{%') ? undefined : calls,
    event: Payload,
    eventPointer: step(at, 'Payload'),
  };
}

/** Every task, not only those that call functions. */
export function robustness({ state, pointer, name }: LocatedState): DefinitionFinding[] {
  if (state.Type !== 'Task') return [];
  const lacks = (...names: readonly string[]): boolean => names.every((member) => state[member] === undefined);
  return [
    ...(items(state.Retry).length === 0 ? [definitionFinding('task_without_retry', pointer, name)] : []),
    ...(items(state.Catch).length === 0 ? [definitionFinding('task_without_catch', pointer, name)] : []),
    ...(lacks('TimeoutSeconds', 'TimeoutSecondsPath')
      ? [definitionFinding('task_without_timeout', pointer, name)]
      : []),
  ];
}

/** `render-invoice` of a name or an ARN, with or without version. */
const functionNameOf = (calls: string): string =>
  (/:function:([\w-]+)/.exec(calls) ?? /^([\w-]+)/.exec(calls))?.[1] ?? '';

/** Tasks that call functions beside the steps of the policy, both ways. */
export function steps(tasks: readonly LambdaTask[], { workflow, functions }: DefinitionPolicy): DefinitionFinding[] {
  const known = workflow.steps ?? {};
  const forgotten = Object.keys(known).filter((state) => !tasks.some(({ located }) => located.name === state));
  return [
    ...tasks.flatMap(({ located: { name, pointer }, calls }) => {
      const found = Object.hasOwn(known, name) ? known[name] : undefined;
      if (found === undefined) return [definitionFinding('task_without_permission', pointer, name)];
      const expected = functionNameOf(functions[found.function]?.target ?? '');
      const called = calls === undefined ? expected : functionNameOf(calls);
      return called === expected ? [] : [definitionFinding('step_of_other_function', pointer, name, called, expected)];
    }),
    ...forgotten.map((state) => definitionFinding('step_without_task', step('/steps', state), state)),
  ];
}

/** Where the context has what a function verifies. The whole of `$$.Execution` has the name in it, and the input. */
const HANDED_ON: Readonly<Record<string, readonly string[]>> = {
  caller: ['Execution.Input.caller'],
  execution: ['Execution.Name', 'Execution'],
  state: ['State.Name'],
};

/** `Execution.Name` of `$$.Execution.Name` and of `{% $states.context.Execution.Name %}`. */
export function contextPath(event: Members, member: string): string | undefined {
  const [, path] = /^\$\$\.([\w.]+)$/.exec(textOf(event[`${member}.$`]) ?? '') ?? [];
  const [, expression] = /^\{%\s*\$states\.context\.([\w.]+)\s*%\}$/.exec(textOf(event[member]) ?? '') ?? [];
  return path ?? expression;
}

/** What a function behind `withBaton()` verifies must come from the context, which no state can change. */
export function handedOn(
  { located: { name }, event, eventPointer }: LambdaTask,
  known: WorkflowDocument,
): DefinitionFinding[] {
  if (known.steps === undefined || !Object.hasOwn(known.steps, name)) return [];
  const sent = members(event);
  const needed = known.type === 'EXPRESS' ? { ...HANDED_ON, execution: ['Execution'] } : HANDED_ON;
  const missing = Object.entries(needed)
    .filter(([member, paths]) => !paths.includes(contextPath(sent, member) ?? ''))
    .map(([member]) => member);
  return missing.length === 0 ? [] : [definitionFinding('task_without_caller', eventPointer, ...missing)];
}
