import { currentContext } from '../context/storage';
import { outgoingHeaders } from '../correlation/outgoing';

/**
 * The headers that a call to another service should carry, so that its log joins with this request's: `X-Correlation-Id`,
 * and `traceparent` and `X-Amzn-Trace-Id` where the request belongs to a trace. Empty outside a request.
 *
 * They name no user and hold no token. Send them only to hosts that you chose.
 *
 * @example
 * ```ts
 * await fetch('https://stock.example.internal/items/7', { headers: correlationHeaders() });
 * ```
 */
export function correlationHeaders(): Record<string, string> {
  const context = currentContext();
  return context === undefined ? {} : outgoingHeaders(context);
}
