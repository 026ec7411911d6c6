import type { BatonError } from './errors';

/** A problem document (RFC 9457) as Baton answers it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** The error's code; branch on it. */
  readonly code: string;
  readonly correlationId?: string;
  /** The `WWW-Authenticate` value again: API Gateway REST renames that header on its way to the client. */
  readonly challenge?: string;
  /** Where what was sent is not as its schema says: RFC 6901 JSON pointers (RFC 9457, section 3). */
  readonly errors?: readonly { readonly pointer: string }[];
}

/** The document that answers with an error: its code, a fixed sentence, the correlation ID; of the request at most
 * the places that do not fit. */
export function problemDocument(error: BatonError, correlationId?: string, challenge?: string): ProblemDocument {
  return {
    type: `urn:iis-baton:error:${error.code}`,
    title: error.publicMessage,
    status: error.status,
    code: error.code,
    ...(correlationId !== undefined && { correlationId }),
    ...(challenge !== undefined && { challenge }),
    ...(error.code === 'input_invalid' && { errors: error.problems.map(({ pointer }) => ({ pointer })) }),
  };
}
