import { executionArn, requestTime, routeKey, type Exchange } from './exchange';
import type { GatewayKind } from './definition';

type Read = (exchange: Exchange) => string | number | undefined;

/** `$context` variables that REST and HTTP APIs share. */
const COMMON: Readonly<Record<string, Read>> = {
  accountId: ({ api }) => api.accountId,
  apiId: ({ api }) => api.apiId,
  'authorizer.error': ({ authorizer }) => authorizer.error,
  domainName: ({ api }) => api.domainName,
  'error.responseType': ({ responseType }) => responseType,
  extendedRequestId: ({ extendedRequestId }) => extendedRequestId,
  httpMethod: ({ client }) => client.method,
  'identity.sourceIp': ({ client }) => client.sourceIp,
  'identity.userAgent': ({ client }) => client.userAgent || undefined,
  'integration.error': ({ integration }) => integration.error,
  'integration.latency': ({ integration }) => integration.latencyMs,
  'integration.status': ({ integration }) => integration.status,
  path: ({ client }) => client.fullPath,
  protocol: ({ client }) => client.protocol,
  requestId: ({ requestId }) => requestId,
  requestTime: ({ startedAt }) => requestTime(startedAt),
  requestTimeEpoch: ({ startedAt }) => startedAt,
  responseLatency: ({ responseLatencyMs }) => responseLatencyMs,
  responseLength: ({ responseBytes }) => responseBytes,
  stage: ({ api }) => api.stage,
  status: ({ status }) => status,
};

const BY_KIND: Readonly<Record<GatewayKind, Readonly<Record<string, Read>>>> = {
  rest: {
    ...COMMON,
    'authorizer.latency': ({ authorizer }) => authorizer.latencyMs,
    resourcePath: ({ route }) => route?.operation.template.path,
    xrayTraceId: ({ traceHeader }) => /(?:^|;)\s*Root=([^;]+)/.exec(traceHeader)?.[1],
  },
  http: { ...COMMON, routeKey, routeArn: executionArn },
};

const AUTHORIZER_KEY = /^authorizer\.([A-Za-z0-9_.-]+)$/;

/** Whether this gateway knows a `$context` variable; the keys of an authorizer are only known when it answers. */
export function isContextVariable(kind: GatewayKind, name: string): boolean {
  return Object.hasOwn(BY_KIND[kind], name) || AUTHORIZER_KEY.test(name);
}

/**
 * A `$context` variable as text; `undefined` where it has no value.
 * @param name without `$context.`
 */
export function contextVariable(exchange: Exchange, name: string): string | undefined {
  const known = BY_KIND[exchange.api.kind];
  const read = Object.hasOwn(known, name) ? known[name] : undefined;
  if (read !== undefined) {
    const value = read(exchange);
    return value === undefined ? undefined : String(value);
  }
  const key = AUTHORIZER_KEY.exec(name)?.[1];
  const { context } = exchange.authorizer;
  return key !== undefined && Object.hasOwn(context, key) ? context[key] : undefined;
}
