import { randomUUID } from 'node:crypto';

/** A refusal as Entra writes it: what a program goes by, and the AADSTS number for people. */
export class EntraError extends Error {
  override readonly name = 'EntraError';
  readonly status: number;
  /** RFC 6749, section 5.2, and Entra's own. */
  readonly error: string;
  readonly aadsts: number;
  readonly suberror: string | undefined;

  constructor(error: string, aadsts: number, message: string, suberror?: string) {
    super(message);
    this.error = error;
    this.aadsts = aadsts;
    this.suberror = suberror;
    this.status = error === 'invalid_client' ? 401 : 400;
  }
}

/** A request that lacks a parameter. */
export const missing = (name: string): EntraError =>
  new EntraError('invalid_request', 900144, `The request body must contain the following parameter: '${name}'.`);

/** The error's body, as Entra writes it: the description for people, the rest for programs. */
export function errorBody({ error, aadsts, message, suberror }: EntraError, correlationId: string): object {
  const traceId = randomUUID();
  const timestamp = new Date().toISOString().replace('T', ' ').replace(/\.\d+/, '');
  return {
    error,
    error_description: `AADSTS${aadsts}: ${message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [aadsts],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    ...(suberror !== undefined && { suberror }),
  };
}
