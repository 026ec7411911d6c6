import type { RouteRequest } from '../core/access';
import type { TraceParent } from '../correlation/trace';
import { parseAmznTraceId, parseTraceparent } from '../correlation/trace';
import { readEnvelope, type WorkEnvelope } from '../token/envelope';

/** Members of an event that nobody has checked yet. */
export type Bag = Readonly<Record<string, unknown>>;

export const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null ? (value as Bag) : {});
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** How work came to the function: called and waited for, through API Gateway, out of a queue, as a state's task. */
export type WorkSource = 'call' | 'gateway' | 'queue' | 'workflow';

/** Where a task stands, as its state machine says it. */
export interface TaskPlace {
  /** The execution's name. */
  readonly execution: string;
  readonly state: string;
  /** The execution's input with its caller, where the state hands it on. */
  readonly input?: Bag | undefined;
}

/** What a task shows of an approval, not verified yet. */
export interface ShownApproval {
  readonly token: string;
  readonly comment: string | undefined;
}

/** Who vouches for the caller: the app, with a hand-over; a state machine's starter, likewise; or the gateway. */
export type Voucher =
  | { readonly kind: 'hand-over'; readonly token: string; readonly idempotencyKey?: string }
  | {
      readonly kind: 'workflow';
      readonly token: string;
      readonly place: TaskPlace;
      readonly approval: ShownApproval | undefined;
    }
  | { readonly kind: 'gateway'; readonly rawHeaders: readonly string[]; readonly route: RouteRequest };

/** One piece of work out of an event, not verified yet. */
export interface Piece {
  readonly voucher: Voucher;
  readonly payload: unknown;
}

/** What is known of a piece of work before anything of it is verified: enough to say in the log which one is refused. */
export interface Arrival {
  readonly source: WorkSource;
  readonly correlationId?: unknown;
  readonly trace?: TraceParent | undefined;
  readonly messageId?: string;
  readonly deliveries?: number;
  /**
   * Reads it.
   * @throws BatonError `event_invalid`, `identity_missing`, `identity_header_invalid`
   */
  readonly read: () => Piece;
}

const pieceOf = ({ handOver: token, idempotencyKey, payload }: WorkEnvelope): Piece => ({
  voucher: { kind: 'hand-over', token, ...(idempotencyKey !== undefined && { idempotencyKey }) },
  payload,
});

/** A piece of work in an envelope, wherever the envelope was found. */
export function envelopeArrival(source: WorkSource, envelope: unknown): Arrival {
  const { correlationId, traceparent } = bag(envelope);
  const trace = parseTraceparent(textOf(traceparent));
  return { source, correlationId, trace, read: () => pieceOf(readEnvelope(envelope)) };
}

/** The trace that Lambda's runtime says this invocation belongs to. */
export function invocationTrace(env: NodeJS.ProcessEnv = process.env): TraceParent | undefined {
  return parseAmznTraceId(env._X_AMZN_TRACE_ID);
}
