import { inspect } from 'node:util';
import type { LogFields, Logger } from '../../src/core/logger';
import { createJsonLogger } from '../../src/logging/json-logger';

/** A logger that keeps its lines, as Baton's own logger writes them and as another logger would get them. */
export interface RecordingLogger extends Logger {
  /** The lines of Baton's JSON logger, which redacts. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** What was handed to the logger, before anything was redacted; errors with their causes. */
  readonly handed: readonly string[];
  /** The lines of one type: `audit`, `error`, `function` … */
  ofType(type: string): Readonly<Record<string, unknown>>[];
}

export function recordingLogger(): RecordingLogger {
  const lines: Record<string, unknown>[] = [];
  const handed: string[] = [];
  const json = createJsonLogger('debug', (line) => lines.push(JSON.parse(line)));
  const at =
    (level: keyof Logger) =>
    (message: string, fields?: LogFields): void => {
      handed.push(`${message} ${inspect(fields, { depth: 12, maxStringLength: null })}`);
      json[level](message, fields);
    };
  return {
    lines,
    handed,
    ofType: (type) => lines.filter((line) => line.type === type),
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
  };
}

/** What of `secret` stands in `text`: a run of 12 characters is enough to be one too many. */
export function leakOf(secret: string, text: string): string | undefined {
  for (let i = 0; i + 12 <= text.length; i++) {
    const run = text.slice(i, i + 12);
    if (/^[\w+/=-]+$/.test(run) && secret.includes(run)) return run;
  }
  return undefined;
}
