import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './wait';

/** A Node process that a test started, with what it printed so far. */
export interface NodeRun {
  readonly pid: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  signal(name: NodeJS.Signals): void;
  /** Waits until standard output holds the text; fails where the process ends before. */
  prints(text: string): Promise<void>;
  /** The live processes of its group: itself, and everything that it started. */
  family(): readonly number[];
  /** Ends all of them. For `afterEach`: harmless where nothing is left. */
  end(): Promise<void>;
}

export interface NodeRunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another Node than the one that runs the tests. */
  readonly command?: string;
}

/** Signals that a process can answer and process groups exist on POSIX only. */
export const itOnPosix: jest.It = process.platform === 'win32' ? it.skip : it;

/** The tests' own environment without what would change what Node or Baton does. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(?:BATON_|NODE_|AWS_|JEST_)/.test(name));
  return Object.fromEntries(entries);
}

/** Starts `node` with these arguments as the leader of a process group of its own. */
export function startNode(args: readonly string[], { cwd, env, command }: NodeRunOptions = {}): NodeRun {
  const child = spawn(command ?? process.execPath, args, {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve(code ?? signal));
  });
  const family = (): readonly number[] => groupMembers(child);
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return printed.stdout;
    },
    get stderr() {
      return printed.stderr;
    },
    ended,
    signal: (name) => void child.kill(name),
    async prints(text) {
      const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
      await waitFor(`"${text}" from ${args.join(' ')}`, () => printed.stdout.includes(text) || isOver());
      if (!printed.stdout.includes(text)) throw new Error(`It ended without printing "${text}":\n${printed.stderr}`);
    },
    family,
    async end() {
      for (const pid of family()) process.kill(pid, 'SIGKILL');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs `node` to its end; a run that takes longer than `timeoutMs` fails and is ended with all that it started. */
export async function runNode(
  args: readonly string[],
  options: NodeRunOptions = {},
  timeoutMs = 20_000,
): Promise<NodeRun & { readonly exit: number | NodeJS.Signals | null }> {
  const run = startNode(args, options);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void run.end();
  }, timeoutMs);
  const exit = await run.ended;
  clearTimeout(timer);
  const { stdout, stderr } = run;
  if (isLate) throw new Error(`It did not end in ${timeoutMs} ms: ${args.join(' ')}\n${stdout}\n${stderr}`);
  return { ...run, stdout, stderr, exit };
}

/** Processes that ended but were not waited for (in a container whose first process never does) are not alive. */
function groupMembers({ pid = 0 }: ChildProcess): number[] {
  if (process.platform === 'win32') return [];
  if (!existsSync('/proc/self/stat')) return answersTo(-pid) ? [pid] : [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const [state, , group] = readStat(name);
      return group === String(pid) && state !== 'Z';
    })
    .map(Number);
}

/** The fields of `/proc/<pid>/stat` after the name, which may hold blanks: state, parent, group. */
function readStat(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function answersTo(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
