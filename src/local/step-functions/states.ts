import { pause } from '../../core/timers';
import { timestampMs, holds } from './asl/choice';
import type { ChoiceRule, State } from './asl/definition';
import { putAt, readPath, type Scope } from './asl/json-path';
import { runtimeError, StatesError } from './asl/states-error';
import { Attempts, catcherOf } from './asl/retry';
import { fillTemplate, lookUp } from './asl/template';
import { currentState, newFrame, type Frame } from './frame';
import { runGroup, type GroupEvents } from './group';
import { checkSize, shown, type Run } from './run';
import { runTask } from './task';

/** What a state came to: where to go on, with what. */
interface Outcome {
  readonly output: unknown;
  readonly next: string | undefined;
  readonly assigned?: Readonly<Record<string, unknown>>;
}

/** One try of a state. */
interface Try {
  readonly run: Run;
  readonly frame: Frame;
  readonly state: State;
  readonly signal: AbortSignal;
  /** The context object and the variables; `data` is the state's input. */
  readonly scope: Scope;
  readonly attempts: Attempts;
}

/** `$$` for a state. */
function contextOf(run: Run, frame: Frame, state: State, attempts: Attempts): object {
  const canRetry = state.Type === 'Task' || state.Type === 'Parallel' || state.Type === 'Map';
  return {
    ...run.context,
    State: {
      Name: frame.state,
      EnteredTime: new Date(frame.enteredAtMs ?? 0).toISOString(),
      ...(canRetry && { RetryCount: attempts.count }),
    },
    ...(frame.item && { Map: { Item: frame.item } }),
  };
}

function applyPath(path: string | null | undefined, field: string, data: unknown, scope: Scope): unknown {
  if (path === null) return {};
  return path === undefined || path === '$' ? data : lookUp(path, field, { ...scope, data });
}

/** The state's input after `InputPath` and, where asked, `Parameters`. */
function effectiveInput({ state, scope }: Pick<Try, 'state' | 'scope'>, withParameters = true): unknown {
  const data = applyPath(state.InputPath, 'InputPath', scope.data, scope);
  if (!withParameters || state.Parameters === undefined) return data;
  return fillTemplate(state.Parameters, { ...scope, data });
}

function putResult(path: string | null | undefined, input: unknown, result: unknown): unknown {
  if (path === null) return input;
  if (path === undefined || path === '$') return result;
  const reference = readPath(path);
  const put = reference && putAt(reference, input, result);
  if (put === undefined) {
    const cause = `Unable to apply step "${path}" to input ${JSON.stringify(input)}`;
    throw new StatesError('States.ResultPathMatchFailure', cause);
  }
  return put.value;
}

function assign(template: unknown, data: unknown, scope: Scope): Pick<Outcome, 'assigned'> {
  if (template === undefined) return {};
  return { assigned: fillTemplate(template, { ...scope, data }) as Record<string, unknown> };
}

/** From a result to what the next state is given: `ResultSelector`, `ResultPath`, `OutputPath`. */
function withResult({ state, scope }: Try, result: unknown): Outcome {
  const selected =
    state.ResultSelector === undefined ? result : fillTemplate(state.ResultSelector, { ...scope, data: result });
  const combined = putResult(state.ResultPath, scope.data, selected);
  const output = applyPath(state.OutputPath, 'OutputPath', combined, scope);
  return { output, next: state.Next, ...assign(state.Assign, result, scope) };
}

function choose({ frame, state, scope }: Try): Outcome {
  const data = effectiveInput({ state, scope });
  const seen = { ...scope, data };
  const rule: ChoiceRule | undefined = state.Choices?.find((candidate) => holds(candidate, seen));
  const next = rule?.Next ?? state.Default;
  if (next === undefined) {
    const cause = `Failed to transition out of the state '${frame.state}'. The input did not match any choice rule, and there is no Default.`;
    throw new StatesError('States.NoChoiceMatched', cause);
  }
  const output = applyPath(state.OutputPath, 'OutputPath', data, scope);
  return { output, next, ...assign(rule === undefined ? state.Assign : rule.Assign, data, scope) };
}

