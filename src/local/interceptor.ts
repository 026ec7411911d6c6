import { appendFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LIFELINE_VARIABLE } from './lifeline';

// The script that stands between node and the app, with the side effects that iisnode's script has on every app: the app
// is not the main module, and with logging on its standard output goes to files, synchronously. Run by the local IIS as
// `node interceptor.js <app>`; loading it runs it.

/** Limits of the log files. */
interface LogLimits {
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
  readonly maxFiles: number;
}

function run(): void {
  endWithParent();
  process.argv.splice(1, 1);
  const app = process.argv[1];
  if (app === undefined) throw new Error('The interceptor needs the path of the app as its argument.');
  if (process.env['IISNODE_LOGGINGENABLED'] === '1') {
    redirectOutput(dirname(app));
    endOnUncaughtException();
  }
  require(app);
}

function endWithParent(): void {
  const descriptor = process.env[LIFELINE_VARIABLE];
  if (descriptor === undefined) return;
  delete process.env[LIFELINE_VARIABLE];
  const lifeline = new Socket({ fd: Number(descriptor) });
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  lifeline.on('error', end).on('close', end).resume();
  lifeline.unref();
}

/** Sends what is written to standard output and standard error to files; nothing reaches the real descriptors. */
function redirectOutput(appDirectory: string): void {
  // iisnode's script reads this odd spelling, which is the same variable on Windows only.
  const configured = process.env['IISNODE_logDirECTORY'] ?? process.env['IISNODE_LOGDIRECTORY'] ?? 'iisnode';
  const directory = resolve(appDirectory, configured);
  const kilobytes = (name: string, fallback: number): number => 1024 * (Number(process.env[name]) || fallback);
  const limits: LogLimits = {
    maxFileBytes: kilobytes('IISNODE_MAXLOGFILESIZEINKB', 128),
    maxTotalBytes: kilobytes('IISNODE_MAXTOTALLOGFILESIZEINKB', 1024),
    maxFiles: Number(process.env['IISNODE_MAXLOGFILES']) || 20,
  };
  for (const name of ['stdout', 'stderr'] as const) {
    const append = makeAppender(directory, name, limits);
    // The result is undefined and a callback is never called: apps that wait for either wait for ever, as under iisnode.
    const write = (data?: string | Uint8Array, encoding?: BufferEncoding): void => {
      if (data !== undefined) append(data, typeof encoding === 'string' ? encoding : 'utf8');
    };
    Object.assign(process[name], { write, end: write });
  }
}

/** Appends to a log file that is opened, written and closed each time, and followed by a new one when it is full. */
function makeAppender(
  directory: string,
  stream: string,
  limits: LogLimits,
): (data: string | Uint8Array, encoding: BufferEncoding) => void {
  const computer = process.env['COMPUTERNAME'] ?? hostname();
  let file: string | undefined;
  let size = 0;
  return (data, encoding) => {
    if (file === undefined || size > limits.maxFileBytes) {
      mkdirSync(directory, { recursive: true });
      removeOldest(directory, limits);
      file = join(directory, `${computer}-${process.pid}-${stream}-${Date.now()}.txt`);
      size = 0;
    }
    // Every line end, even that of an existing CR LF, which becomes CR CR LF.
    const bytes = typeof data === 'string' ? Buffer.from(data.replaceAll('\n', '\r\n'), encoding) : data;
    appendFileSync(file, bytes);
    size += bytes.length;
  };
}

/** Makes room before a new file. It counts every file of the directory, so it removes those of the app there as well. */
function removeOldest(directory: string, limits: LogLimits): void {
  const files = readdirSync(directory)
    .map((name) => ({ path: join(directory, name), stats: statSync(join(directory, name), { throwIfNoEntry: false }) }))
    .flatMap(({ path, stats }) => (stats?.isFile() ? [{ path, size: stats.size, modifiedMs: stats.mtimeMs }] : []))
    .sort((a, b) => a.modifiedMs - b.modifiedMs);
  let total = files.reduce((sum, { size }) => sum + size, 0);
  while (files.length > 0 && (total > limits.maxTotalBytes || files.length > limits.maxFiles)) {
    const oldest = files.shift();
    if (oldest === undefined) return;
    rmSync(oldest.path, { force: true });
    total -= oldest.size;
  }
}

/** Acts only as the last resort: an app that listens itself has decided otherwise. */
function endOnUncaughtException(): void {
  process.on('uncaughtException', (error: unknown) => {
    if (process.listenerCount('uncaughtException') > 1) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`The app threw an exception that nothing caught, and was ended:\n${text}\n`);
    process.exit(1);
  });
}

run();
