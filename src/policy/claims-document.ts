/** Where a provider's token says what: RFC 6901 JSON pointers. */
export interface ClaimsDocument {
  readonly subject: string;
  readonly tenant?: string;
  readonly name?: string;
  readonly roles?: string | readonly string[];
  readonly scopes?: string | readonly string[];
  readonly actor?: string;
  readonly kind?: string;
}
