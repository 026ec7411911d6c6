import type { Logger, LogFields } from '../../core/logger';
import { signerFromEnvironment } from '../../keys/environment-signer';
import { createAuditTrail, type AuditTrail } from '../../logging/audit-trail';
import { createWorkflowAuditor, type WorkflowAuditor } from '../../workflows/auditor/auditor';
import type { AuditPass } from '../../workflows/auditor/session';
import { readArguments, usageErrorOf } from '../arguments';
import { printable } from '../../core/printable';

const USAGE = `Usage: baton workflows audit --policy baton.policy.json --trail audit.jsonl --cursor file [--once] [--json]

Follows the executions of the policy's workflows and writes each of their transitions into the audit trail, once. It goes
on until Ctrl-C; with --once it reads each execution to its present end, for a scheduler. Region and credentials are those
that the AWS SDK finds; BATON_AUDIT_KEY or BATON_AUDIT_KEY_FILE signs the trail's checkpoints.

  --policy     the policy file; the one that BATON_POLICY names where it is left out
  --trail      what the files of the trail are named after
  --cursor     file that keeps how far the trail is; one auditor at a time has it, others stand by
  --workflow   only this workflow of the policy; may be given several times
  --since      executions that began before are left out: 2026-11-01 or 2026-11-01T08:00:00Z
  --interval   seconds between two passes; 10 where it is left out
  --rate       requests to AWS a second at most; 5 where it is left out
  --once       one pass
  --json       prints each pass as a line of JSON

The exit code is 1 if a pass could not list or read something, or came too late for a history.`;

const OPTIONS = {
  policy: { type: 'string' },
  trail: { type: 'string' },
  cursor: { type: 'string' },
  workflow: { type: 'string', multiple: true },
  since: { type: 'string' },
  interval: { type: 'string', default: '10' },
  rate: { type: 'string', default: '5' },
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

const usageError = usageErrorOf(USAGE);

function numberOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  throw usageError(`--${name} must be a number from ${min} to ${max}, not "${text}".`);
}

function dateOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = /^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text) ? new Date(text) : new Date(NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw usageError(`--since must be a date such as 2026-11-01 or 2026-11-01T08:00:00Z, not "${text}".`);
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

/** A pass as a line for people. */
function passText({ lines, executions, open, lagMs, requests, throttled, failures, lost }: AuditPass): string {
  const facts = [
    `${count(lines, 'transition')} of ${count(executions, 'execution')}`,
    `${open} open`,
    `${(lagMs / 1000).toFixed(1)} s behind`,
    count(requests, 'request'),
    ...(throttled > 0 ? [`throttled ${throttled} times`] : []),
    ...(failures > 0 ? [count(failures, 'failure')] : []),
    ...(lost > 0 ? [`${count(lost, 'execution')} LOST: AWS has the history no more`] : []),
  ];
  return facts.join(', ');
}

/** Prints what the auditor says; a pass that wrote nothing is said by nobody. */
function printer(json: boolean): Logger {
  const say = (message: string, fields: LogFields = {}): void => {
    const { error, ...rest } = fields;
    const why = error instanceof Error ? error.message : undefined;
    const text = json ? JSON.stringify({ message, ...rest, ...(why !== undefined && { why }) }) : undefined;
    process.stderr.write(`${text ?? printable(why === undefined ? message : `${message}: ${why}`)}\n`);
  };
  return {
    error: (message, fields) => {
      process.exitCode = 1;
      say(message, fields);
    },
    warn: say,
    info: (message, fields = {}) => {
      if (fields.type !== 'workflow_audit') return;
      if (fields.outcome === 'passed') print(fields as unknown as AuditPass, json);
      else say(message, fields);
    },
    debug: () => undefined,
  };
}

function print(pass: AuditPass, json: boolean): void {
  if (pass.failures > 0 || pass.lost > 0) process.exitCode = 1;
  const { lines, executions, open, lagMs, durationMs, requests, throttled, failures, lost } = pass;
  const shown = { lines, executions, open, lagMs, durationMs, requests, throttled, failures, lost };
  console.log(json ? JSON.stringify(shown) : passText(pass));
}

/** Runs until somebody asks it to end. */
function followUntilAsked(auditor: WorkflowAuditor): Promise<void> {
  auditor.start();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
      auditor.stop().then(resolve, reject);
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  });
}

function openTrail(file: string): AuditTrail {
  const { BATON_AUDIT_KEY: key, BATON_AUDIT_KEY_FILE: keyFile } = process.env;
  const signer = key || keyFile ? signerFromEnvironment('BATON_AUDIT_KEY') : undefined;
  return createAuditTrail({ file, ...(signer && { signer }) });
}

/** `baton workflows audit`: writes what happens in workflows into the audit trail. */
export async function audit(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: [] });
  if (parsed === undefined) return;
  const { policy, trail: file, cursor, workflow, once, json, ...values } = parsed.values;
  if (file === undefined || cursor === undefined) throw usageError('--trail and --cursor must be given.');
  const since = dateOf(values.since);
  const pollIntervalMs = Math.round(numberOf('interval', values.interval, 0.1, 3600) * 1000);
  const requestsPerSecond = numberOf('rate', values.rate, 0.1, 1000);
  const trail = openTrail(file);
  try {
    const auditor = createWorkflowAuditor({
      ...{ audit: trail, cursorFile: cursor, pollIntervalMs, requestsPerSecond, logger: printer(json) },
      ...(policy !== undefined && { policy }),
      ...(workflow !== undefined && { workflows: workflow }),
      ...(since !== undefined && { since }),
    });
    if (once) await auditor.once();
    else await followUntilAsked(auditor);
  } finally {
    await trail.close();
  }
}
