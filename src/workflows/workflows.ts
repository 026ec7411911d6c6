import { currentRecord } from '../context/storage';
import { systemClock, type Clock } from '../core/clock';
import type { AwsCredentials, CallerCredentials } from '../core/credentials';
import { BatonError } from '../core/errors';
import { checkOptionNames, wholeNumber } from '../core/options';
import { systemTimers } from '../core/timers';
import type { Signer } from '../jws/sign';
import type { KeyFinder } from '../jws/keys';
import { signerFromEnvironment } from '../keys/environment-signer';
import { keySourceAt } from '../keys/source';
import { defaultLogger } from '../logging/winston-logger';
import type { WorkflowDocument } from '../policy/document';
import { livePolicy } from '../policy/process-policy';
import type { Policy } from '../policy/policy';
import { decideApproval } from './decide';
import type { ApprovalDecision } from './decision';
import { followRun, type FollowOptions, type WorkflowEvents } from './follow';
import { Followers } from './followers';
import { lazily } from './lazily';
import { measuredStart, standardOutcome } from './measured';
import { prepareStart, rulesOf, workflowNamed, type PreparedStart, type WorkflowRules } from './prepare';
import { sfnAccess, type SfnAccess } from './sfn-client';
import { cancelRun, seeRun, type LookTerms, type WorkflowRun } from './run';
import { startExecution, startSyncExecution, type SendTerms, type StartedExecution } from './start';

