import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Most of an invocation's log that `LogType: Tail` returns, in bytes. */
const TAIL_BYTES = 4 * 1024;

/** A function's log file; one line at a time, so that processes of one function do not tear each other's lines. */
export class FunctionLog {
  readonly file: string;

  constructor(directory: string, functionName: string) {
    mkdirSync(directory, { recursive: true });
    this.file = join(directory, `${functionName}.log`);
    appendFileSync(this.file, '');
  }

  write(line: string): void {
    appendFileSync(this.file, `${line}\n`);
  }
}

/** What is reported of an invocation when it is over. */
export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  /** Only of the first invocation of a process. */
  readonly initDurationMs?: number;
  readonly memoryMegabytes: number;
  readonly memoryUsedBytes: number;
  readonly traceHeader: string;
}

/** One invocation's part of a function's log. */
export class InvocationLog {
  readonly #log: FunctionLog;
  readonly #lines: string[] = [];

  constructor(log: FunctionLog, requestId: string, version: string) {
    this.#log = log;
    this.write(`START RequestId: ${requestId} Version: ${version}`);
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#log.write(line);
  }

  /** Writes END and REPORT in Lambda's shape: parts of REPORT are parted by tabs. */
  end(report: Report): void {
    this.write(`END RequestId: ${report.requestId}`);
    const megabytes = Math.ceil(report.memoryUsedBytes / 1024 / 1024);
    const init = report.initDurationMs === undefined ? [] : [`Init Duration: ${report.initDurationMs.toFixed(2)} ms`];
    const root = /(?:^|;)\s*Root=([^;]+)/.exec(report.traceHeader)?.[1];
    const parts = [
      `REPORT RequestId: ${report.requestId}`,
      `Duration: ${report.durationMs.toFixed(2)} ms`,
      `Billed Duration: ${String(Math.ceil(report.durationMs))} ms`,
      `Memory Size: ${String(report.memoryMegabytes)} MB`,
      `Max Memory Used: ${String(megabytes)} MB`,
      ...init,
      ...(root === undefined ? [] : [`XRAY TraceId: ${root}`]),
    ];
    this.write(parts.join('\t'));
  }

  /** The last 4 KB, in base64. */
  tail(): string {
    const bytes = Buffer.from(this.#lines.map((line) => `${line}\n`).join(''));
    return bytes.subarray(-TAIL_BYTES).toString('base64');
  }
}
