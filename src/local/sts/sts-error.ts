/** An error of STS itself, as the SDK reads it. Not an error of this program. */
export class StsError extends Error {
  override readonly name = 'StsError';
  readonly status: number;
  /** For example `InvalidIdentityToken`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
