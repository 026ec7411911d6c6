import { randomUUID } from 'node:crypto';
import { BatonError } from '../../core/errors';
import type { RequestContext } from '../../core/request-context';
import { checkOptionNames } from '../../core/options';
import type { ActorClaim, TransactionClaims } from '../../core/transaction';
import type { Signer } from '../../jws/sign';
import { deadlineSecondsOf } from '../../policy/left-behind';
import type { FunctionDocument } from '../../policy/document';
import { payloadDigest } from '../../token/left-work';
import { sealWork, type SealedWork } from '../../token/sealed-work';
import type { Caller } from '../caller';
import type { WaitingWork } from './work';

/** Options of one piece of work that is left behind. */
export interface EnqueueOptions {
  /**
   * The same caller's same key is the same work, however often it is left: 1 to 128 visible ASCII characters. Default: a
   * new one. The function is told it (`work.idempotencyKey`), and must do the work of one key
   * once.
   */
  readonly idempotencyKey?: string;
  /**
   * Work for one function with the same ordering key is delivered in the order in which it was left. 1 to 128 visible ASCII
   * characters.
   */
  readonly orderingKey?: string;
  /** Not to be delivered before. Default: at once. */
  readonly notBefore?: Date;
  /** Not to begin later. Default, and the latest: the function's `deadlineSeconds` in the policy, from now on. */
  readonly deadline?: Date;
}

/** Work that is on disk. */
export interface EnqueuedWork {
  /** The work's ID in the outbox and in the log. */
  readonly id: string;
  readonly idempotencyKey: string;
  readonly deadline: Date;
  /** It was left before, under the same key: nothing was added. */
  readonly alreadyKnown: boolean;
}

const KEY = /^[!-~]{1,128}$/;

/** Lambda takes 1 MB for asynchronous invocations and SQS 1 MiB for a message; the envelope needs its share. */
const MAX_PAYLOAD_BYTES = 1_000_000 - 32_768;

const invalid = (name: string, reason: string, message: string): BatonError =>
  new BatonError('work_invalid', `Work for "${name}": ${message}`, { reason });

function checkedKey(name: string, option: 'idempotencyKey' | 'orderingKey', value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && KEY.test(value)) return value;
  throw invalid(name, option, `${option} must be 1 to 128 visible ASCII characters.`);
}

function timeOf(name: string, option: 'notBefore' | 'deadline', value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.getTime();
  throw invalid(name, option, `${option} must be a valid Date.`);
}

/** When the work may begin, in whole seconds since the epoch. */
interface WorkTimes {
  readonly notBefore: number | undefined;
  readonly deadline: number;
}

function workTimes(name: string, options: EnqueueOptions, document: FunctionDocument, now: number): WorkTimes {
  const latest = now + deadlineSecondsOf(document);
  const asked = timeOf(name, 'deadline', options.deadline);
  const from = timeOf(name, 'notBefore', options.notBefore);
  const deadline = asked === undefined ? latest : Math.floor(asked / 1000);
  const notBefore = from === undefined || from <= now * 1000 ? undefined : Math.ceil(from / 1000);
  if (deadline <= now) throw invalid(name, 'deadline', 'its deadline has passed.');
  if (deadline > latest) {
    throw invalid(name, 'deadline', `its deadline is after the latest that /functions/${name}/deadlineSeconds allows.`);
  }
  if (notBefore !== undefined && notBefore >= deadline) {
    throw invalid(name, 'notBefore', 'it may not begin before its deadline.');
  }
  return { notBefore, deadline };
}

function payloadJson(name: string, payload: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(payload);
  } catch (cause) {
    throw new BatonError('payload_invalid', `The payload for "${name}" cannot be written as JSON.`, { cause });
  }
  // What JSON has no word for is null to the function, as in a call.
  const json = text ?? 'null';
  const bytes = Buffer.byteLength(json);
  if (bytes <= MAX_PAYLOAD_BYTES) return json;
  throw new BatonError(
    'payload_too_large',
    `The payload for "${name}" has ${bytes} bytes; work that is left behind may have ${MAX_PAYLOAD_BYTES}.`,
  );
}

/** Whose key it is: one caller cannot take, or try, another one's. Who acts for the caller counts. */
function callerOf({ sub, act }: TransactionClaims): string {
  const actors: string[] = [];
  for (let actor: ActorClaim | undefined = act; actor !== undefined; actor = actor.act) actors.push(actor.sub);
  return JSON.stringify([sub, ...actors]);
}

function traceOf({ traceId, sampled }: RequestContext): string | null {
  return traceId === undefined ? null : JSON.stringify({ traceId, sampled });
}

/** What is left behind: for which function, what, by whom. */
export interface EnqueueRequest {
  readonly name: string;
  readonly document: FunctionDocument;
  readonly payload: unknown;
  readonly options: EnqueueOptions;
  readonly caller: Caller;
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * Makes a piece of work up for the disk. What is wrong with it is thrown at once; the seal takes a signature.
 * @throws BatonError `work_invalid`, `payload_invalid`, `payload_too_large`, `option_unknown`
 */
export function describeWork(request: EnqueueRequest): Omit<WaitingWork, 'seal'> & { sealed: SealedWork } {
  const { name, document, payload, options, caller, now } = request;
  const owner = `The work for "${name}"`;
  checkOptionNames(owner, options, { idempotencyKey: true, orderingKey: true, notBefore: true, deadline: true });
  const id = randomUUID();
  const idempotencyKey = checkedKey(name, 'idempotencyKey', options.idempotencyKey) ?? id;
  const orderingKey = checkedKey(name, 'orderingKey', options.orderingKey);
  const { notBefore, deadline } = workTimes(name, options, document, now);
  const json = payloadJson(name, payload);
  const shared = { id, function: name, idempotencyKey, payloadSha256: payloadDigest(json) };
  const { record, user, transaction } = caller;
  const sealed: SealedWork = {
    ...shared,
    ...(orderingKey !== undefined && { orderingKey }),
    ...(notBefore !== undefined && { notBefore }),
    deadline,
    leftAt: now,
    transaction,
    edge: user.edge,
  };
  return {
    ...shared,
    caller: callerOf(transaction),
    orderingKey: orderingKey ?? null,
    payload: json,
    correlationId: record.context.correlationId,
    trace: traceOf(record.context),
    leftAt: now * 1000,
    notBefore: (notBefore ?? 0) * 1000,
    deadline: deadline * 1000,
    sealed,
  };
}

/** The same, sealed. @throws BatonError `signer_unavailable` */
export async function sealed(
  { sealed: content, ...work }: ReturnType<typeof describeWork>,
  issuer: string,
  signer: Signer,
): Promise<WaitingWork> {
  return { ...work, seal: await sealWork(content, { issuer }, signer) };
}