/** Options of {@link createWorkflows}. */
export interface WorkflowsOptions {
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  /** Signs hand-over tokens. Default: the private JWK in `BATON_HAND_OVER_KEY`, or in the file `BATON_HAND_OVER_KEY_FILE`. */
  readonly signer?: Signer;
  /** Passed to the SDK's `new SFNClient()`: region, credentials, endpoint; not how often it tries. */
  readonly clientConfig?: Readonly<Record<string, unknown>>;
  /** Gives each call the credentials of its caller. Default: what the SDK finds, or `clientConfig` says. */
  readonly credentials?: CallerCredentials;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

/** Options of one start. */
export interface StartOptions {
  /**
   * The same caller's same key is the same execution, however often it is started: 1 to 128 visible ASCII characters.
   * Default: a new one.
   */
  readonly idempotencyKey?: string;
  /** Ends the wait; the execution may run on. */
  readonly signal?: AbortSignal;
}

/** Starts state machines as the caller of the work at hand. */
export interface Workflows {
  /**
   * Starts the policy's workflow `name`, of type Standard, and does not wait for its end.
   *
   * The caller's permission is decided here, and again in each step that a function does. The input gets a member
   * `caller`: a hand-over token that is good for this one execution with this one input, the correlation ID and the trace.
   * Under the same idempotency key, by the same caller and with the same input, it is the same execution, running or over.
   *
   * @param input a JSON object without a member `caller`; at most 262,144 bytes with it
   * @throws BatonError `identity_missing`, `token_invalid` (the caller's identity has ended), `permission_denied`,
   *   `workflow_unknown`, `work_invalid`, `payload_invalid`, `payload_too_large`, `idempotency_conflict` (the key was used
   *   with another input), `workflow_throttled`, `workflow_access_denied`, `workflow_timeout`, `workflow_unavailable`
   *
   * @example
   * ```ts
   * const { id } = await workflows.start('approve-invoice', { invoice: 7 }, { idempotencyKey: 'invoice-7' });
   * ```
   * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
   */
  start(name: string, input: unknown, options?: StartOptions): Promise<StartedExecution>;
  /**
   * Runs the policy's workflow `name`, of type Express, and gives its output. It is started once: Express workflows know no
   * second start of the same execution, and the idempotency key only names it.
   *
   * @throws BatonError as `start()`, and `workflow_failed`, `workflow_timeout`
   *
   * @example
   * ```ts
   * const quote = await workflows.startSync('quote-invoice', { invoice: 7 });
   * ```
   * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
   */
  startSync(name: string, input: unknown, options?: StartOptions): Promise<unknown>;
  /**
   * How an execution of a Standard workflow stands: the states passed, with times, attempts and errors. For who started it,
   * and for the roles of `/workflows/…/viewers`; both need the workflow's permission. And, while
   * a state waits for their decision, for whoever may make it.
   *
   * @param id of `start()`
   * @throws BatonError `identity_missing`, `permission_denied`, `run_not_found`, `workflow_throttled`,
   *   `workflow_access_denied`, `workflow_unavailable`
   * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
   *
   * @example
   * ```ts
   * const { status, currentStates } = await workflows.run(id);
   * ```
   */
  run(id: string): Promise<WorkflowRun>;
  /**
   * What happens to an execution of a Standard workflow, as it happens: states entered and left, attempts and their errors,
   * approvals, redrives, the end. For whom `run()` is, and only as long as that holds: with the caller's identity, and with a
   * right that a new version of the policy takes away, it ends.
   *
   * However many follow a run, its history is read once; every second where something happens, less and less often (up to 15 s)
   * where nothing does, and the seldomer the more runs are followed. The next events are asked for when the last was taken.
   *
   * @param id of `start()`
   * @throws BatonError at once `option_invalid`, `option_unknown`; while it is iterated as `run()`, and `token_invalid`,
   *   `permission_denied`, `run_not_found` when the caller may follow no longer
   * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
   *
   * @example
   * ```ts
   * for await (const event of workflows.events(id)) {
   *   if (event.type === 'state_entered') console.log(event.state);
   * }
   * ```
   */
  events(id: string, options?: FollowOptions): WorkflowEvents;
  /**
   * Ends an execution of a Standard workflow; for who started it. One that has ended stays as it is.
   *
   * @throws BatonError as `run()`
   * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
   *
   * @example
   * ```ts
   * await workflows.cancel(id);
   * ```
   */
  cancel(id: string): Promise<void>;
  /**
   * Decides a state of an execution that waits for a person, as the caller: for whoever holds the permission of
   * `/workflows/…/approvals/<state>`, and has not asked for it. The steps behind it get the proof of who approved; a rejected
   * state fails with the error `baton.rejected`.
   *
   * The task's token stays between AWS and this app. It is read in the history at that moment, so any server can decide, and
   * nothing is lost with one.
   *
   * @param id of `start()`
   * @throws BatonError `input_invalid`, `identity_missing`, `token_invalid`, `permission_denied` (reason `own_request` for one's
   *   own), `run_not_found`, `approval_not_pending` (decided by another, over, not there yet), `signer_unavailable`,
   *   `workflow_failed` (the state hands on no token where it should), `workflow_throttled`, `workflow_access_denied`,
   *   `workflow_unavailable` (it may have arrived: look at the run)
   *
   * @example
   * ```ts
   * await workflows.decide(id, { state: 'Approve', decision: 'approve', comment: 'as agreed' });
   * ```
   * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
   */
  decide(id: string, decision: ApprovalDecision): Promise<void>;
}

/** What calls are made with. */
interface Workshop {
  readonly rules: () => WorkflowRules;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly access: () => SfnAccess;
  readonly credentials: CallerCredentials | undefined;
}

const METHODS = { STANDARD: 'start()', EXPRESS: 'startSync()' } as const;

/** @throws BatonError `workflow_unknown`, `option_invalid` for a workflow of the other type */
function workflowOfType(rules: WorkflowRules, type: keyof typeof METHODS, workflow: string): WorkflowDocument {
  const document = workflowNamed(rules, workflow);
  const actual = document.type ?? 'STANDARD';
  if (actual === type) return document;
  const message = `"${workflow}" is of type ${actual}: use ${METHODS[actual]}, or change /workflows/${workflow}/type.`;
  throw new BatonError('option_invalid', message);
}

/** The caller's own credentials for one thing, where somebody gives them. */
const credentialsOf =
  ({ credentials }: Workshop, { policy }: WorkflowRules): LookTerms['credentialsFor'] =>
  async (workflow, { user, record }, arn, actions, approval): Promise<AwsCredentials | undefined> =>
    credentials?.forTarget(
      { user, policy: record.policy ?? policy },
      { kind: 'workflow', name: workflow, arn, actions, ...(approval !== undefined && { approval }) },
    );

/** The app's own public keys: what it once handed over says who started an execution. */
function ownKeys({ handOver: { keys, algorithms } }: WorkflowRules, { clock }: Workshop): KeyFinder {
  return keySourceAt(keys, { algorithms, clock, logger: defaultLogger() });
}

const OWNER = 'workflows.events()';

const START_OPTIONS = { idempotencyKey: true, signal: true } as const;

/**
 * Makes what starts state machines of AWS Step Functions as the caller of the work at hand. It needs the package
 * `@aws-sdk/client-sfn`, which is loaded with the first call.
 *
 * @throws BatonError at start: `policy_missing`, `policy_unreadable`, `policy_invalid`, `key_invalid`, `option_invalid`,
 *   `option_unknown`
 *
 * @example
 * ```ts
 * const workflows = createWorkflows();
 * app.post('/invoices/:id/approval', async (req, res) => {
 *   const { id } = await workflows.start('approve-invoice', { invoice: req.params.id });
 *   res.status(202).json({ run: id });
 * });
 * ```
 */
export function createWorkflows(options: WorkflowsOptions = {}): Workflows {
  checkOptionNames('createWorkflows()', options, {
    policy: true,
    signer: true,
    clientConfig: true,
    credentials: true,
    clock: true,
  });
  const signer = options.signer ?? signerFromEnvironment('BATON_HAND_OVER_KEY');
  // Keys are read anew beside a call; its request has a logger.
  signer.reportTo?.(() => currentRecord()?.logger ?? defaultLogger());
  const workshop: Workshop = {
    rules: livePolicy(options.policy).derive((policy) => rulesOf(policy, signer)),
    signer,
    clock: options.clock ?? systemClock,
    access: sfnAccess(options.clientConfig ?? {}),
    credentials: options.credentials,
  };
  const send = async <T>(
    type: keyof typeof METHODS,
    [workflow, input, given]: readonly [string, unknown, StartOptions],
    how: (prepared: PreparedStart, terms: SendTerms) => Promise<T>,
  ): Promise<T> => {
    checkOptionNames(`The start of "${workflow}"`, given, START_OPTIONS);
    const rules = workshop.rules();
    const { idempotencyKey } = given;
    const document = workflowOfType(rules, type, workflow);
    const prepared = await prepareStart(rules, { workflow, document, input, idempotencyKey }, workshop);
    const lent = credentialsOf(workshop, rules);
    const credentialsFor: SendTerms['credentialsFor'] = (arn, action) => lent(workflow, prepared.caller, arn, [action]);
    return how(prepared, { access: workshop.access, credentialsFor, signal: given.signal });
  };
  const keys = livePolicy(options.policy).derive((policy) => lazily(() => ownKeys(rulesOf(policy, signer), workshop)));
  const look = (): LookTerms => {
    const rules = workshop.rules();
    const { access, clock } = workshop;
    return { rules, keys: keys()(), access, clock, credentialsFor: credentialsOf(workshop, rules) };
  };
  const followers = new Followers(systemTimers);
  return {
    start: (name, input, given = {}) =>
      measuredStart(name, () => send('STANDARD', [name, input, given], startExecution), standardOutcome),
    startSync: (name, input, given = {}) =>
      measuredStart(
        name,
        () => send('EXPRESS', [name, input, given], startSyncExecution),
        () => 'succeeded',
      ),
    run: async (id) => seeRun(id, look()),
    events: (id, given = {}) => {
      checkOptionNames(OWNER, given, { afterEventId: true, signal: true });
      const limits = { fallback: 0, min: 0, max: Number.MAX_SAFE_INTEGER };
      const afterEventId = wholeNumber(OWNER, 'afterEventId', given.afterEventId, limits);
      return followRun(id, { ...given, afterEventId }, { look, followers }, currentRecord());
    },
    cancel: async (id) => cancelRun(id, look()),
    decide: async (id, decision) => decideApproval(id, decision, { ...look(), signer }),
  };
}
