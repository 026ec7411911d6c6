import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent } from '../../src/core/logger';
import { createAuditTrail, type AuditTrail, type AuditTrailOptions } from '../../src/logging/audit-trail';
import { NOW } from './tokens';

/** The fields of one line of an audit file. */
export type AuditFields = Readonly<Record<string, unknown>>;

/** A folder with audit files that a test may spoil. */
export interface AuditFolder {
  readonly path: string;
  /** The name that trails are made with. */
  readonly file: string;
  trail(options?: Partial<AuditTrailOptions>): AuditTrail;
  /** The files, the oldest first. */
  files(): string[];
  /** The lines of one file, or of all. */
  lines(file?: string): AuditFields[];
  remove(): Promise<void>;
}

export const clock = (): number => NOW * 1000;

/** An event like those of the middleware, told apart by its number. */
export const eventOf = (number: number): AuditEvent => ({
  event: 'access',
  outcome: number % 7 === 0 ? 'denied' : 'allowed',
  subject: `entra:user-${number % 13}`,
  correlationId: `c-${number}`,
  transactionId: `txn-${number % 5}`,
  rule: '/routes/1',
  path: `/invoices/${number}`,
});

export function auditFolder(): AuditFolder {
  const path = mkdtempSync(join(tmpdir(), 'baton-audit-'));
  const file = join(path, 'audit.jsonl');
  const trails: AuditTrail[] = [];
  const files = (): string[] =>
    readdirSync(path)
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
      .map((name) => join(path, name));
  const linesOf = (name: string): AuditFields[] =>
    readFileSync(name, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AuditFields);
  return {
    path,
    file,
    trail(options = {}) {
      const trail = createAuditTrail({ file, clock, ...options });
      trails.push(trail);
      return trail;
    },
    files,
    lines: (name) => (name === undefined ? files().flatMap(linesOf) : linesOf(name)),
    async remove() {
      for (const trail of trails) await trail.close();
      rmSync(path, { recursive: true });
    },
  };
}

/** The lines of a file as text, changed by `change`, as a file of the same folder. */
export function rewrite(file: string, change: (lines: string[]) => void): void {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  change(lines);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
}
