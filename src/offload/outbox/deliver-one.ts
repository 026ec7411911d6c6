import { nowSeconds, type Clock } from '../../core/clock';
import { currentRecord } from '../../context/storage';
import type { CallerCredentials } from '../../core/credentials';
import { BatonError } from '../../core/errors';
import type { Identity } from '../../core/identity';
import { outgoingHeaders } from '../../correlation/outgoing';
import { identityFrom } from '../../identity/from-transaction';
import type { KeySource } from '../../jws/keys';
import type { Signer } from '../../jws/sign';
import { deadlineSecondsOf } from '../../policy/left-behind';
import type { FunctionDocument, HandOverDocument } from '../../policy/document';
import type { Policy } from '../../policy/policy';
import { mintHandOverToken } from '../../token/hand-over-token';
import type { SealedWork } from '../../token/sealed-work';
import { authorizeCall, HAND_OVER_MARGIN_SECONDS } from '../caller';
import { reopen } from './reopen';
import { carrierOf, type Carriers } from './shipping';
import type { LeasedWork } from './work';

/** What a delivery is decided by, at its moment. */
export interface OutboxRules {
  readonly policy: Policy;
  readonly handOver: HandOverDocument;
  /** Verifies the app's own seals. */
  readonly keys: KeySource;
}

/** Delivers one piece of work, once. @throws BatonError what stood in the way */
export type Deliver = (work: LeasedWork) => Promise<void>;

/** What a delivery needs besides the work. */
export interface DeliverParts {
  readonly rules: () => OutboxRules;
  readonly signer: Signer;
  readonly carriers: Carriers;
  readonly credentials: CallerCredentials | undefined;
  readonly clock: Clock;
}

/** AWS takes a piece of work over in milliseconds; what takes longer is tried again. */
const SHIP_TIMEOUT_MS = 15_000;

/**
 * Delivers work as the caller who left it: the seal is opened, the caller authorised by the policy of now, and only then a
 * hand-over minted, for this one piece of work.
 */
export function deliverer(parts: DeliverParts): Deliver {
  const { clock, credentials } = parts;
  return async (work) => {
    const rules = parts.rules();
    const sealed = await reopen(work, rules.handOver, rules.keys);
    if (clock() >= work.deadline) {
      throw new BatonError('work_expired', `The work ${work.id} for "${work.function}" was not delivered in time.`);
    }
    const document = functionOf(rules.policy, work);
    const user = enter(sealed, rules, document);
    const carrier = carrierOf(parts.carriers, document);
    const target = carrier.targetOf(work.function, document);
    const { body, traceHeader } = await envelopeFor(work, sealed, document, rules, parts);
    await inTime(work.function, async (signal) => {
      const shipment = { name: work.function, document, body, workId: work.id, orderingKey: sealed.orderingKey };
      const own = await credentials?.forTarget({ user, policy: rules.policy }, target);
      await carrier.ship({ ...shipment, traceHeader, credentials: own, signal });
    });
  };
}

/** The SDK looks at its signal only when it has credentials, and off AWS it can look for those for minutes. */
async function inTime(name: string, ship: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const late = new Promise<never>((_, reject) => {
    const message = `AWS did not take work for "${name}" over within ${SHIP_TIMEOUT_MS} ms. It may have; it is tried again.`;
    const timer = setTimeout(() => reject(new BatonError('function_timeout', message)), SHIP_TIMEOUT_MS);
    controller.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    await Promise.race([ship(controller.signal), late]);
  } finally {
    controller.abort();
  }
}

function functionOf({ functions }: Policy, work: LeasedWork): FunctionDocument {
  const document = Object.hasOwn(functions, work.function) ? functions[work.function] : undefined;
  if (document !== undefined) return document;
  throw new BatonError('function_unknown', `The policy has no function "${work.function}" under /functions any more.`);
}

/** The caller comes back: into the context, so that every line of the delivery names it, and before the policy of now. */
function enter(sealed: SealedWork, { policy }: OutboxRules, document: FunctionDocument): Identity {
  const record = currentRecord();
  if (record === undefined) throw new BatonError('internal', 'A delivery has no context.');
  const { transaction, deadline, edge } = sealed;
  const user = identityFrom({ transaction, expiresAt: deadline }, edge);
  record.context = Object.freeze({ ...record.context, user });
  record.transaction = transaction;
  record.policy = policy;
  authorizeCall(policy, sealed.function, document, { record, user, transaction });
  return user;
}

async function envelopeFor(
  work: LeasedWork,
  sealed: SealedWork,
  document: FunctionDocument,
  { policy, handOver }: OutboxRules,
  { signer, clock }: DeliverParts,
): Promise<{ body: string; traceHeader: string | undefined }> {
  const now = nowSeconds(clock);
  const { id, idempotencyKey, payloadSha256, leftAt } = sealed;
  const terms = {
    issuer: handOver.issuer,
    audience: document.target,
    requestingWorkload: policy.application,
    // Where the clock was set back the deadline is further away than any function would accept.
    expiresAt: Math.min(sealed.deadline, now + deadlineSecondsOf(document)) + HAND_OVER_MARGIN_SECONDS,
    work: { id, idempotencyKey, payloadSha256, leftAt },
  };
  const token = await mintHandOverToken(sealed.transaction, terms, signer, now);
  const context = currentRecord()?.context ?? { correlationId: work.correlationId };
  const { correlationId } = context;
  const { traceparent, 'X-Amzn-Trace-Id': traceHeader } = outgoingHeaders(context);
  const head = JSON.stringify({ baton: 1, handOver: token, correlationId, traceparent, idempotencyKey });
  // The payload as it was left, to the letter: its digest is in the hand-over.
  return { body: `${head.slice(0, -1)},"payload":${work.payload}}`, traceHeader };
}
