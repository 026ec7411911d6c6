/** An error of the Lambda service itself, as the SDK reads it: status, type, message. Not an error of a function. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly status: number;
  /** For example `ResourceNotFoundException`; goes out as `x-amzn-ErrorType`. */
  readonly type: string;
  /** More members of the body, for example `Reason`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(status: number, type: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.details = details;
  }
}
