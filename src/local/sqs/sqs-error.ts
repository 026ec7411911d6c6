/** An error of SQS itself, as the SDK reads it. Not an error of this program. */
export class SqsError extends Error {
  override readonly name = 'SqsError';
  readonly status: number;
  /** The type in the JSON protocol, for example `QueueDoesNotExist`. */
  readonly type: string;
  /** The code of the old query protocol, which the SDK gives as `error.Code` and batches name in `Failed`. */
  readonly code: string;

  constructor(type: string, message: string, { code = type, status = 400 }: { code?: string; status?: number } = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.code = code;
  }
}

const LEGACY = 'AWS.SimpleQueueService.';

/** An error whose code kept the prefix of the query protocol. */
export function prefixedError(type: string, message: string, legacyName: string = type): SqsError {
  return new SqsError(type, message, { code: `${LEGACY}${legacyName}` });
}

/** A parameter with a value that SQS does not take. */
export function invalidParameter(message: string): SqsError {
  return new SqsError('InvalidParameterValue', message);
}

/** A parameter that is not there. */
export function missingParameter(name: string): SqsError {
  return new SqsError('MissingParameter', `The request must contain the parameter ${name}.`);
}
