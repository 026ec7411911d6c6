import { runInContext } from '../context/storage';
import { callerFields } from '../core/audited';
import { BatonError, tokenInvalid } from '../core/errors';
import type { ContextRecord } from '../core/request-context';
import { refusalAdvice } from '../policy/refusal-advice';
import { approvalOf } from '../policy/workflow-document';
import { decidableStates } from './approver';
import { catchUp, type Batch, type Watcher } from './followed-run';
import type { Followers } from './followers';
import type { WorkflowRules } from './prepare';
import { openRun, type LookTerms, type OpenedRun, type WorkflowRun } from './run';
import type { WorkflowEvent } from './run-event';
import { runNotFound } from './run-id';

/** Options of `workflows.events()`. */
export interface FollowOptions {
  /** The last event that is known: those behind it come. Default 0: all, from the start. */
  readonly afterEventId?: number;
  /** Ends the following, quietly. */
  readonly signal?: AbortSignal;
}

/** The events of a run, as they come. Iterate once; each look at the history waits until the last event was taken. */
export interface WorkflowEvents extends AsyncIterable<WorkflowEvent, void, void> {
  /**
   * Whether the caller may follow the run: what the iteration begins with as well.
   * @returns how the run stood
   * @throws BatonError as `run()`
   */
  opened(): Promise<Pick<WorkflowRun, 'status'>>;
}

/** What a run is followed with. */
export interface FollowTerms {
  /** Those of the moment: the policy may change while a run is followed. */
  readonly look: () => LookTerms;
  readonly followers: Followers;
}

/** How often it is asked whether the caller may still follow the run, in milliseconds. */
const CHECK_EVERY_MS = 1000;

/** A run that its caller may follow, at least at first. */
interface Following {
  readonly run: OpenedRun;
  readonly rules: WorkflowRules;
}

/**
 * Follows a run for the caller of the work at hand.
 * @param record the context of that work, which the iteration may be outside of
 */
export function followRun(
  id: string,
  { afterEventId = 0, signal }: FollowOptions,
  terms: FollowTerms,
  record: ContextRecord | undefined,
): WorkflowEvents {
  const inContext = <T>(work: () => T): T => (record === undefined ? work() : runInContext(record, work));
  const open = (): Promise<Following> =>
    inContext(async () => {
      const look = terms.look();
      return { run: await openRun(id, 'follow', look), rules: look.rules };
    });
  let opening: Promise<Following> | undefined;
  return {
    opened: async () => ({ status: (await (opening ??= open())).run.described.status ?? 'RUNNING' }),
    [Symbol.asyncIterator]: () =>
      (async function* () {
        const following = await (opening ??= open());
        const again = async (): Promise<void> => {
          await open();
        };
        yield* eventsOf(following, { afterEventId, signal }, terms, again);
      })(),
  };
}

async function* eventsOf(
  following: Following,
  { afterEventId, signal }: { readonly afterEventId: number; readonly signal: AbortSignal | undefined },
  terms: FollowTerms,
  openAgain: () => Promise<void>,
): AsyncGenerator<WorkflowEvent, void, void> {
  const { run } = following;
  const ending = new AbortController();
  const end = (): void => ending.abort(ENDED);
  if (signal?.aborted) return;
  signal?.addEventListener('abort', end, { once: true });
  const check = (): void => checkRights(following, terms.look());
  const stopChecking = checkAgainAndAgain(check, terms.followers, ending);
  try {
    for await (const { events } of batchesOf(run, afterEventId, terms, ending.signal)) {
      for (const event of events) {
        check();
        yield event;
        ending.signal.throwIfAborted();
      }
      if (run.as === 'approver' && events.some((event) => isAnswer(event, run, terms))) await openAgain();
    }
  } catch (thrown) {
    if (thrown !== ENDED) throw thrown;
  } finally {
    stopChecking();
    signal?.removeEventListener('abort', end);
  }
}

/** The reason of who does not want to follow any more: no error. */
const ENDED = new Error('The following was ended.');

function checkAgainAndAgain(check: () => void, { timers }: Followers, ending: AbortController): () => void {
  let forget = (): void => undefined;
  const next = (): void => {
    forget = timers.after(CHECK_EVERY_MS, () => {
      try {
        check();
        next();
      } catch (thrown) {
        ending.abort(thrown);
      }
    });
  };
  next();
  return () => forget();
}

/** Up to the run's end: of what is read for all who follow it, or by itself where that is further already. */
async function* batchesOf(
  { arn, workflow, sdk, signIn }: OpenedRun,
  afterEventId: number,
  { look, followers }: FollowTerms,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  const what = { executionArn: arn, workflow, document: () => look().rules.policy.workflows[workflow] ?? {} };
  const watcher: Watcher = { signIn: async () => ({ sdk, client: await signIn() }) };
  const { run, leave } = followers.join(what, watcher);
  let afterId = afterEventId;
  try {
    for (;;) {
      const batch = await run.next(watcher, afterId, signal);
      if (batch?.isOver === true) return;
      if (batch !== undefined) {
        yield batch;
        afterId = batch.upTo;
        continue;
      }
      for await (const missed of catchUp(what, await watcher.signIn(), { afterId, signal })) {
        yield missed;
        afterId = missed.upTo;
      }
    }
  } finally {
    leave();
  }
}

/** An approver follows a run while it waits for their decision. */
const isAnswer = (event: WorkflowEvent, { workflow }: OpenedRun, { look }: FollowTerms): boolean =>
  'state' in event &&
  event.type !== 'approval_pending' &&
  approvalOf(look().rules.policy.workflows[workflow], event.state) !== undefined;

/**
 * Holds what was allowed at first against the time, and against a policy that has changed since.
 * @throws BatonError `token_invalid` (`expired`), `permission_denied`, `run_not_found`
 */
function checkRights({ run, rules }: Following, { rules: { policy }, clock }: LookTerms): void {
  const { workflow, as, caller } = run;
  const { user, record } = caller;
  const endsAt = Math.min(user.expiresAt, user.authentication.providerExpiresAt ?? Infinity);
  if (clock() >= endsAt * 1000) {
    throw tokenInvalid(
      'expired',
      `"${workflow}" was followed until its caller's identity ended. The client needs a new token.`,
    );
  }
  if (policy === rules.policy) return;
  const document = Object.hasOwn(policy.workflows, workflow) ? policy.workflows[workflow] : undefined;
  if (document === undefined) throw runNotFound('The policy has this workflow no more.', 'workflow');
  const roles = [document.viewers ?? []].flat();
  const { allowed, reason } = policy.decidePermission(user, document.permission);
  const isAllowed =
    as === 'approver'
      ? decidableStates(document, { ...caller, record: { ...record, policy } }, policy).length > 0
      : allowed && (as === 'starter' || roles.some((role) => policy.decideRole(user, role).allowed));
  if (isAllowed) return;
  const { execution } = run;
  const look = { event: 'workflow_run', workflow, execution, action: 'follow', outcome: 'denied' } as const;
  record.audit.record({ ...look, reason, ...callerFields(user) });
  const advice = refusalAdvice(policy, reason, document.permission, user);
  throw new BatonError('permission_denied', `The policy refuses "${workflow}" now: ${reason}. ${advice}`, { reason });
}
