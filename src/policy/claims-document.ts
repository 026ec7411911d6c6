/** A claim whose values have to be taken apart first. */
export interface ListClaimDocument {
  /** RFC 6901 JSON pointer. */
  readonly pointer: string;
  /** What separates the values in a text; blanks round them do not count. */
  readonly split?: string;
  /** Whether the claim is a text that holds JSON. */
  readonly json?: true;
}

/** Where values are: one place or several. */
export type ListClaim = string | ListClaimDocument;

/** What says that a caller is an application, and no user. */
export interface KindClaimDocument {
  /** RFC 6901 JSON pointer. */
  readonly pointer: string;
  /** The values that say so, to the letter. */
  readonly application: string | readonly string[];
}

/** Where a provider's token says what: RFC 6901 JSON pointers. */
export interface ClaimsDocument {
  readonly subject: string;
  /** The stable ID of applications, where it is elsewhere than that of users. */
  readonly applicationSubject?: string;
  readonly tenant?: string;
  readonly name?: string;
  readonly roles?: ListClaim | readonly ListClaim[];
  readonly scopes?: ListClaim | readonly ListClaim[];
  readonly actor?: string;
  readonly kind?: string | KindClaimDocument;
}
