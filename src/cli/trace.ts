import { athenaText } from '../trace/athena/athena';
import { openEngine } from '../trace/engine/engine';
import { readTraceArguments, type TraceArguments } from './trace/arguments';
import { LeftHalfWritten, loadLogs } from './trace/load';
import { ProgressBar } from './trace/progress';
import { showReport, showRequest } from './trace/show';
import { untilInterrupted } from './trace/until-interrupted';

/** `baton trace`: reads the logs of gateway, IIS, app and functions, joins them, and says what they show. */
export async function trace(args: readonly string[]): Promise<void> {
  const read = readTraceArguments(args);
  if (read === undefined) return;
  if (read.athena !== undefined) return console.log(athenaText(read.athena));
  await untilInterrupted((signal) => run(read, signal));
}

async function run(read: TraceArguments, signal: AbortSignal): Promise<void> {
  const { memory, threads, spillFolder } = read;
  const engine = await openEngine({ memory, threads, spillFolder });
  const progress = new ProgressBar(process.stderr);
  const interrupt = (): void => engine.interrupt();
  signal.addEventListener('abort', interrupt);
  try {
    await loadLogs(engine, read, progress, signal);
    await (read.id === undefined
      ? showReport(engine, read, progress, signal)
      : showRequest(engine, read.id, read, progress));
  } catch (error) {
    // What was interrupted fails in its own way; why is in the signal.
    if (!(error instanceof LeftHalfWritten)) signal.throwIfAborted();
    throw error;
  } finally {
    progress.clear();
    await engine.close();
  }
}
