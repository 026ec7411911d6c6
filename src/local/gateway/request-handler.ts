import { randomBytes, randomUUID } from 'node:crypto';
import type { Agent, IncomingMessage, ServerResponse } from 'node:http';

import type { Clock } from '../../core/clock';
import type { Logger } from '../../core/logger';
import type { Authorize } from './authorizer';
import type { OperationDefinition } from './definition';
import { executionArn, type ApiFacts, type ClientRequest, type Exchange } from './exchange';
import { gatewayResponse, type ResponseType } from './gateway-response';
import { headerPairs, headerValues } from './headers';
import { announcesTooMuch, runIntegration } from './integration';
import type { Mapping } from './parameter-mapping';
import { requestIdHeaders } from './returned-headers';
import { matchRoute, type RouteMatch } from './route-match';
import { routeKeyOf, type Throttle } from './throttle';

/** One operation of the definition, ready to run. */
export interface CompiledOperation {
  readonly authorize: Authorize | undefined;
  readonly mappings: readonly Mapping[];
}

/** What a gateway knows while it runs. */
export interface GatewayState {
  readonly api: ApiFacts;
  readonly operations: readonly OperationDefinition[];
  readonly compiled: ReadonlyMap<OperationDefinition, CompiledOperation>;
  readonly agent: Agent;
  readonly clock: Clock;
  readonly throttle: Throttle;
  readonly logger: Logger | undefined;
  readonly writeAccessLog: (exchange: Exchange) => void;
}

/** Header values of a request (HTTP API: and its first line), in bytes; neither API type can raise it. */
const HEADER_BUDGET_BYTES = 10_240;
/** Longest ARN of a method that has an authorizer, in bytes (REST). */
const MAX_METHOD_ARN_BYTES = 1_600;

/** Takes one request from its client to its end: an answer of the backend or of the gateway, and its line in the log. */
export async function handleRequest(
  state: GatewayState,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const exchange = openExchange(state, incoming);
  const end = await process(state, exchange, incoming, outgoing);
  exchange.responseLatencyMs = state.clock() - exchange.startedAt;
  // The line is written before the gateway's own answer goes out, so that whoever has the answer finds the line.
  if (end === 'answered') {
    state.writeAccessLog(exchange);
    return;
  }
  exchange.responseType = end;
  const { status, body, errorType } = gatewayResponse(state.api.kind, end);
  exchange.status = status;
  exchange.responseBytes = Buffer.byteLength(body);
  state.writeAccessLog(exchange);
  // What the client still sends is not read, so the connection cannot be used again.
  if (!incoming.complete) outgoing.setHeader('Connection', 'close');
  for (const [name, value] of requestIdHeaders(exchange)) outgoing.setHeader(name, value);
  if (errorType !== undefined) outgoing.setHeader('x-amzn-ErrorType', errorType);
  outgoing.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  outgoing.end(body);
}

async function process(
  state: GatewayState,
  exchange: Exchange,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<'answered' | ResponseType> {
  const refused = checkLimits(exchange, incoming);
  if (refused !== undefined) return refused;
  const route = findRoute(state, exchange);
  if (typeof route === 'string') return route;
  exchange.route = route;
  // Before the authorizer, which is what throttling protects too; AWS does not say which comes first.
  if (!state.throttle(route.operation)) {
    state.logger?.warn(`The gateway throttled ${routeKeyOf(route.operation)}`, { requestId: exchange.requestId });
    return 'THROTTLED';
  }
  const operation = state.compiled.get(route.operation);
  if (operation?.authorize !== undefined) {
    if (state.api.kind === 'rest' && Buffer.byteLength(executionArn(exchange)) > MAX_METHOD_ARN_BYTES) {
      return 'REQUEST_URI_TOO_LONG';
    }
    const denied = await operation.authorize(exchange);
    if (denied !== undefined) return denied;
  }
  const { agent, clock } = state;
  return runIntegration(exchange, incoming, outgoing, { mappings: operation?.mappings ?? [], agent, clock });
}

function checkLimits({ api, client }: Exchange, incoming: IncomingMessage): ResponseType | undefined {
  let bytes = client.headers.reduce((sum, [, value]) => sum + Buffer.byteLength(value), 0);
  if (api.kind === 'http') bytes += Buffer.byteLength(`${client.method} ${incoming.url ?? ''} ${client.protocol}`);
  if (bytes > HEADER_BUDGET_BYTES) return 'HEADERS_TOO_LARGE';
  return announcesTooMuch(client.headers) ? 'REQUEST_TOO_LARGE' : undefined;
}

function findRoute({ api, operations }: GatewayState, { client }: Exchange): RouteMatch | ResponseType {
  if (!client.path.startsWith('/')) return 'UNKNOWN_STAGE';
  try {
    return matchRoute(api.kind, operations, client.method, client.path) ?? 'MISSING_AUTHENTICATION_TOKEN';
  } catch (thrown) {
    if (thrown instanceof URIError) return 'BAD_REQUEST';
    throw thrown;
  }
}

/** IDs, time and the client's request, fixed before anything is decided. */
function openExchange({ api, clock }: GatewayState, incoming: IncomingMessage): Exchange {
  const client = readClient(api, incoming);
  const startedAt = clock();
  // 11 bytes as base64url with padding: sixteen characters that end in `=`, the shape of API Gateway's own.
  const extendedRequestId = `${randomBytes(11).toString('base64url')}=`;
  // On REST a client may choose the request ID; the extended one it cannot, which is why logs are joined on that.
  const chosen = headerValues(client.headers, 'x-amzn-requestid')[0];
  return {
    api,
    client,
    requestId: api.kind === 'http' ? extendedRequestId : chosen || randomUUID(),
    extendedRequestId,
    traceHeader: traceHeader(headerValues(client.headers, 'x-amzn-trace-id')[0], startedAt),
    startedAt,
    authorizer: { context: {} },
    integration: {},
    responseBytes: 0,
  };
}

function readClient(api: ApiFacts, incoming: IncomingMessage): ClientRequest {
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const fullPath = mark < 0 ? url : url.slice(0, mark);
  const headers = headerPairs(incoming.rawHeaders);
  return {
    method: incoming.method ?? 'GET',
    fullPath,
    path: withoutStage(api.stage, fullPath),
    queryString: mark < 0 ? '' : url.slice(mark + 1),
    headers,
    sourceIp: incoming.socket.remoteAddress ?? '',
    userAgent: headerValues(headers, 'user-agent')[0] ?? '',
    host: headerValues(headers, 'host')[0] ?? '',
    protocol: `HTTP/${incoming.httpVersion}`,
  };
}

/** The path below the stage; empty where it is another stage's. */
function withoutStage(stage: string, path: string): string {
  if (stage === '$default') return path;
  if (path === `/${stage}`) return '/';
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : '';
}

/**
 * The trace header for the backend: the client's if it names a root, else a new root without a parent. API Gateway adds
 * one to every request, tracing or not. That HTTP APIs do so too is assumed.
 */
function traceHeader(given: string | undefined, now: number): string {
  if (given !== undefined && /(?:^|;)\s*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;|$)/.test(given)) return given;
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')}`;
}
