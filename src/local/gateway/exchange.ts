import type { GatewayKind } from './definition';
import type { HeaderList } from './headers';
import type { ResponseType } from './gateway-response';
import type { RouteMatch } from './route-match';
import { routeKeyOf } from './throttle';

/** What is fixed about the API that a gateway plays. */
export interface ApiFacts {
  readonly kind: GatewayKind;
  readonly accountId: string;
  readonly region: string;
  readonly apiId: string;
  readonly stage: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly domainName: string;
}

/** A client's request as the gateway received it. */
export interface ClientRequest {
  readonly method: string;
  /** Without stage and query, as sent. */
  readonly path: string;
  /** With the stage, without the query, as sent. */
  readonly fullPath: string;
  /** Without the question mark, as sent. */
  readonly queryString: string;
  readonly headers: HeaderList;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly host: string;
  /** For example `HTTP/1.1`. */
  readonly protocol: string;
}

/** One request on its way through the gateway, and what became of it. */
export interface Exchange {
  readonly api: ApiFacts;
  readonly client: ClientRequest;
  readonly requestId: string;
  readonly extendedRequestId: string;
  /** The value of X-Amzn-Trace-Id that goes to the backend. */
  readonly traceHeader: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  route?: RouteMatch;
  authorizer: {
    /** What the function put into `context`, as text, and `principalId`. */
    context: Readonly<Record<string, string>>;
    latencyMs?: number;
    error?: string;
  };
  integration: { status?: number; latencyMs?: number; error?: string };
  /** Set where the gateway itself answered. */
  responseType?: ResponseType;
  status?: number;
  responseBytes: number;
  responseLatencyMs?: number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time as API Gateway writes it: `09/Nov/2026:14:05:01 +0000`. */
export function requestTime(epochMs: number): string {
  const time = new Date(epochMs);
  const day = String(time.getUTCDate()).padStart(2, '0');
  return `${day}/${MONTHS[time.getUTCMonth()] ?? ''}/${String(time.getUTCFullYear())}:${time.toISOString().slice(11, 19)} +0000`;
}

/** `GET /invoices/{id}`; `$default` for the catch-all route and where no route was found. */
export function routeKey({ route }: Exchange): string {
  return route === undefined ? '$default' : routeKeyOf(route.operation);
}

/** The ARN of the method (REST) or route (HTTP API) that a request asks for, its path as sent. */
export function executionArn({ api, client }: Exchange): string {
  return `arn:aws:execute-api:${api.region}:${api.accountId}:${api.apiId}/${api.stage}/${client.method}${client.path}`;
}
