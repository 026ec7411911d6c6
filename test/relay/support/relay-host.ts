import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SessionUse } from '../../../src/local/sts/endpoint';
import type { Fault, FaultService } from '../../../src/local/faults/fault';
import type { FaultCounts } from '../../../src/local/faults/fault-proxy';
import { copyExample, type ExampleCopy } from '../../support/example';

/** Where a relay can be reached. */
interface RelayFacts {
  readonly http: string;
  readonly rest: string;
  readonly iis: string;
  readonly issuer: string;
  /** Where the configuration has queues: as the app reaches them. */
  readonly sqs: string | undefined;
  /** Where the configuration has state machines: as the app reaches them. */
  readonly states: string | undefined;
  readonly logDirectory: string;
  readonly appLogFile: string;
}

/** A relay that runs in a process of its own, on a copy of the example. */
export interface TestRelay extends RelayFacts {
  signIn(username: string): Promise<string>;
  /** Exchanges a user's token for one in which the copilot acts for that user. */
  actFor(subjectToken: string): Promise<string>;
  /** The W3C log's path, once it holds every line so far. */
  iisLog(): Promise<string>;
  functionLog(name: string): Promise<string>;
  authorizerCalls(kind: 'http' | 'rest'): Promise<number>;
  /** What was done with sessions of the local STS. */
  sessionUses(): Promise<readonly SessionUse[]>;
  /** Switches faults of a service on, or with none off. */
  setFaults(service: FaultService, faults: readonly Fault[]): Promise<void>;
  faultCounts(service: FaultService): Promise<FaultCounts>;
  killApp(): Promise<void>;
  /** What the relay's own process printed. */
  printed(): string;
  stop(): Promise<void>;
}

/** Starts a relay; `prepare` changes the example first, which is `examples/invoices` unless another one is named. */
export async function startTestRelay(
  prepare: (copy: ExampleCopy) => void = () => {},
  example?: string,
): Promise<TestRelay> {
  const copy = copyExample(undefined, example);
  prepare(copy);
  const child = fork(path.join(__dirname, 'host.js'), { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const ended = once(child, 'exit');
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (printed += String(chunk)));
  let lastId = 0;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each command has an answer of its own
  const call = (command: string, ...args: unknown[]): Promise<any> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      const onExit = (): void => reject(new Error(`The relay's process ended:\n${printed}`));
      const onMessage = (message: { id: number; value?: unknown; error?: string }): void => {
        if (message.id !== id) return;
        child.off('message', onMessage).off('exit', onExit);
        if (message.error === undefined) resolve(message.value);
        else reject(new Error(message.error));
      };
      child.on('message', onMessage).on('exit', onExit);
      child.send({ id, command, args });
    });
  const end = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await ended;
    copy.remove();
  };
  const logDirectory = copy.folder('logs');
  const facts: RelayFacts = await call('start', { configFile: copy.configFile, logDirectory }).catch(
    async (error: unknown) => {
      await end();
      throw error;
    },
  );
  return {
    ...facts,
    signIn: (username) => call('signIn', username),
    actFor: (subjectToken) => call('actFor', subjectToken),
    iisLog: () => call('iisLog'),
    functionLog: (name) => call('functionLog', name),
    authorizerCalls: (kind) => call('authorizerCalls', kind),
    sessionUses: () => call('sessionUses'),
    setFaults: (service, faults) => call('setFaults', service, faults),
    faultCounts: (service) => call('faultCounts', service),
    killApp: () => call('killApp'),
    printed: () => printed,
    stop: () => call('stop').finally(end),
  };
}

/** The lines of a file that are JSON objects. */
export function jsonLines(file: string): Record<string, unknown>[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Every file below a folder with its text, by its path from there. */
export function readTree(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, file).split(path.sep).join('/'), readFileSync(file, 'utf8')];
    }),
  );
}

/** The files in which one of the tokens stands, whole or by its signature, or anything that looks like a signed token. */
export function filesWithTokens(files: ReadonlyMap<string, string>, tokens: readonly string[]): string[] {
  const marks = tokens.flatMap((token) => [token, token.slice(token.lastIndexOf('.') + 1)]);
  const looksSigned = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}/;
  return [...files].flatMap(([name, text]) =>
    looksSigned.test(text) || marks.some((mark) => text.includes(mark)) ? [name] : [],
  );
}
