import { items, members, textOf, type Members } from '../definition/states';
import { ruleText } from './rule-text';

/** How one state follows another: `Next`, a rule of a Choice, its `Default`, a `Catch`. */
export type TransitionKind = 'next' | 'rule' | 'default' | 'catch';

/** A way from one state to another of the same machine. */
export interface Transition {
  readonly kind: TransitionKind;
  readonly to: string;
  /** When it is gone: the rule, the names of the errors; empty for `Next`. */
  readonly label: string;
}

/** A state as it is drawn. */
export interface StateNode {
  readonly name: string;
  /** `Task`, `Choice`, `Map` and so on, as the definition has it. */
  readonly type: string;
  /** What it calls or waits for, in a few words. */
  readonly detail?: string;
  /** Whether it waits for whoever has its task token. */
  readonly waits: boolean;
  /** What is tried again, a line a retrier. */
  readonly retries: readonly string[];
  readonly transitions: readonly Transition[];
  /** Whether the machine ends after it. */
  readonly ends: boolean;
  /** What runs within it: the branches of a Parallel, the one machine of a Map. */
  readonly branches: readonly MachineGraph[];
}

/** A state machine, or a branch of one, as it is drawn. */
export interface MachineGraph {
  readonly startAt: string;
  /** In the order in which they are drawn: what follows comes after what it follows, as far as there are no loops. */
  readonly states: readonly StateNode[];
}

/** `check-invoice` of a function's name or ARN. */
const functionName = (called: string): string => /:function:([^:]+)/.exec(called)?.[1] ?? called;

function taskDetail(state: Members): string | undefined {
  const resource = textOf(state.Resource);
  if (resource === undefined) return undefined;
  const [, action] = /:states:::(?:aws-sdk:)?(.+)$/.exec(resource) ?? [];
  if (action === undefined) return functionName(resource);
  const sent = { ...members(state.Parameters), ...members(state.Arguments) };
  const called = textOf(sent.FunctionName) ?? textOf(sent.QueueUrl) ?? textOf(sent.StateMachineArn);
  const bare = action.replace(/\.waitForTaskToken$/, '');
  return called === undefined ? bare : bare === 'lambda:invoke' ? functionName(called) : `${bare} ${lastPart(called)}`;
}

const lastPart = (name: string): string => name.split(/[:/]/).at(-1) ?? name;

function waitDetail(state: Members): string | undefined {
  if (typeof state.Seconds === 'number') return `${state.Seconds} s`;
  const given = [state.Seconds, state.SecondsPath, state.Timestamp, state.TimestampPath].find(
    (value) => value !== undefined,
  );
  return textOf(given);
}

