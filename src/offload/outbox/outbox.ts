import { nowSeconds, type Clock } from '../../core/clock';
import { currentRecord } from '../../context/storage';
import type { CallerCredentials } from '../../core/credentials';
import { BatonError } from '../../core/errors';
import type { AuditSink, Logger } from '../../core/logger';
import { checkOptionNames, unknownName, wholeNumber } from '../../core/options';
import { onDrain } from '../../core/process-hooks';
import type { Signer } from '../../jws/sign';
import { KnownKeySources } from '../../keys/known';
import { keySourceAt } from '../../keys/source';
import { environmentTrail } from '../../logging/audit-environment';
import { sinksOf } from '../../logging/sinks';
import { defaultLogger } from '../../logging/winston-logger';
import type { LivePolicy } from '../../policy/live';
import type { Policy } from '../../policy/policy';
import { authorizeCall, checkStillValid, requireCaller } from '../caller';
import { lambdaAccess } from '../lambda-client';
import { ClockWatch } from './clock-watch';
import { openDatabase, type OutboxDatabase } from './database';
import { deliverer, type OutboxRules } from './deliver-one';
import { DeliveryWorker, type Delivery } from './delivery';
import { describeWork, sealed, type EnqueuedWork, type EnqueueOptions, type EnqueueRequest } from './enqueue';
import { clockBehindMs, insertWork } from './insert';
import { outboxState, type OutboxState } from './keeping';
import { lambdaEventCarrier } from './lambda-event';
import { sqsCarrier } from './sqs';
import { outboxError } from './sqlite-errors';
import type { OutboxLimits } from './work';
import { OutboxWriter } from './writer';

/** Names the outbox's file; `web.config` sets it in `<appSettings>`. */
export const OUTBOX_VARIABLE = 'BATON_OUTBOX';

/** Options of the outbox: where work waits on disk until AWS has it. */
export interface OutboxOptions {
  /**
   * The file, outside the web root and on a local disk; all processes of the app on one server share it. Default: the
   * file that `BATON_OUTBOX` names.
   */
  readonly path?: string;
  /** How many pieces may wait, dead ones included. Default 100000. */
  readonly maxPieces?: number;
  /** How many bytes of payload and seal may wait, dead ones included. Default 268435456 (256 MB). */
  readonly maxBytes?: number;
  /** How long the keys of what was delivered are remembered, in seconds. Default 86400. */
  readonly rememberSeconds?: number;
  /** Passed to the SDK's `new SQSClient()`: region, credentials, endpoint. */
  readonly queueClientConfig?: Readonly<Record<string, unknown>>;
}

/** Options of {@link Outbox.deliver}. */
export interface DeliverOptions {
  /** How many pieces are under way at a time. Default 10. */
  readonly concurrency?: number;
  /** How often it is looked for work that other processes left, or that is due again, in milliseconds. Default 1000. */
  readonly pollMs?: number;
  readonly logger?: Logger;
  readonly audit?: AuditSink;
}

/** Where work waits until AWS has it. */
export interface Outbox {
  enqueue(name: string, payload: unknown, options?: EnqueueOptions): Promise<EnqueuedWork>;
  deliver(options?: DeliverOptions): Delivery;
  /** What stands in it now. @throws BatonError `outbox_unavailable`, `outbox_damaged` */
  state(): OutboxState;
  /** Brings a delivery to its end and closes the file. Comes by itself when the server drains. */
  close(): Promise<void>;
}

/** What the outbox shares with calls that wait. */
export interface OutboxParts {
  readonly live: LivePolicy;
  readonly signer: Signer;
  /** Passed to the SDK's `new LambdaClient()`. */
  readonly clientConfig: Readonly<Record<string, unknown>>;
  readonly credentials: CallerCredentials | undefined;
  readonly clock: Clock;
}

interface Settings extends OutboxLimits {
  readonly path: string;
  readonly rememberMs: number;
  readonly queueClientConfig: Readonly<Record<string, unknown>>;
}

function settingsOf(options: OutboxOptions): Settings {
  const owner = 'The outbox';
  const known = {
    path: true,
    maxPieces: true,
    maxBytes: true,
    rememberSeconds: true,
    queueClientConfig: true,
  } as const;
  checkOptionNames(owner, options, known);
  const bounds = { min: 1, max: Number.MAX_SAFE_INTEGER };
  const year = 365 * 86_400;
  return {
    path: options.path ?? process.env[OUTBOX_VARIABLE] ?? '',
    maxPieces: wholeNumber(owner, 'maxPieces', options.maxPieces, { ...bounds, fallback: 100_000 }),
    maxBytes: wholeNumber(owner, 'maxBytes', options.maxBytes, { ...bounds, fallback: 256 * 1024 * 1024 }),
    rememberMs:
      1000 * wholeNumber(owner, 'rememberSeconds', options.rememberSeconds, { fallback: 86_400, min: 1, max: year }),
    queueClientConfig: options.queueClientConfig ?? {},
  };
}

function rulesFrom({ live, clock }: OutboxParts): () => OutboxRules {
  type Kept = OutboxRules & { readonly known: KnownKeySources };
  return live.derive((policy: Policy, before: Kept | undefined): Kept => {
    const { handOver } = policy;
    if (handOver === undefined) {
      const problems = [{ pointer: '/handOver', message: 'is missing' }];
      throw new BatonError('policy_invalid', 'The policy says nothing of hand-overs: the outbox needs /handOver.', {
        problems,
      });
    }
    const known = new KnownKeySources(before?.known);
    const { algorithms } = handOver;
    return { policy, handOver, keys: keySourceAt(handOver.keys, { algorithms, clock, known }), known };
  });
}

