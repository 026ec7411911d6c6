import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import { contextVariable } from './context-variables';
import type { GatewayKind } from './definition';
import type { Exchange } from './exchange';

const COMMON = {
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  requestTimeEpoch: '$context.requestTimeEpoch',
  sourceIp: '$context.identity.sourceIp',
  httpMethod: '$context.httpMethod',
  path: '$context.path',
  stage: '$context.stage',
  status: '$context.status',
  responseLatency: '$context.responseLatency',
  responseLength: '$context.responseLength',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integration.latency',
  integrationError: '$context.integration.error',
  authorizerPrincipalId: '$context.authorizer.principalId',
  authorizerError: '$context.authorizer.error',
  errorResponseType: '$context.error.responseType',
} as const;

/**
 * The access log's format: what `AccessLogSetting.Format` of the stage should be, so that the logs of a laptop and of AWS
 * are read alike.
 *
 * Not among its fields: the authorizer's context keys (one of them is the token) and the user agent (a quote in it broke
 * the JSON of API Gateway's logs, at least in the past).
 */
export const ACCESS_LOG_FORMAT: Readonly<Record<GatewayKind, Readonly<Record<string, string>>>> = {
  rest: {
    ...COMMON,
    resourcePath: '$context.resourcePath',
    authorizerLatency: '$context.authorizer.latency',
    xrayTraceId: '$context.xrayTraceId',
  },
  http: { ...COMMON, routeKey: '$context.routeKey' },
};

/** One line of the access log: JSON, every value text, `-` for what has none, as API Gateway writes it. */
export function accessLogLine(exchange: Exchange): string {
  const entries = Object.entries(ACCESS_LOG_FORMAT[exchange.api.kind]).map(([key, variable]) => [
    key,
    contextVariable(exchange, variable.slice('$context.'.length)) || '-',
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

/**
 * Opens an access log.
 *
 * Writes at once and waits for it: a line is in the file before anything that follows the request can look for it.
 */
export function openAccessLog(file: string): (exchange: Exchange) => void {
  mkdirSync(dirname(file), { recursive: true });
  return (exchange) => appendFileSync(file, `${accessLogLine(exchange)}\n`);
}
