import type { LoginRequirement } from './access';
import { ERROR_TABLE, type ErrorCode, type ErrorKind } from './error-codes';

/** One thing that is wrong in a document, with the place as an RFC 6901 JSON pointer. */
export interface Problem {
  /** RFC 6901 JSON pointer; the empty string is the whole document. */
  readonly pointer: string;
  readonly message: string;
}

/**
 * Why a token was refused. For logs and audit only: callers all get the same `token_invalid` answer, so that an answer
 * is no oracle (RFC 8725).
 */
export type TokenFault =
  | 'too_large'
  | 'malformed'
  | 'algorithm'
  | 'type'
  | 'critical'
  | 'key_unknown'
  | 'key_unusable'
  | 'signature'
  | 'signer'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  | 'lifetime'
  | 'replayed'
  | 'binding'
  | 'claims'
  | 'overage';

/** What a {@link BatonError} may carry besides its code. */
export interface BatonErrorDetails extends ErrorOptions {
  /** For logs: the finer reason behind the code, for example a {@link TokenFault}. Never shown to callers. */
  readonly reason?: string;
  /** What is wrong in a document, all at once. */
  readonly problems?: readonly Problem[];
  /** Scopes that the caller lacks, for the challenge (RFC 6750, section 3.1). */
  readonly missingScopes?: readonly string[];
  /** How the user must sign in, for the challenge (RFC 9470, section 3). */
  readonly requiredLogin?: LoginRequirement;
  /** When a retry makes sense, in seconds; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/**
 * The one error class of Baton. Branch on {@link BatonError.code}, not on the message.
 *
 * `message` is for logs and developers; {@link BatonError.publicMessage} is what a caller may read. Neither ever holds a
 * token, a key or a header's value.
 *
 * @example
 * ```ts
 * try {
 *   await offload.invoke('render-invoice', { id: 7 });
 * } catch (error) {
 *   if (error instanceof BatonError && error.code === 'function_throttled') retryLater();
 *   else throw error;
 * }
 * ```
 */
export class BatonError extends Error {
  override readonly name = 'BatonError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** HTTP status of the answer. Express reads it from here too. */
  readonly status: number;
  /** A fixed sentence, safe to show to anybody. */
  readonly publicMessage: string;
  /** The finer reason, for logs and audit only. */
  readonly reason: string | undefined;
  /** What is wrong in a document, all at once; empty where it does not apply. */
  readonly problems: readonly Problem[];
  readonly missingScopes: readonly string[];
  readonly requiredLogin: LoginRequirement | undefined;
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param code one of the closed table
   * @param message what was wrong and what to do, for logs and developers; never a token, key or header value
   */
  constructor(code: ErrorCode, message: string, details: BatonErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const entry = ERROR_TABLE[code];
    this.code = code;
    this.kind = entry.kind;
    this.status = entry.status;
    this.publicMessage = entry.publicMessage;
    this.reason = details.reason;
    this.problems = details.problems ?? [];
    this.missingScopes = details.missingScopes ?? [];
    this.requiredLogin = details.requiredLogin;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }

  /**
   * What Node prints of it, an uncaught one at the start above all: the message already holds the problems, and each
   * of them twice among empty fields hides them. Whoever reads it is told where the code is explained.
   */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: object, inspect: Inspect): string {
    const text = `${this.stack ?? this.message} [${this.code}: npx baton explain ${this.code}]`;
    return this.cause === undefined ? text : `${text}\n  [cause]: ${inspect(this.cause, options)}`;
  }
}

type Inspect = (value: unknown, options: object) => string;

/** The refusal of a token: one public answer, the fault for the log. */
export function tokenInvalid(fault: TokenFault, message: string, cause?: unknown): BatonError {
  return new BatonError('token_invalid', message, { reason: fault, cause });
}

/** Any thrown thing as a {@link BatonError}; what Baton did not throw itself becomes `internal`, its cause kept. */
export function asBatonError(thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  return new BatonError('internal', 'An unexpected error was thrown; see its cause.', { cause: thrown });
}

/** `problems` as the lines of a message: one a problem, the JSON pointer first. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems.map(({ pointer, message }) => `  ${pointer === '' ? '(document)' : pointer}: ${message}`).join('\n');
}