function waitMs({ run, state, scope }: Try, data: unknown): number {
  const seen = { ...scope, data };
  if (state.Seconds !== undefined) return state.Seconds * 1000;
  if (state.SecondsPath !== undefined) {
    const seconds = lookUp(state.SecondsPath, 'SecondsPath', seen);
    if (typeof seconds === 'number' && seconds >= 0) return seconds * 1000;
    throw runtimeError('The SecondsPath parameter does not reference a valid number of seconds.');
  }
  const until = state.Timestamp ?? lookUp(state.TimestampPath ?? '$', 'TimestampPath', seen);
  const untilMs = timestampMs(until);
  if (Number.isNaN(untilMs))
    throw runtimeError(
      'The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string.',
    );
  return Math.max(0, untilMs - run.timers.now());
}

async function wait(given: Try): Promise<Outcome> {
  const { run, state, signal, scope } = given;
  const data = effectiveInput(given, false);
  await pause(run.timers, waitMs(given, data), signal);
  const output = applyPath(state.OutputPath, 'OutputPath', data, scope);
  return { output, next: state.Next, ...assign(state.Assign, data, scope) };
}

function fail({ state, scope }: Try): never {
  const text = (fixed: string | undefined, path: string | undefined, field: string): string | undefined => {
    if (path === undefined) return fixed;
    const value = (fillTemplate({ 'value.$': path }, scope) as { value: unknown }).value;
    if (typeof value === 'string') return value;
    throw runtimeError(`The ${field} parameter does not reference a string.`);
  };
  const error = text(state.Error, state.ErrorPath, 'ErrorPath');
  throw new StatesError(error ?? '', text(state.Cause, state.CausePath, 'CausePath'));
}

/** Runs the branches, or goes on with those that a redrive finds unfinished. */
async function parallel(given: Try): Promise<unknown> {
  const { run, frame, state, signal } = given;
  if (frame.children === undefined) {
    const input = effectiveInput(given);
    frame.lastEventId = run.record('ParallelStateStarted', frame.lastEventId);
    frame.children = (state.Branches ?? []).map((branch) => newFrame(branch, structuredClone(input), frame));
  }
  await runGroup({ run, frame, children: frame.children, concurrency: Infinity, signal, runFrame });
  frame.lastEventId = run.record('ParallelStateSucceeded', frame.lastEventId);
  return frame.children.map(({ output }) => output?.value);
}

/** An inline Map without a limit of its own runs so many iterations at a time. Source: developer guide, "Inline mode". */
const INLINE_CONCURRENCY = 40;

function itemsOf({ state, scope }: Try, data: unknown): Frame['item'][] {
  const items = applyPath(state.ItemsPath, 'ItemsPath', data, scope);
  if (!Array.isArray(items)) throw runtimeError('The ItemsPath of the Map state does not reference a list.');
  return items.map((Value: unknown, Index) => ({ Index, Value }));
}

function iterations(given: Try): Frame[] {
  const { run, frame, state, scope } = given;
  const processor = state.ItemProcessor ?? state.Iterator;
  if (processor === undefined) throw runtimeError('The Map state has no ItemProcessor.');
  const data = effectiveInput(given, false);
  const items = itemsOf(given, data);
  const selector = state.ItemSelector ?? state.Parameters;
  frame.lastEventId = run.record('MapStateStarted', frame.lastEventId, { length: items.length });
  return items.map((item) => {
    const seen = { ...scope, data, context: { ...(scope.context as object), Map: { Item: item } } };
    return newFrame(processor, selector === undefined ? item?.Value : fillTemplate(selector, seen), frame, item);
  });
}

async function map(given: Try): Promise<unknown> {
  const { run, frame, state, scope, signal } = given;
  frame.children ??= iterations(given);
  const limit =
    state.MaxConcurrencyPath === undefined
      ? state.MaxConcurrency
      : lookUp(state.MaxConcurrencyPath, 'MaxConcurrencyPath', scope);
  const concurrency = typeof limit === 'number' && limit > 0 ? limit : INLINE_CONCURRENCY;
  const name = frame.state;
  const event =
    (kind: string) =>
    (child: Frame): void => {
      child.lastEventId = run.record(`MapIteration${kind}`, child.lastEventId, { name, index: child.item?.Index ?? 0 });
    };
  const events: GroupEvents = { started: event('Started'), succeeded: event('Succeeded'), iterationOf: name };
  await runGroup({ run, frame, children: frame.children, concurrency, signal, events, runFrame });
  frame.lastEventId = run.record('MapStateSucceeded', frame.lastEventId);
  return frame.children.map(({ output }) => output?.value);
}

