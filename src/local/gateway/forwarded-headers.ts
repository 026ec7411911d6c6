import type { Exchange } from './exchange';
import { headerValues, HOP_BY_HOP, joinedHeaders, withHeader, withoutHeader, type HeaderList } from './headers';

/** Request headers that end at the gateway beside the hop-by-hop ones; `Host` becomes the backend's. */
const DROPPED = new Set(['expect', 'host', 'via', 'x-amzn-trace-id', 'x-amzn-apigateway-api-id']);

/** API Gateway ends TLS, so it always names https and 443, whatever is spoken on this machine. */
const CLIENT_PROTO = 'https';
const CLIENT_PORT = '443';

/** The headers that a backend gets before the mappings: the client's, less those that end here, plus the gateway's own. */
export function forwardedHeaders(exchange: Exchange): HeaderList {
  const listed = connectionListed(exchange.client.headers);
  const passing = exchange.client.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return !HOP_BY_HOP.has(lower) && !DROPPED.has(lower) && !listed.has(lower);
  });
  const headers = exchange.api.kind === 'rest' ? restHeaders(exchange, passing) : httpHeaders(exchange, passing);
  return [...headers, ['X-Amzn-Trace-Id', exchange.traceHeader]];
}

/** What `Connection:` names belongs to that connection too (RFC 9110, section 7.6.1). */
function connectionListed(headers: HeaderList): ReadonlySet<string> {
  return new Set(
    headerValues(headers, 'connection')
      .flatMap((value) => value.split(','))
      .map((name) => name.trim().toLowerCase()),
  );
}

function restHeaders({ client, api }: Exchange, passing: HeaderList): HeaderList {
  const unsigned = passing.filter(
    // A SigV4 signature is for the gateway; every other Authorization passes.
    ([name, value]) => !(name.toLowerCase() === 'authorization' && value.startsWith('AWS4-HMAC-SHA256')),
  );
  const hops = [...headerValues(client.headers, 'x-forwarded-for'), client.sourceIp].join(', ');
  let headers = withHeader(unsigned, 'X-Forwarded-For', hops);
  headers = withHeader(headers, 'X-Forwarded-Port', CLIENT_PORT);
  headers = withHeader(headers, 'X-Forwarded-Proto', CLIENT_PROTO);
  return [...headers, ['x-amzn-apigateway-api-id', api.apiId]];
}

/** HTTP APIs join equal headers and speak `Forwarded` (RFC 7239) in place of the client's X-Forwarded-*. */
function httpHeaders({ client }: Exchange, passing: HeaderList): HeaderList {
  const before = headerValues(client.headers, 'forwarded');
  const hop = `by=127.0.0.1;for=${client.sourceIp};host=${client.host};proto=${CLIENT_PROTO}`;
  const own = passing.filter(([name]) => !/^x-forwarded-/i.test(name));
  const joined = Object.entries(joinedHeaders(withoutHeader(own, 'forwarded')));
  return [...joined, ['forwarded', [...before, hop].join(', ')]];
}
