import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';

import type { Clock } from '../../core/clock';
import type { ClientRequest as GatewayClient, Exchange } from './exchange';
import { forwardedHeaders } from './forwarded-headers';
import type { ResponseType } from './gateway-response';
import { headerPairs, headerValues, type HeaderList } from './headers';
import { backendTarget, type BackendTarget } from './integration-uri';
import type { Mapping, MappedRequest } from './parameter-mapping';
import { returnedHeaders } from './returned-headers';
import { withoutTokens } from '../without-tokens';

/** Largest payload of a request, in bytes: 10 MB, on REST and HTTP APIs. */
const MAX_PAYLOAD_BYTES: number = 10 * 1024 * 1024;

/** What an integration needs besides the exchange. */
export interface IntegrationOptions {
  readonly mappings: readonly Mapping[];
  readonly agent: Agent;
  readonly clock: Clock;
}

/** How an integration ended: the answer went to the client, or the gateway has to answer. */
export type IntegrationEnd = 'answered' | ResponseType;

/** Sends the request on to the backend and its answer back to the client; both bodies are streamed. */
export async function runIntegration(
  exchange: Exchange,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  options: IntegrationOptions,
): Promise<IntegrationEnd> {
  const integration = exchange.route?.operation.integration;
  const startedAt = options.clock();
  let backend: ClientRequest;
  try {
    backend = openRequest(exchange, options);
  } catch (thrown) {
    // Node refuses to send what HTTP has no room for: a mapped value with a line break, for example.
    exchange.integration.error = String((thrown as NodeJS.ErrnoException).code);
    return 'INTEGRATION_FAILURE';
  }
  const end = await new Promise<IntegrationEnd>((resolve) => {
    const attempt = new BackendAttempt(exchange, outgoing, backend, resolve);
    attempt.limitTime(integration?.timeoutMs ?? 0);
    attempt.send(incoming);
  });
  exchange.integration.latencyMs = options.clock() - startedAt;
  return end;
}

function openRequest(exchange: Exchange, { mappings, agent }: IntegrationOptions): ClientRequest {
  const { target, headers } = buildRequest(exchange, mappings);
  const { client, route } = exchange;
  return (target.protocol === 'https:' ? httpsRequest : httpRequest)({
    hostname: target.hostname,
    port: target.port,
    path: target.path,
    // Backends are always spoken to in HTTP/1.1. An https backend gets a connection of its own: the agent is for http.
    ...(target.protocol === 'http:' && { agent }),
    method: route?.operation.integration.method ?? client.method,
    headers: [...headers, ...bodyFraming(client)].flat(),
  });
}

/** How the body's end is marked, where its length does not say it. Node would leave it to the method's name. */
function bodyFraming({ headers, method }: GatewayClient): HeaderList {
  if (headerValues(headers, 'transfer-encoding').length > 0) return [['Transfer-Encoding', 'chunked']];
  const bodiless = method === 'GET' || method === 'HEAD' || headerValues(headers, 'content-length').length > 0;
  return bodiless ? [] : [['Content-Length', '0']];
}

/** Where to and with which headers: the definition's URI filled in, the client's headers, the mappings applied. */
function buildRequest(
  exchange: Exchange,
  mappings: readonly Mapping[],
): { target: BackendTarget; headers: HeaderList } {
  const { client, api, route } = exchange;
  const mapped: MappedRequest = {
    headers: forwardedHeaders(exchange),
    query: new URLSearchParams(client.queryString),
    // REST fills the URI only with what is mapped; HTTP APIs with every parameter of the path.
    uriParameters: api.kind === 'http' ? { ...route?.pathParameters } : {},
  };
  const queryBefore = mapped.query.toString();
  for (const mapping of mappings) mapping(exchange, mapped);
  const target = backendTarget(exchange, mapped);
  // Untouched, the query goes on byte for byte: a parser's spelling of it could decide differently.
  const query = mapped.query.toString() === queryBefore ? client.queryString : mapped.query.toString();
  const joint = target.path.includes('?') ? '&' : '?';
  const path = query === '' ? target.path : `${target.path}${joint}${query}`;
  return { target: { ...target, path }, headers: [['Host', target.host], ...mapped.headers] };
}

/** One request to the backend: ends exactly once. */
class BackendAttempt {
  readonly #exchange: Exchange;
  readonly #outgoing: ServerResponse;
  readonly #backend: ClientRequest;
  readonly #resolve: (end: IntegrationEnd) => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    exchange: Exchange,
    outgoing: ServerResponse,
    backend: ClientRequest,
    resolve: (end: IntegrationEnd) => void,
  ) {
    this.#exchange = exchange;
    this.#outgoing = outgoing;
    this.#backend = backend;
    this.#resolve = resolve;
    backend.on('response', (response) => this.#pass(response));
    backend.on('error', (error: NodeJS.ErrnoException) =>
      this.#fail('INTEGRATION_FAILURE', error.code ?? error.message),
    );
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) backend.destroy();
      this.#end('answered');
    });
  }

  /** Counts until the answer's last byte: a REST API hands nothing on before it has everything. */
  limitTime(timeoutMs: number): void {
    this.#timer = setTimeout(() => this.#fail('INTEGRATION_TIMEOUT', 'The backend took too long.'), timeoutMs);
  }

  send(incoming: IncomingMessage): void {
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_PAYLOAD_BYTES) this.#fail('REQUEST_TOO_LARGE', 'The request is larger than 10 MB.');
    });
    incoming.pipe(this.#backend);
  }

  #pass(response: IncomingMessage): void {
    const exchange = this.#exchange;
    exchange.integration.status = response.statusCode ?? 0;
    exchange.status = response.statusCode ?? 502;
    const headers = returnedHeaders(exchange, headerPairs(response.rawHeaders));
    this.#outgoing.writeHead(exchange.status, headers.flat());
    response.on('data', (chunk: Buffer) => (exchange.responseBytes += chunk.length));
    response.on('error', () => this.#fail('INTEGRATION_FAILURE', 'The backend broke off its answer.'));
    response.on('end', () => this.#end('answered'));
    response.pipe(this.#outgoing);
  }

  #fail(type: ResponseType, error: string): void {
    if (this.#ended) return;
    this.#exchange.integration.error = withoutTokens(error);
    // Once the backend's status is out, a broken connection is the only honest answer.
    if (this.#outgoing.headersSent) this.#outgoing.destroy();
    this.#end(this.#outgoing.headersSent ? 'answered' : type);
    this.#backend.destroy();
  }

  #end(end: IntegrationEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#resolve(end);
  }
}

/** Whether the client announced more than the gateway takes. */
export function announcesTooMuch(headers: HeaderList): boolean {
  return Number(headerValues(headers, 'content-length')[0] ?? 0) > MAX_PAYLOAD_BYTES;
}
