/**
 * An error inside an execution: what `Retry` and `Catch` look at. Not an error of this program.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export class StatesError extends Error {
  override readonly name = 'StatesError';
  /** For example `States.Timeout`, or the name that a function gave its error. */
  readonly error: string;
  override readonly cause: string | undefined;
  /** Another name that `ErrorEquals` may call it by. */
  readonly alias: string | undefined;

  constructor(error: string, cause?: string, alias?: string) {
    super(cause ?? error);
    this.error = error;
    this.cause = cause;
    this.alias = alias;
  }
}

/** What ends every run of states that is under way: the execution was stopped, or a sibling branch failed. Nothing catches it. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
}

/** A fault of the definition or of its data that no retry can mend. */
export const runtimeError = (cause: string): StatesError => new StatesError('States.Runtime', cause);