async function tryState(given: Try): Promise<Outcome> {
  const { run, frame, state, scope, signal } = given;
  switch (state.Type) {
    case 'Pass': {
      const input = effectiveInput(given);
      return withResult(given, state.Result === undefined ? input : state.Result);
    }
    case 'Succeed': {
      const output = applyPath(state.OutputPath, 'OutputPath', effectiveInput(given), scope);
      return { output, next: undefined };
    }
    case 'Choice':
      return choose(given);
    case 'Wait':
      return wait(given);
    case 'Fail':
      return fail(given);
    case 'Task':
      return withResult(
        given,
        await runTask({ run, frame, state, scope: { ...scope, data: effectiveInput(given, false) }, signal }),
      );
    case 'Parallel':
      return withResult(given, await parallel(given));
    case 'Map':
      return withResult(given, await map(given));
  }
}

/** Tries a state as often as its retriers say, and takes a catcher's way where one takes the error. */
async function runState(run: Run, frame: Frame, signal: AbortSignal): Promise<Outcome> {
  const state = currentState(frame);
  const attempts = new Attempts();
  for (;;) {
    const context = contextOf(run, frame, state, attempts);
    const scope: Scope = { data: frame.input, context, variables: frame.variables };
    try {
      const outcome = await tryState({ run, frame, state, signal, scope, attempts });
      checkSize(frame.state, outcome.output);
      return outcome;
    } catch (error) {
      if (!(error instanceof StatesError)) throw error;
      const delayMs = attempts.next(state.Retry, error);
      if (delayMs === undefined) return caught(state, scope, error);
      await pause(run.timers, delayMs, signal);
      // A redrive may have the frame by now.
      if (signal.aborted) throw signal.reason as Error;
      frame.children = undefined;
    }
  }
}

function caught(state: State, scope: Scope, error: StatesError): Outcome {
  const catcher = catcherOf(state.Catch, error);
  if (catcher === undefined) throw error;
  const result = { Error: error.error, Cause: error.cause ?? '' };
  const output = putResult(catcher.ResultPath, scope.data, result);
  return { output, next: catcher.Next, ...assign(catcher.Assign, result, scope) };
}

function enter(run: Run, frame: Frame, { Type: type }: State): void {
  if (frame.enteredAtMs !== undefined) return;
  const details = { name: frame.state, ...shown('input', frame.input) };
  frame.lastEventId = run.record(`${type}StateEntered`, frame.lastEventId, details);
  frame.enteredAtMs = run.timers.now();
  frame.enteredEventId = frame.lastEventId;
}

function leave(run: Run, frame: Frame, { Type: type }: State, { output, assigned }: Outcome): void {
  const kept =
    assigned && Object.fromEntries(Object.entries(assigned).map(([name, value]) => [name, JSON.stringify(value)]));
  frame.lastEventId = run.record(`${type}StateExited`, frame.lastEventId, {
    name: frame.state,
    ...shown('output', output),
    ...(kept && { assignedVariables: kept, assignedVariablesDetails: { truncated: false } }),
  });
  frame.enteredAtMs = undefined;
  frame.children = undefined;
  if (assigned) frame.variables = { ...frame.variables, ...assigned };
}

/** The cause as AWS words it: which state it was, and the event by which it was entered. */
function located(frame: Frame, error: unknown): unknown {
  if (!(error instanceof StatesError) || error.error !== 'States.Runtime' || error.cause?.startsWith('An error'))
    return error;
  const where = `An error occurred while executing the state '${frame.state}' (entered at the event id #${frame.enteredEventId}).`;
  return runtimeError(`${where} ${error.cause ?? ''}`);
}

/**
 * Runs a line of states to its end.
 * @throws StatesError that nothing caught; Aborted
 */
export async function runFrame(run: Run, frame: Frame, signal: AbortSignal): Promise<void> {
  while (frame.output === undefined) {
    const state = currentState(frame);
    enter(run, frame, state);
    let outcome: Outcome;
    try {
      outcome = await runState(run, frame, signal);
    } catch (error) {
      throw located(frame, error);
    }
    leave(run, frame, state, outcome);
    if (outcome.next === undefined) frame.output = { value: outcome.output };
    else [frame.state, frame.input] = [outcome.next, outcome.output];
    // A loop of states that wait for nothing must not keep everybody else waiting.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted) throw signal.reason as Error;
  }
}
