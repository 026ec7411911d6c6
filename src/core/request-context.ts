import type { AccessPolicy } from './access';
import type { Identity } from './identity';
import type { AuditSink, Logger } from './logger';
import type { MetricsSink } from './metrics';
import type { TransactionClaims } from './transaction';

/** What is known of the work at hand: one HTTP request, or one invocation of a function. */
export interface RequestContext {
  /** The join key of all logs. */
  readonly correlationId: string;
  /** W3C trace ID, 32 lower-case hex digits, where the request belongs to a trace. */
  readonly traceId?: string;
  /** The sender's span, 16 lower-case hex digits, where it named one. */
  readonly parentSpanId?: string;
  /** Whether the sender said that the trace is sampled. */
  readonly sampled?: boolean;
  /** The verified caller; absent on public routes and before the identity is verified. */
  readonly user?: Identity;
}

/**
 * The context as Baton's own layers keep it: opened by the first middleware, filled by the later ones. Only `context` is
 * shown to the app.
 */
export interface ContextRecord {
  /** Frozen, and replaced whole when the caller is known: the app holds it too, and guards decide by it. */
  context: RequestContext;
  /** Where the request's lines go. */
  readonly logger: Logger;
  readonly audit: AuditSink;
  /** Where it is counted, where anything is. */
  metrics?: MetricsSink;
  /** The verified claims behind the user, for the hand-over. */
  transaction?: TransactionClaims;
  /**
   * The caller's own bearer token, where the edge is `oidc`: to be exchanged for one with which the app acts for this caller.
   * A function, so that whoever logs or inspects the record does not show it.
   */
  callerToken?: () => string;
  /** The policy that this request is decided by, from start to end. */
  policy?: AccessPolicy;
  /** JSON pointer of the route entry that decided, where one did. */
  rule?: string;
}
