import type { Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import type { KeyFinder } from '../../jws/keys';
import type { AuditTrail } from '../../logging/audit-trail';
import type { HandOverDocument } from '../../policy/document';
import type { Policy } from '../../policy/policy';
import type { RequestBudget } from '../request-budget';
import type { SfnAccess } from '../sfn-client';
import type { CursorFile } from './cursor-file';
import { ExpressFollower } from './express';
import { Ledger } from './ledger';
import type { LogsAccess } from './logs-client';
import { auditedWorkflows, machineOf, standardMachines, type AuditedWorkflows } from './machines';
import { StandardFollower } from './standard';

/** What one pass of the auditor came to. */
export interface AuditPass {
  /** Lines that were written. */
  readonly lines: number;
  /** Executions whose history was asked for. */
  readonly executions: number;
  /** Executions that had not ended. */
  readonly open: number;
  /** The age of the oldest transition when it was written, in milliseconds: how far behind the auditor was. */
  readonly lagMs: number;
  readonly durationMs: number;
  /** Requests to AWS. */
  readonly requests: number;
  /** How many of them AWS throttled. */
  readonly throttled: number;
  /** What could not be listed or read; it is tried again with the next pass. */
  readonly failures: number;
  /** Executions whose history AWS had no more before it was read. */
  readonly lost: number;
}

/** What an auditor is made of. */
export interface Workshop {
  readonly policy: () => Policy;
  readonly keys: () => KeyFinder;
  readonly audit: AuditTrail;
  readonly cursorFile: string;
  readonly sfn: () => SfnAccess;
  readonly logs: () => LogsAccess;
  readonly budgets: { readonly sfn: RequestBudget; readonly logs: RequestBudget };
  readonly pollIntervalMs: number;
  readonly causeCharacters: number;
  readonly names: readonly string[] | undefined;
  readonly sinceMs: number | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** By what hand-overs are verified. @throws BatonError `policy_invalid` */
export function handOverOf({ handOver }: Policy): HandOverDocument {
  if (handOver !== undefined) return handOver;
  const problems = [{ pointer: '/handOver', message: 'is missing' }];
  const message = 'The policy says nothing of hand-overs: createWorkflowAuditor() needs /handOver.';
  throw new BatonError('policy_invalid', message, { problems });
}

/** An auditor that has the cursor. */
export class Session {
  readonly #workshop: Workshop;
  readonly #signal: AbortSignal;
  readonly #cursor: CursorFile;
  readonly #ledger: Ledger;
  #standard: StandardFollower | undefined;
  #express: ExpressFollower | undefined;
  #policy: Policy | undefined;

  private constructor(workshop: Workshop, cursor: CursorFile, signal: AbortSignal) {
    this.#workshop = workshop;
    this.#signal = signal;
    this.#cursor = cursor;
    this.#ledger = new Ledger(workshop.audit, cursor, workshop);
  }

  /** @throws BatonError `audit_cursor_*` */
  static async begin(workshop: Workshop, cursor: CursorFile, signal: AbortSignal): Promise<Session> {
    const session = new Session(workshop, cursor, signal);
    try {
      await session.#ledger.readBack(workshop.logger);
      return session;
    } catch (thrown) {
      cursor.close();
      throw thrown;
    }
  }

  async pass(): Promise<AuditPass> {
    const { clock, names, budgets } = this.#workshop;
    const ledger = this.#ledger;
    const before = { lines: ledger.lines, at: clock(), ...counted(budgets) };
    ledger.takeLagMs();
    const { standard, express, workflows } = this.#followers(names);
    let failures = await standard.discover(standardMachines(workflows));
    const looks = await standard.look();
    failures += looks.failures + (await this.#lookAtLogs(express, workflows));
    await ledger.save();
    const now = counted(budgets);
    return {
      lines: ledger.lines - before.lines,
      executions: looks.looked,
      open: ledger.open().length,
      lagMs: Math.round(ledger.takeLagMs()),
      durationMs: clock() - before.at,
      requests: now.requests - before.requests,
      throttled: now.throttles - before.throttles,
      failures,
      lost: looks.lost,
    };
  }

  async #lookAtLogs(express: ExpressFollower, workflows: AuditedWorkflows): Promise<number> {
    let failures = 0;
    for (const workflow of workflows.followed) {
      const { logGroup } = workflow.document;
      if (workflow.document.type !== 'EXPRESS' || logGroup === undefined) continue;
      try {
        await express.look(workflow, logGroup, machineOf(workflow, workflows));
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof BatonError && /^(audit_|peer_)/.test(error.code)) throw error;
        failures += 1;
        const message = `The log group of "${workflow.name}" cannot be read`;
        this.#workshop.logger.error(message, {
          type: 'workflow_audit',
          outcome: 'failing',
          workflow: workflow.name,
          error,
        });
      }
    }
    return failures;
  }

  /** What was read in part is read again when the policy is another. */
  #followers(names: readonly string[] | undefined) {
    const policy = this.#workshop.policy();
    if (this.#standard === undefined || this.#express === undefined || this.#policy !== policy) {
      const { sfn, logs, budgets, keys, logger, clock, pollIntervalMs, sinceMs } = this.#workshop;
      const shared = {
        ledger: this.#ledger,
        handOver: handOverOf(policy),
        keys: keys(),
        logger,
        clock,
        signal: this.#signal,
      };
      const { sdk, client } = sfn();
      const reader = { sdk, client: client(undefined), budget: budgets.sfn };
      this.#standard = new StandardFollower({ ...shared, reader, pollIntervalMs, sinceMs: sinceMs ?? -Infinity });
      this.#express = new ExpressFollower({ ...shared, access: logs, budget: budgets.logs, sinceMs });
      this.#policy = policy;
    }
    return { standard: this.#standard, express: this.#express, workflows: auditedWorkflows(policy, names) };
  }

  /** What was written after a pass that failed belongs to the cursor all the same. */
  async end(): Promise<void> {
    try {
      await this.#ledger.save();
    } finally {
      this.#cursor.close();
    }
  }
}

const counted = ({ sfn, logs }: Workshop['budgets']): { requests: number; throttles: number } => ({
  requests: sfn.requests + logs.requests,
  throttles: sfn.throttles + logs.throttles,
});
