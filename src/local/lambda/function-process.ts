import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

import type { FunctionLog, InvocationLog } from './function-log';
import { functionEnvironment, type FunctionSettings } from './functions';
import type { FromProcess, FunctionError, ToProcess } from './messages';
import { OutputReader } from './output-reader';

/** How long a process may take until its handler is loaded, in milliseconds: Lambda's init phase. */
const INIT_TIMEOUT_MS = 10_000;

/** How one invocation ended in its process. */
export interface ProcessOutcome {
  /** The result as JSON text. */
  readonly payload?: string;
  readonly error?: FunctionError;
  readonly memoryBytes: number;
}

/** What comes back of a process: a message, or that it is gone. */
type Reply = FromProcess | { readonly type: 'gone'; readonly exit: string };

/** One execution environment of a function: its own process, one invocation at a time. */
export class FunctionProcess {
  /** Milliseconds from the start of the process until its handler was loaded. */
  initDurationMs: number | undefined;
  readonly #settings: FunctionSettings;
  readonly #child: ChildProcess;
  readonly #readers: readonly OutputReader[];
  readonly #log: FunctionLog;
  #invocationLog: InvocationLog | undefined;
  #gone = false;

  constructor(settings: FunctionSettings, runtimeFile: string, log: FunctionLog, logStreamName: string) {
    this.#settings = settings;
    this.#log = log;
    this.#child = fork(runtimeFile, [], {
      env: functionEnvironment(settings, logStreamName),
      // The parent's flags (a test runner's, a debugger's port) are not the function's.
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.once('exit', () => (this.#gone = true));
    const endMark = `\u0000${randomBytes(16).toString('hex')}\u0000`;
    this.#readers = [this.#child.stdout, this.#child.stderr].flatMap((stream) =>
      stream === null ? [] : [new OutputReader(stream, endMark, (line) => this.#writeLine(line))],
    );
    const { handlerFile, handlerName } = settings;
    this.#send({ type: 'load', handlerFile, handlerName, endMark });
  }

  /** Whether another invocation can run here. */
  get usable(): boolean {
    return !this.#gone && this.#child.connected;
  }

  /** Waits until the handler is loaded; gives the error where it cannot be. */
  async load(): Promise<FunctionError | undefined> {
    const startedAt = performance.now();
    const reply = await this.#reply(INIT_TIMEOUT_MS);
    if (reply?.type === 'ready') {
      this.initDurationMs = performance.now() - startedAt;
      return undefined;
    }
    await this.kill();
    if (reply?.type === 'unloadable') return reply.error;
    const errorMessage = reply?.type === 'gone' ? `Runtime exited with error: ${reply.exit}` : 'Init phase timed out';
    return { errorType: 'Runtime.ExitError', errorMessage };
  }

  /** Runs one invocation; a process that does not answer in time is killed. */
  async invoke(message: Extract<ToProcess, { type: 'invoke' }>, log: InvocationLog): Promise<ProcessOutcome> {
    this.#invocationLog = log;
    const { timeoutSeconds } = this.#settings;
    const pending = this.#reply(timeoutSeconds * 1000);
    this.#send(message);
    const reply = await pending;
    if (reply?.type === 'result' || reply?.type === 'failed') {
      await Promise.all(this.#readers.map((reader) => reader.nextMark()));
    } else {
      await this.kill();
    }
    this.#invocationLog = undefined;
    if (reply?.type === 'result') return { payload: reply.payload, memoryBytes: reply.memoryBytes };
    if (reply?.type === 'failed') return { error: reply.error, memoryBytes: reply.memoryBytes };
    const prefix = `RequestId: ${message.facts.awsRequestId} Error: `;
    const error =
      reply?.type === 'gone'
        ? { errorType: 'Runtime.ExitError', errorMessage: `${prefix}Runtime exited with error: ${reply.exit}` }
        : {
            errorType: 'Sandbox.Timedout',
            errorMessage: `${prefix}Task timed out after ${timeoutSeconds.toFixed(2)} seconds`,
          };
    return { error, memoryBytes: 0 };
  }

  /** Ends the process at once and waits until it and its output are gone. */
  async kill(): Promise<void> {
    const { stdout, stderr } = this.#child;
    const ends = [stdout, stderr].flatMap((stream) =>
      stream === null || stream.closed ? [] : [once(stream, 'close')],
    );
    if (!this.#gone) {
      ends.push(once(this.#child, 'exit'));
      this.#child.kill('SIGKILL');
    }
    await Promise.all(ends);
  }

  #send(message: ToProcess): void {
    // A failure to send shows as the end of the process, for which the reply is waiting anyway.
    this.#child.send(message, () => {});
  }

  /** The next message, the end of the process, or `undefined` when the time is up. */
  #reply(timeoutMs: number): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      const child = this.#child;
      const settle = (reply: Reply | undefined): void => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(reply);
      };
      const onMessage = (message: unknown): void => settle(message as FromProcess);
      const onExit = (code: number | null, signal: string | null): void =>
        settle({ type: 'gone', exit: signal === null ? `exit status ${String(code)}` : `signal: ${signal}` });
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      if (this.#gone) {
        onExit(child.exitCode, child.signalCode);
        return;
      }
      child.on('message', onMessage);
      child.on('exit', onExit);
    });
  }

  /** Output between invocations (a handler's module that prints while it is loaded) belongs to the function only. */
  #writeLine(line: string): void {
    if (this.#invocationLog === undefined) this.#log.write(line);
    else this.#invocationLog.write(line);
  }
}
