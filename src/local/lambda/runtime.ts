import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

import { lambdaContext, type LambdaContext } from './context';
import type { FromProcess, FunctionError, ToProcess } from './messages';

/*
 * Runs in a function's own process and does what Lambda's Node.js runtime does there: loads the handler, calls it for one
 * invocation after the other, gives `console` its log format.
 */

type Callback = (error?: unknown, result?: unknown) => void;
type Handler = (event: unknown, context: LambdaContext, callback: Callback) => unknown;

let handler: Handler | undefined;
let endMark = '';
let requestId = '';

function send(message: FromProcess): void {
  process.send?.(message);
}

function describe(thrown: unknown): FunctionError {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  const trace = (thrown.stack ?? '').split('\n').map((line) => line.trim());
  return { errorType: thrown.name, errorMessage: thrown.message, trace };
}

/** Lambda's text format: time, request ID, level and message, parted by tabs; a message of many lines stays one entry. */
function formatConsole(): void {
  const levels = { debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, string][]) {
    console[method] = (...parts: unknown[]) => {
      const text = format(...parts).replaceAll('\n', '\r');
      process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
    };
  }
}

async function load(handlerFile: string, handlerName: string): Promise<void> {
  let loaded: Record<string, unknown>;
  try {
    loaded = (await import(pathToFileURL(handlerFile).href)) as Record<string, unknown>;
  } catch (thrown) {
    send({ type: 'unloadable', error: { ...describe(thrown), errorType: 'Runtime.ImportModuleError' } });
    return;
  }
  // A CommonJS module arrives as the default export; names of its own are only those that Node could read off the text.
  const fallback = loaded['default'] as Record<string, unknown> | undefined;
  const found = loaded[handlerName] ?? fallback?.[handlerName];
  if (typeof found !== 'function') {
    const errorMessage = `${handlerName} is undefined or not exported`;
    send({ type: 'unloadable', error: { errorType: 'Runtime.HandlerNotFound', errorMessage, trace: [] } });
    return;
  }
  handler = found as Handler;
  send({ type: 'ready' });
}

/** Calls the handler in either of its styles: one that names a callback has three parameters. */
function call(event: unknown, context: LambdaContext): Promise<unknown> {
  const current = handler;
  if (current === undefined) return Promise.reject(new Error('The handler is not loaded.'));
  return new Promise((resolve, reject) => {
    const callback: Callback = (error, result) => {
      if (error === undefined || error === null) resolve(result);
      else reject(error instanceof Error ? error : new Error(format('%s', error)));
    };
    const returned = current(event, context, callback);
    if (current.length < 3 || returned instanceof Promise) resolve(returned);
  });
}

async function invoke({ event, facts, traceHeader }: Extract<ToProcess, { type: 'invoke' }>): Promise<void> {
  process.env['_X_AMZN_TRACE_ID'] = traceHeader;
  requestId = facts.awsRequestId;
  let message: FromProcess;
  try {
    const result = await call(JSON.parse(event), lambdaContext(facts, Date.now));
    const payload = JSON.stringify(result === undefined ? null : result);
    message = { type: 'result', payload, memoryBytes: process.memoryUsage.rss() };
  } catch (thrown) {
    const error = describe(thrown);
    console.error('Invoke Error', JSON.stringify(error));
    message = { type: 'failed', error, memoryBytes: process.memoryUsage.rss() };
  }
  // The marks say that all output of this invocation is out: messages and pipes race each other.
  process.stdout.write(endMark);
  process.stderr.write(endMark);
  send(message);
}

formatConsole();
process.on('message', (message: ToProcess) => {
  if (message.type === 'load') {
    endMark = message.endMark;
    void load(message.handlerFile, message.handlerName);
  } else {
    void invoke(message);
  }
});
// Without its parent, a function's process has nothing to do; it would stay behind for ever.
process.on('disconnect', () => process.exit(0));
