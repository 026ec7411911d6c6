import { randomUUID } from 'node:crypto';

/** The header that carries the correlation ID, in and out. IIS logs it as a custom field. */
export const CORRELATION_HEADER = 'X-Correlation-Id';

// What IIS's W3C log keeps as it is: a blank becomes "+", and "+" is not escaped, so it could not be read back. A lone dash
// is how that log writes that there is nothing.
const ACCEPTED = /^(?!-$)[A-Za-z0-9._:=-]{1,128}$/;

/** True for an ID that all logs keep as it is: 1 to 128 of `[A-Za-z0-9._:=-]`, and not a lone dash. */
export function isCorrelationId(value: unknown): value is string {
  return typeof value === 'string' && ACCEPTED.test(value);
}

/** A new correlation ID: a random UUID (RFC 9562). */
export function newCorrelationId(): string {
  return randomUUID();
}