/**
 * Opens the outbox.
 * @throws BatonError `option_invalid`, `option_unknown`, `policy_invalid`, `key_invalid`, `peer_missing`, `outbox_damaged`,
 *   `outbox_unavailable`, `outbox_full`
 */
function openOutbox(options: OutboxOptions, parts: OutboxParts): Outbox {
  const settings = settingsOf(options);
  const rules = rulesFrom(parts);
  const database = openDatabase(settings.path);
  const writer = new OutboxWriter(database);
  const clockWatch = new ClockWatch();
  let worker: DeliveryWorker | undefined;
  let closing: Promise<void> | undefined;

  const close = async (): Promise<void> => {
    await worker?.stop();
    await writer.close();
    database.close();
    forget();
  };
  const forget = onDrain(() => (closing ??= close()));

  return {
    async enqueue(name, payload, enqueueOptions = {}) {
      const request = admit(rules(), parts.clock, name, payload, enqueueOptions);
      // Up to here nothing was waited for: work gets its place in the order in which it was left.
      const work = sealed(describeWork(request), rules().handOver.issuer, parts.signer);
      const inserted = await writer.write(work.then((made) => insertWork(made, settings)));
      noteClock(clockWatch, database, parts.clock);
      worker?.wake();
      const { id, deadline, isKnown } = inserted;
      return { id, idempotencyKey: (await work).idempotencyKey, deadline: new Date(deadline), alreadyKnown: isKnown };
    },
    deliver: (deliverOptions = {}) => {
      worker ??= startWorker(deliverOptions, { settings, rules, database, writer, clockWatch, parts });
      return worker;
    },
    state: () => stateOf(database, parts.clock),
    close: () => (closing ??= close()),
  };
}

function stateOf(database: OutboxDatabase, clock: Clock): OutboxState {
  try {
    return outboxState(database, clock());
  } catch (thrown) {
    throw outboxError(database.path, thrown);
  }
}

function admit(
  { policy }: OutboxRules,
  clock: Clock,
  name: string,
  payload: unknown,
  options: EnqueueOptions,
): EnqueueRequest {
  const document = Object.hasOwn(policy.functions, name) ? policy.functions[name] : undefined;
  if (document === undefined) {
    throw new BatonError(
      'function_unknown',
      `The policy's function ${unknownName(name, Object.keys(policy.functions))}.`,
    );
  }
  const caller = requireCaller(name);
  const now = nowSeconds(clock);
  checkStillValid(name, caller, now);
  authorizeCall(policy, name, document, caller);
  return { name, document, payload, options, caller, now };
}

/** The work is on disk: a file that cannot be read right now is no reason to say that it is not. */
function noteClock(watch: ClockWatch, database: OutboxDatabase, clock: Clock): void {
  const logger = currentRecord()?.logger ?? defaultLogger();
  try {
    watch.note(clockBehindMs(database, clock()), logger);
  } catch (thrown) {
    const { code, message } = outboxError(database.path, thrown);
    logger.warn(message, { type: 'outbox', code, error: thrown });
  }
}

interface WorkerParts {
  readonly settings: Settings;
  readonly rules: () => OutboxRules;
  readonly database: OutboxDatabase;
  readonly writer: OutboxWriter;
  readonly clockWatch: ClockWatch;
  readonly parts: OutboxParts;
}

function startWorker(options: DeliverOptions, worker: WorkerParts): DeliveryWorker {
  const owner = 'offload.deliver()';
  checkOptionNames(owner, options, { concurrency: true, pollMs: true, logger: true, audit: true });
  const { settings, rules, database, writer, clockWatch, parts } = worker;
  const { signer, clientConfig, credentials, clock } = parts;
  const { rememberMs, queueClientConfig } = settings;
  const carriers = { event: lambdaEventCarrier(lambdaAccess(clientConfig)), sqs: sqsCarrier(queueClientConfig) };
  return new DeliveryWorker({
    database,
    writer,
    clock,
    clockWatch,
    rememberMs,
    deliver: deliverer({ rules, signer, carriers, credentials, clock }),
    sinks: sinksOf(options, defaultLogger, environmentTrail),
    concurrency: wholeNumber(owner, 'concurrency', options.concurrency, { fallback: 10, min: 1, max: 1000 }),
    pollMs: wholeNumber(owner, 'pollMs', options.pollMs, { fallback: 1000, min: 1, max: 60_000 }),
  });
}

/** The outbox as the app has it. */
export interface AppOutbox extends Pick<Outbox, 'enqueue' | 'deliver'> {
  /** Undefined where no outbox is set up. */
  state(): OutboxState | undefined;
}

/**
 * The outbox of an app: opened at once where it is set up, by option or environment, so that what is wrong with it is found
 * at the start. Where it is not, leaving work behind says what is missing.
 */
export function outboxOf(options: OutboxOptions | undefined, parts: OutboxParts): AppOutbox {
  if (options !== undefined || process.env[OUTBOX_VARIABLE]) return openOutbox(options ?? {}, parts);
  const missing = (): BatonError =>
    new BatonError(
      'option_invalid',
      `There is no outbox to leave work in. Set ${OUTBOX_VARIABLE} (in web.config: <appSettings>) to its file's path, outside the web root, or pass the option "outbox".`,
    );
  return {
    enqueue: () => Promise.reject(missing()),
    deliver: () => {
      throw missing();
    },
    state: () => undefined,
  };
}
