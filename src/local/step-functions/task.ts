import type { State } from './asl/definition';
import type { Scope } from './asl/json-path';
import { Aborted, runtimeError, StatesError } from './asl/states-error';
import { fillTemplate, lookUp } from './asl/template';
import type { Frame } from './frame';
import type { Integration } from './integrations';
import { checkSize, shown, type Run } from './run';
import type { PendingTask } from './task-tokens';

/** One try of a Task state. */
interface TaskTry {
  readonly run: Run;
  readonly frame: Frame;
  readonly state: State;
  /** With the input after `InputPath` as its data. */
  readonly scope: Scope;
  readonly signal: AbortSignal;
}

interface Limits {
  readonly timeoutInSeconds?: number;
  readonly heartbeatInSeconds?: number;
}

function seconds(fixed: number | undefined, path: string | undefined, field: string, scope: Scope): number | undefined {
  if (path === undefined) return fixed;
  const value = lookUp(path, field, scope);
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw runtimeError(`The ${field} parameter does not reference a positive whole number.`);
}

function readLimits({ state, scope }: TaskTry): Limits {
  const timeout = seconds(state.TimeoutSeconds, state.TimeoutSecondsPath, 'TimeoutSecondsPath', scope);
  const heartbeat = seconds(state.HeartbeatSeconds, state.HeartbeatSecondsPath, 'HeartbeatSecondsPath', scope);
  return {
    ...(timeout !== undefined && { timeoutInSeconds: timeout }),
    ...(heartbeat !== undefined && { heartbeatInSeconds: heartbeat }),
  };
}

function readRole({ state, scope }: TaskTry): string | undefined {
  if (state.Credentials === undefined) return undefined;
  const { RoleArn: roleArn } = fillTemplate(state.Credentials, scope) as { RoleArn: unknown };
  if (typeof roleArn === 'string' && /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(roleArn)) return roleArn;
  throw runtimeError('The Credentials do not name a role by its ARN.');
}

/** The events of one try: by a function's ARN they are `LambdaFunction…`, otherwise `Task…`. */
class TaskEvents {
  readonly #given: TaskTry;
  readonly #integration: Integration;

  constructor(given: TaskTry, integration: Integration) {
    this.#given = given;
    this.#integration = integration;
  }

  add(kind: string, details?: object): void {
    const { run, frame } = this.#given;
    const { direct, resource, resourceType } = this.#integration;
    const type = `${direct ? 'LambdaFunction' : 'Task'}${kind}`;
    const all = direct ? details : { resourceType, resource, ...details };
    frame.lastEventId = run.record(type, frame.lastEventId, all);
  }

  scheduled(parameters: unknown, { timeoutInSeconds, heartbeatInSeconds }: Limits, roleArn: string | undefined): void {
    const { run } = this.#given;
    const { direct, resource } = this.#integration;
    this.add('Scheduled', {
      ...(direct
        ? { resource, ...shown('input', parameters) }
        : { region: run.region, parameters: JSON.stringify(parameters) }),
      ...(timeoutInSeconds !== undefined && { timeoutInSeconds }),
      ...(!direct && heartbeatInSeconds !== undefined && { heartbeatInSeconds }),
      ...(roleArn !== undefined && { taskCredentials: { roleArn } }),
    });
  }

  ended({ error, cause }: StatesError): void {
    const kind = error === 'States.Timeout' ? 'TimedOut' : 'Failed';
    this.add(kind, { error, ...(cause !== undefined && { cause }) });
  }
}

/** Ends a try that takes too long, or that sends no heartbeat for too long. */
class Watch {
  readonly #controller = new AbortController();
  readonly #forget: (() => void)[] = [];

  constructor(
    { run, signal }: TaskTry,
    { timeoutInSeconds, heartbeatInSeconds }: Limits,
    ticket: PendingTask | undefined,
  ) {
    const end = (reason: Error) => () => this.#controller.abort(reason);
    const onAbort = (): void => this.#controller.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#forget.push(() => signal.removeEventListener('abort', onAbort));
    if (timeoutInSeconds !== undefined) {
      this.#forget.push(run.timers.after(timeoutInSeconds * 1000, end(new StatesError('States.Timeout'))));
    }
    if (heartbeatInSeconds === undefined) return;
    const missed = end(new StatesError('States.Timeout', undefined, 'States.HeartbeatTimeout'));
    let forget = run.timers.after(heartbeatInSeconds * 1000, missed);
    this.#forget.push(() => forget());
    if (ticket === undefined) return;
    ticket.onHeartbeat = () => {
      forget();
      forget = run.timers.after(heartbeatInSeconds * 1000, missed);
    };
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The work, or the reason for its end if that comes first. */
  async orEnd<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort = (): void => undefined;
    const ended = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason as Error);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      // What the work says of its own end is worth less than why it was ended.
      throw signal.aborted ? (signal.reason as Error) : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  stop(): void {
    for (const forget of this.#forget) forget();
  }
}

/**
 * Runs one try of a Task: calls, waits for the token's answer where it is asked to, and writes what happens into the history.
 * @returns the task's result
 * @throws StatesError; Aborted
 */
export async function runTask(given: TaskTry): Promise<unknown> {
  const { run, frame, state } = given;
  const integration = run.integration(state.Resource ?? '');
  const ticket = integration.waitsForToken ? run.tokens.issue(run.executionArn) : undefined;
  try {
    const scope = withToken(given.scope, ticket);
    const parameters = state.Parameters === undefined ? scope.data : fillTemplate(state.Parameters, scope);
    return await attempt({ ...given, scope }, integration, parameters, ticket);
  } catch (error) {
    if (error instanceof StatesError || error instanceof Aborted) throw error;
    throw new StatesError('States.TaskFailed', `The state '${frame.state}' failed: ${String(error)}`);
  } finally {
    ticket?.close();
  }
}

function withToken(scope: Scope, ticket: PendingTask | undefined): Scope {
  if (ticket === undefined) return scope;
  return { ...scope, context: { ...(scope.context as object), Task: { Token: ticket.token } } };
}

async function attempt(
  given: TaskTry,
  integration: Integration,
  parameters: unknown,
  ticket: PendingTask | undefined,
): Promise<unknown> {
  const { run, frame } = given;
  const limits = readLimits(given);
  const roleArn = readRole(given);
  const events = new TaskEvents(given, integration);
  events.scheduled(parameters, limits, roleArn);
  const watch = new Watch(given, limits, ticket);
  try {
    events.add('Started');
    const { executionArn, executionRoleArn, traceHeader } = run;
    const called = integration.call({
      parameters,
      roleArn,
      executionArn,
      executionRoleArn,
      traceHeader,
      signal: watch.signal,
    });
    let result = await watch.orEnd(called);
    if (ticket !== undefined) {
      events.add('Submitted', shown('output', result));
      result = await watch.orEnd(ticket.answer);
    }
    checkSize(frame.state, result);
    events.add('Succeeded', shown('output', result));
    return result;
  } catch (error) {
    if (error instanceof StatesError) events.ended(error);
    throw error;
  } finally {
    watch.stop();
  }
}
