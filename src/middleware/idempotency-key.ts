import type { HttpRequest } from './http';

/**
 * The client's own key, so that a request which is sent again is the same work. A Structured Field string, whose quotes
 * many clients leave out.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function keyOfRequest(req: HttpRequest): { readonly idempotencyKey?: string } {
  const header = req.headers['idempotency-key'];
  if (header === undefined || header === '') return {};
  const text = Array.isArray(header) ? header.join() : header;
  return { idempotencyKey: /^"([^"\\]*)"$/.exec(text)?.[1] ?? text };
}
