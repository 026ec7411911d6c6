/** A log line's data besides its message. Values are JSON; never a token or a key. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The methods of a logger that Baton uses. A winston logger has them; so do most others. */
export interface Logger {
  error(message: string, fields?: LogFields): unknown;
  warn(message: string, fields?: LogFields): unknown;
  info(message: string, fields?: LogFields): unknown;
  debug(message: string, fields?: LogFields): unknown;
}

/**
 * A logger whose further arguments are typed otherwise, such as that of Powertools for AWS Lambda; what it is handed are
 * {@link LogFields}, which it takes.
 */
export interface ForeignLogger {
  error(message: string, ...more: never[]): unknown;
  warn(message: string, ...more: never[]): unknown;
  info(message: string, ...more: never[]): unknown;
  debug(message: string, ...more: never[]): unknown;
}

/** One line of the audit trail: who asked for what, what was decided, and why. */
export interface AuditEvent {
  /** What happened, for example `access`, `hand_over`. */
  readonly event: string;
  readonly outcome: 'allowed' | 'denied';
  readonly subject?: string;
  readonly actor?: string;
  readonly correlationId?: string;
  readonly transactionId?: string;
  readonly [field: string]: unknown;
}

/** Where audit events go. */
export interface AuditSink {
  record(event: AuditEvent): void;
}