function mapDetail(state: Members): string | undefined {
  const over = textOf(state.ItemsPath) ?? textOf(state.Items);
  const atOnce =
    typeof state.MaxConcurrency === 'number' && state.MaxConcurrency > 0 ? state.MaxConcurrency : undefined;
  const parts = [
    ...(over === undefined ? [] : [`each of ${over}`]),
    ...(atOnce === undefined ? [] : [`${atOnce} at once`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function detailOf(state: Members): string | undefined {
  switch (state.Type) {
    case 'Task':
      return taskDetail(state);
    case 'Wait':
      return waitDetail(state);
    case 'Map':
      return mapDetail(state);
    case 'Fail':
      return textOf(state.Error) ?? textOf(state.ErrorPath);
    default:
      return undefined;
  }
}

const names = (value: unknown): string =>
  items(value)
    .filter((name) => typeof name === 'string')
    .join(', ');

/** AWS's default is three attempts more (States Language, "Retriers"). */
function retryText(retrier: Members): string {
  const { MaxAttempts } = retrier;
  return `up to ${typeof MaxAttempts === 'number' ? MaxAttempts : 3}× on ${names(retrier.ErrorEquals)}`;
}

function transitionsOf(state: Members): Transition[] {
  const found: Transition[] = [];
  const add = (kind: TransitionKind, to: unknown, label: string): void => {
    if (typeof to === 'string') found.push({ kind, to, label });
  };
  for (const rule of items(state.Choices).map(members)) add('rule', rule.Next, ruleText(rule));
  add('default', state.Default, 'otherwise');
  add('next', state.Next, '');
  for (const catcher of items(state.Catch).map(members)) add('catch', catcher.Next, names(catcher.ErrorEquals));
  return found;
}

const ENDING = ['Succeed', 'Fail'];

function nodeOf(name: string, value: unknown): StateNode {
  const state = members(value);
  const type = textOf(state.Type) ?? '?';
  const detail = detailOf(state);
  const inner = [...items(state.Branches), state.ItemProcessor, state.Iterator].filter((one) => one !== undefined);
  return {
    name,
    type,
    ...(detail !== undefined && { detail }),
    waits: textOf(state.Resource)?.endsWith('.waitForTaskToken') ?? false,
    retries: items(state.Retry).map(members).map(retryText),
    transitions: transitionsOf(state),
    ends: state.End === true || ENDING.includes(type),
    branches: inner.map(machineGraph),
  };
}

/** How many states follow at most, as far as nothing fails: the longest way is drawn straight. */
function longestWay(nodes: ReadonlyMap<string, StateNode>): (name: string) => number {
  const known = new Map<string, number>();
  const open = new Set<string>();
  const lengthOf = (name: string): number => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const node = nodes.get(name);
    // What is open is on the way here: a loop.
    if (node === undefined || open.has(name)) return 0;
    open.add(name);
    const ways = node.transitions.filter(({ kind }) => kind !== 'catch').map(({ to }) => lengthOf(to));
    open.delete(name);
    const length = 1 + Math.max(0, ...ways);
    known.set(name, length);
    return length;
  };
  return lengthOf;
}

/**
 * The order to draw in: depth first, backwards. Who is visited last comes next, so the longest way is visited last. What only
 * errors lead to comes below everything else, the sooner the last of those errors can happen; what nothing leads to comes last.
 */
function drawingOrder(startAt: string, nodes: ReadonlyMap<string, StateNode>): StateNode[] {
  const lengthOf = longestWay(nodes);
  const seen = new Set<string>();
  const below = (from: string): StateNode[] => {
    const left: StateNode[] = [];
    const visit = (name: string): void => {
      const node = nodes.get(name);
      if (node === undefined || seen.has(name)) return;
      seen.add(name);
      const ways = node.transitions.filter(({ kind }) => kind !== 'catch').reverse();
      for (const { to } of ways.sort((a, b) => lengthOf(a.to) - lengthOf(b.to))) visit(to);
      left.push(node);
    };
    visit(from);
    return left.reverse();
  };
  const order = below(startAt);
  for (let next = firstCaught(order, seen, nodes); next !== undefined; next = firstCaught(order, seen, nodes)) {
    order.push(...below(next));
  }
  return [...order, ...[...nodes.values()].filter(({ name }) => !seen.has(name))];
}

/** Of the states that errors lead to from here, the one whose last error can happen first. */
function firstCaught(
  order: readonly StateNode[],
  seen: ReadonlySet<string>,
  nodes: ReadonlyMap<string, StateNode>,
): string | undefined {
  const last = new Map<string, number>();
  order.forEach(({ transitions }, index) => {
    for (const { kind, to } of transitions) {
      if (kind === 'catch' && nodes.has(to) && !seen.has(to)) last.set(to, index);
    }
  });
  const [first] = [...last].sort(([, a], [, b]) => a - b);
  return first?.[0];
}

/**
 * Reads a definition in Amazon States Language into what is drawn of it. What it does not understand is left out: a picture
 * is no check.
 */
export function machineGraph(definition: unknown): MachineGraph {
  const { StartAt, States } = members(definition);
  const nodes = new Map(Object.entries(members(States)).map(([name, state]) => [name, nodeOf(name, state)]));
  const startAt = textOf(StartAt) ?? '';
  return { startAt, states: drawingOrder(startAt, nodes) };
}

/** All states of a machine, those in branches too, in the order in which they are drawn. */
export function allStates({ states }: MachineGraph): StateNode[] {
  return states.flatMap((state) => [state, ...state.branches.flatMap(allStates)]);
}
