import { setTimeout as timer } from 'node:timers/promises';
import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, unknownName, wholeNumber } from '../../core/options';
import { onDrain } from '../../core/process-hooks';
import { keySourceAt } from '../../keys/source';
import { environmentTrail } from '../../logging/audit-environment';
import type { AuditTrail } from '../../logging/audit-trail';
import { defaultLogger } from '../../logging/winston-logger';
import type { Policy } from '../../policy/policy';
import { livePolicy } from '../../policy/process-policy';
import { lazily } from '../lazily';
import { RequestBudget } from '../request-budget';
import { sfnAccess } from '../sfn-client';
import { CursorFile, isTaken } from './cursor-file';
import { logsAccess } from './logs-client';
import { handOverOf, Session, type AuditPass, type Workshop } from './session';

/** Options of {@link createWorkflowAuditor}. */
export interface WorkflowAuditorOptions {
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  /** The trail that gets the lines: {@link createAuditTrail}. Default: the one that `BATON_AUDIT_FILE` asks for. */
  readonly audit?: AuditTrail;
  /** File that keeps how far the trail is: on a local disk, outside the web root. One auditor at a time has it. */
  readonly cursorFile: string;
  /** Passed to the SDK's `new SFNClient()`: region, credentials, endpoint; not how often it tries. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
  /** Passed to the SDK's `new CloudWatchLogsClient()`, for Express workflows. */
  readonly logsClientConfig?: Readonly<Record<string, unknown>>;
  /** How long it waits between two passes, in milliseconds. Default 10,000. */
  readonly pollIntervalMs?: number;
  /** How much it asks of AWS at most, a second; the quota is the account's. Default 5, up to 1000. */
  readonly requestsPerSecond?: number;
  /**
   * Names of the policy's workflows that it follows. Default: all. Workflows can be versions and aliases of one state machine:
   * an execution of which nobody can say which it is counts as the first one that is followed, and a name that is added later
   * is followed from then on where its state machine was followed before.
   */
  readonly workflows?: readonly string[];
  /** Executions that began before are left out. Default: all that AWS has, for 90 days; of Express those of the last day. */
  readonly since?: Date;
  /** So much of an error's cause is written, in characters; 0: nothing. Default 1024. */
  readonly causeCharacters?: number;
  readonly logger?: Logger;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

/** Writes what happens in workflows into the audit trail. */
export interface WorkflowAuditor {
  /**
   * Begins to follow, and goes on until {@link WorkflowAuditor.stop}. Where another auditor has the cursor, it stands by and
   * takes over when that one ends.
   *
   * @throws BatonError `audit_cursor_damaged`, `audit_cursor_unavailable`, `option_invalid`, `peer_missing`
   */
  start(): void;
  /** Ends: what was read is written, and the cursor is free. */
  stop(): Promise<void>;
  /**
   * One pass: each execution is read to its present end.
   * @throws BatonError `audit_cursor_damaged`, `audit_cursor_unavailable` (`busy`: another auditor has it), `audit_unwritable`
   */
  once(): Promise<AuditPass>;
}

const OWNER = 'createWorkflowAuditor()';
const DEFAULT_POLL_MS = 10_000;
const DEFAULT_REQUESTS_PER_SECOND = 5;
const DEFAULT_CAUSE_CHARACTERS = 1024;
/** A pass that wrote nothing is told this often at least. */
const QUIET_MS = 60_000;

class Auditor implements WorkflowAuditor {
  readonly #workshop: Workshop;
  #running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined;
  #toldAtMs = -Infinity;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const cursor = this.#open();
    const controller = new AbortController();
    const undo = onDrain(() => this.stop());
    const ended = this.#run(cursor, controller.signal).finally(undo);
    this.#running = { controller, ended };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    running.controller.abort();
    await running.ended;
    this.#running = undefined;
  }

  async once(): Promise<AuditPass> {
    const session = await Session.begin(
      this.#workshop,
      new CursorFile(this.#workshop.cursorFile),
      new AbortController().signal,
    );
    try {
      const pass = await session.pass();
      this.#tell(pass);
      return pass;
    } finally {
      await session.end();
    }
  }

  /** The cursor; undefined where another auditor has it. */
  #open(): CursorFile | undefined {
    try {
      return new CursorFile(this.#workshop.cursorFile);
    } catch (thrown) {
      if (isTaken(thrown)) return undefined;
      throw thrown;
    }
  }

  async #run(first: CursorFile | undefined, signal: AbortSignal): Promise<void> {
    const { logger, pollIntervalMs, cursorFile } = this.#workshop;
    if (first === undefined) {
      const message = `Another auditor has the cursor ${cursorFile}: this one stands by`;
      logger.info(message, { type: 'workflow_audit', outcome: 'stands_by' });
    }
    for (let cursor = first; !signal.aborted;) {
      try {
        cursor ??= this.#open();
        if (cursor !== undefined) await this.#follow(cursor, signal);
      } catch (error) {
        if (!signal.aborted) this.#failed(error);
      }
      cursor = undefined;
      await pauseUnless(signal, pollIntervalMs);
    }
  }

  /** Until the end, or something that only a new beginning mends. */
  async #follow(cursor: CursorFile, signal: AbortSignal): Promise<void> {
    const session = await Session.begin(this.#workshop, cursor, signal);
    try {
      while (!signal.aborted) {
        this.#tell(await session.pass());
        await pauseUnless(signal, this.#workshop.pollIntervalMs);
      }
    } finally {
      await session.end();
    }
  }

  #failed(error: unknown): void {
    const message = 'The audit of workflows failed; it begins again';
    this.#workshop.logger.error(message, { type: 'workflow_audit', outcome: 'failing', error });
  }

