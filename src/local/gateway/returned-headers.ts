import type { Exchange } from './exchange';
import { HOP_BY_HOP, type HeaderList } from './headers';

/** Headers of a backend's answer that a REST API gives the client under another name. */
const REMAPPED = new Set(['connection', 'content-length', 'date', 'server', 'www-authenticate', 'x-amzn-requestid']);

/** The headers that name the request to its client: what support asks for. */
export function requestIdHeaders({ api, requestId, extendedRequestId, traceHeader }: Exchange): HeaderList {
  if (api.kind === 'http') return [['apigw-requestid', requestId]];
  return [
    ['x-amzn-requestid', requestId],
    ['x-amz-apigw-id', extendedRequestId],
    ['x-amzn-trace-id', traceHeader],
  ];
}

/**
 * The headers that a client gets of a backend's answer.
 *
 * A REST API renames some to `x-amzn-remapped-*`: a 401 loses its `WWW-Authenticate` that way, which is why Baton's
 * challenge stands in the body too.
 */
export function returnedHeaders(exchange: Exchange, backend: HeaderList): HeaderList {
  const rest = exchange.api.kind === 'rest';
  const own = requestIdHeaders(exchange);
  const taken = new Set(own.map(([name]) => name));
  const removed = exchange.route?.operation.integration.removedHeaders.get(exchange.status ?? 0);
  const headers: [string, string][] = [];
  for (const [name, value] of backend) {
    const lower = name.toLowerCase();
    if (rest && REMAPPED.has(lower)) headers.push([`x-amzn-remapped-${lower}`, value]);
    // The length stands under its own name too: the body that follows has it.
    if (rest && REMAPPED.has(lower) && lower !== 'content-length') continue;
    if (HOP_BY_HOP.has(lower) || lower === 'date' || taken.has(lower) || removed?.has(lower)) continue;
    headers.push([name, value]);
  }
  return [...headers, ...own];
}
