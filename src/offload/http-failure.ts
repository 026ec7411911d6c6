/** An answer over HTTPS that is none of the function's: status and kind, as AWS's SDK would throw it. */
export class HttpFailure extends Error {
  /** AWS's name for it, from `x-amzn-errortype`; else `Http<status>`. */
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };
  readonly retryAfterSeconds: number | undefined;
  /** Whether AWS named it itself, so that it is certain who refused: the gateway, not the function behind it. */
  readonly namedByAws: boolean;

  constructor(status: number, errorType: string | null, retryAfter: string | null) {
    super(`The gateway answered with ${status}.`);
    // The header may go on with ":" and a URL.
    const type = errorType?.split(':', 1)[0] ?? '';
    this.namedByAws = /^[A-Za-z]{1,100}$/.test(type);
    this.name = this.namedByAws ? type : `Http${status}`;
    this.$metadata = { httpStatusCode: status };
    const seconds = Number(retryAfter ?? undefined);
    this.retryAfterSeconds = Number.isFinite(seconds) ? seconds : undefined;
  }
}
