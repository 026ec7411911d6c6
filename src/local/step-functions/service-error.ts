/** An error of the Step Functions service itself, as the SDK reads it. Not an error of an execution. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** For example `ExecutionDoesNotExist`. */
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

/** A member of a request that breaks a rule of the API's model, in AWS's words. */
export function validationError(value: unknown, member: string, constraint: string): ServiceError {
  const message = `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: ${constraint}`;
  return new ServiceError('ValidationException', message);
}

/** An opaque token of a page, or of a task, that was not made here or is too old. */
export const invalidToken = (): ServiceError => new ServiceError('InvalidToken', "Invalid Token: 'Invalid token'");
