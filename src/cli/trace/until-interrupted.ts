/** Closing a terminal's window is SIGHUP, on Windows too; Ctrl-Break exists there only. */
const SIGNALS: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  ...(process.platform === 'win32' ? (['SIGBREAK'] as const) : []),
];

/** What a shell expects of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Runs work that Ctrl-C ends in good order: the work is told by the signal, cleans up and throws the signal's reason, and
 * the exit code says so. What else it throws went wrong, Ctrl-C or not. A second Ctrl-C ends the process at once.
 */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const control = new AbortController();
  const interrupt = (): void => {
    if (control.signal.aborted) process.exit(INTERRUPTED);
    control.abort();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    await work(control.signal);
  } catch (error) {
    if (!control.signal.aborted || error !== control.signal.reason) throw error;
    console.error('baton: interrupted; nothing half written was left behind.');
    process.exitCode = INTERRUPTED;
  } finally {
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}