  #tell(pass: AuditPass): void {
    const { logger, clock } = this.#workshop;
    const isNews = pass.lines > 0 || pass.failures > 0 || pass.lost > 0;
    if (!isNews && clock() - this.#toldAtMs < QUIET_MS) return;
    this.#toldAtMs = clock();
    logger.info('Workflows audited', { type: 'workflow_audit', outcome: 'passed', ...pass });
  }
}

/** Waits, or ends with the signal. */
async function pauseUnless(signal: AbortSignal, ms: number): Promise<void> {
  await timer(ms, undefined, { signal }).catch(() => undefined);
}

/** @throws BatonError `option_invalid` */
function rateOf(value: unknown): number {
  const rate = value ?? DEFAULT_REQUESTS_PER_SECOND;
  if (typeof rate === 'number' && rate >= 0.1 && rate <= 1000) return rate;
  throw new BatonError('option_invalid', `${OWNER}: option "requestsPerSecond" must be a number from 0.1 to 1000.`);
}

/** @throws BatonError `option_invalid` */
function trailOf(audit: AuditTrail | undefined, logger: Logger): AuditTrail {
  const trail = audit ?? environmentTrail(logger);
  const isTrail = typeof trail?.append === 'function' && typeof trail.sync === 'function';
  if (isTrail) return trail;
  const message = `${OWNER}: option "audit" must be what createAuditTrail() gives, or BATON_AUDIT_FILE must name the trail's file: what was written must be readable again.`;
  throw new BatonError('option_invalid', message);
}

/** @throws BatonError `option_invalid`, `workflow_unknown` */
function checkNames(names: unknown, { workflows }: Policy): void {
  if (names === undefined) return;
  if (!Array.isArray(names)) throw new BatonError('option_invalid', `${OWNER}: option "workflows" must be a list.`);
  for (const name of names as readonly unknown[]) {
    if (Object.hasOwn(workflows, String(name))) continue;
    const what = unknownName(String(name), Object.keys(workflows));
    throw new BatonError('workflow_unknown', `${OWNER}: the policy's workflow ${what}.`);
  }
}

/** @throws BatonError `option_invalid` */
function sinceOf(since: unknown): number | undefined {
  if (since === undefined) return undefined;
  if (since instanceof Date && !Number.isNaN(since.getTime())) return since.getTime();
  throw new BatonError('option_invalid', `${OWNER}: option "since" must be a Date.`);
}

/**
 * Makes what follows the executions of the policy's workflows and writes each of their transitions into the audit trail,
 * once: with who started it, verified, and the request's correlation ID. Executions that were started round Baton are
 * followed as well; their lines have `verified: false`.
 *
 * Standard workflows are read from their histories, which needs the package `@aws-sdk/client-sfn`; Express workflows from the
 * log group that `/workflows/…/logGroup` names, which needs `@aws-sdk/client-cloudwatch-logs`.
 *
 * @throws BatonError at start: `policy_missing`, `policy_unreadable`, `policy_invalid`, `option_invalid`, `option_unknown`,
 *   `workflow_unknown`
 *
 * @example
 * ```ts
 * const audit = createAuditTrail({ file: '..\\logs\\workflows.jsonl' });
 * const auditor = createWorkflowAuditor({ audit, cursorFile: '..\\data\\workflows.cursor' });
 * auditor.start();
 * ```
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
 */
export function createWorkflowAuditor(options: WorkflowAuditorOptions): WorkflowAuditor {
  checkOptionNames(OWNER, options, {
    policy: true,
    audit: true,
    cursorFile: true,
    clientConfig: true,
    logsClientConfig: true,
    pollIntervalMs: true,
    requestsPerSecond: true,
    workflows: true,
    since: true,
    causeCharacters: true,
    logger: true,
    clock: true,
  });
  const { cursorFile, clientConfig = {}, logger = defaultLogger(), clock = systemClock, workflows: names } = options;
  if (typeof cursorFile !== 'string' || cursorFile === '') {
    throw new BatonError('option_invalid', `${OWNER}: option "cursorFile" must be the path of a file.`);
  }
  const limits = { fallback: DEFAULT_POLL_MS, min: 10, max: 3_600_000 };
  const pollIntervalMs = wholeNumber(OWNER, 'pollIntervalMs', options.pollIntervalMs, limits);
  const causeLimits = { fallback: DEFAULT_CAUSE_CHARACTERS, min: 0, max: 32_768 };
  const causeCharacters = wholeNumber(OWNER, 'causeCharacters', options.causeCharacters, causeLimits);
  const requestsPerSecond = rateOf(options.requestsPerSecond);
  const live = livePolicy(options.policy);
  const policy = live.derive((given) => {
    handOverOf(given);
    return given;
  });
  const keys = live.derive((given) => {
    const { keys: location, algorithms } = handOverOf(given);
    return lazily(() => keySourceAt(location, { algorithms, clock, logger }));
  });
  checkNames(names, policy());
  const sinceMs = sinceOf(options.since);
  return new Auditor({
    ...{ policy, keys: () => keys()(), audit: trailOf(options.audit, logger), cursorFile, names, sinceMs },
    ...{ sfn: sfnAccess(clientConfig), logs: logsAccess(options.logsClientConfig ?? {}) },
    budgets: { sfn: new RequestBudget({ requestsPerSecond }), logs: new RequestBudget({ requestsPerSecond }) },
    ...{ pollIntervalMs, causeCharacters, logger, clock },
  });
}
