import { randomBytes } from 'node:crypto';

import { FunctionLog } from './function-log';
import { FunctionProcess } from './function-process';
import type { FunctionSettings } from './functions';
import type { FunctionError } from './messages';

/** A process that is ready, and whether it was just started for this invocation. */
export interface Lease {
  readonly process: FunctionProcess;
  readonly fresh: boolean;
}

/** The processes of one function: one that is free is used again, another one starts when all are busy, up to a bound. */
export class FunctionPool {
  readonly log: FunctionLog;
  readonly logStreamName: string;
  readonly settings: FunctionSettings;
  readonly #runtimeFile: string;
  readonly #maxConcurrency: number;
  readonly #idle: FunctionProcess[] = [];
  readonly #all = new Set<FunctionProcess>();
  #busy = 0;
  #stopped = false;

  constructor(settings: FunctionSettings, runtimeFile: string, logDirectory: string, maxConcurrency: number) {
    this.settings = settings;
    this.#runtimeFile = runtimeFile;
    this.#maxConcurrency = maxConcurrency;
    this.log = new FunctionLog(logDirectory, settings.name);
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
    this.logStreamName = `${day}/[$LATEST]${randomBytes(16).toString('hex')}`;
  }

  /** A process to run one invocation in, an error where none can be started, `throttled` where all allowed ones are busy. */
  async lease(): Promise<Lease | FunctionError | 'throttled'> {
    if (this.#stopped || this.#busy >= this.#maxConcurrency) return 'throttled';
    this.#busy += 1;
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.usable) return { process: idle, fresh: false };
      this.#all.delete(idle);
    }
    const started = new FunctionProcess(this.settings, this.#runtimeFile, this.log, this.logStreamName);
    this.#all.add(started);
    const error = await started.load();
    if (error === undefined) return { process: started, fresh: true };
    this.#all.delete(started);
    this.#busy -= 1;
    return error;
  }

  /** Gives a process back after its invocation. */
  release(process: FunctionProcess): void {
    this.#busy -= 1;
    if (process.usable && !this.#stopped) this.#idle.push(process);
    else this.#all.delete(process);
  }

  /** Ends all processes, busy ones too. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#all].map((process) => process.kill()));
    this.#all.clear();
  }
}
