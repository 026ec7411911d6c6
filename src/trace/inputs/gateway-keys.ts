/**
 * The keys under which access logs hold what a stage's `$context` knows: first the one of Baton's own format, then those of
 * API Gateway's console and documentation, and the variable's own name as others write it.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export const GATEWAY_KEYS = {
  requestId: ['requestId', 'request_id'],
  extendedRequestId: ['extendedRequestId', 'extended_request_id'],
  requestTimeEpoch: ['requestTimeEpoch', 'request_time_epoch'],
  requestTime: ['requestTime', 'request_time'],
  sourceIp: ['sourceIp', 'ip', 'source_ip'],
  httpMethod: ['httpMethod', 'method', 'http_method'],
  path: ['path'],
  stage: ['stage'],
  status: ['status'],
  responseLatency: ['responseLatency', 'response_latency', 'latency'],
  integrationStatus: ['integrationStatus', 'integration_status'],
  integrationLatency: ['integrationLatency', 'integration_latency'],
  integrationError: ['integrationError', 'integrationErrorMessage', 'integration_error'],
  authorizerPrincipalId: ['authorizerPrincipalId', 'principalId', 'authorizer_principal_id'],
  authorizerLatency: ['authorizerLatency', 'authorizer_latency'],
  authorizerError: ['authorizerError', 'authorizer_error'],
  errorResponseType: ['errorResponseType', 'error_response_type'],
  resourcePath: ['resourcePath', 'resource_path'],
  routeKey: ['routeKey', 'route_key'],
  xrayTraceId: ['xrayTraceId', 'xray_trace_id'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Keys that are not read, but tell one format from another. */
const TELLING_FORMATS = [
  'responseLength',
  'userAgent',
  'protocol',
  'user',
  'caller',
  'apiId',
  'domainName',
  'accountId',
];

const USUAL: readonly string[] = [...Object.values(GATEWAY_KEYS).map(([key]) => key), ...TELLING_FORMATS];
const UNUSUAL: readonly string[] = Object.values(GATEWAY_KEYS).flatMap(([, ...others]) => others);

/**
 * The keys to look for in a log: those of Baton's format, and of the others those that its beginning has. Each key that is
 * looked for costs a fiftieth of the time.
 */
export function keysIn(text: string): readonly string[] {
  return [...USUAL, ...UNUSUAL.filter((key) => text.includes(`"${key}"`) || text.includes(`\\"${key}\\"`))];
}

/** A value of the gateway's, by the name in Baton's own format. */
export type GatewayKey = keyof typeof GATEWAY_KEYS;

/** Keys that hardly any other log has. */
const TELLING: readonly GatewayKey[] = [
  'extendedRequestId',
  'requestTimeEpoch',
  'responseLatency',
  'integrationStatus',
  'integrationLatency',
  'authorizerError',
  'errorResponseType',
  'resourcePath',
  'routeKey',
  'xrayTraceId',
];

/** Whether an object's keys are those of an access log. */
export function isGatewayLine(line: Readonly<Record<string, unknown>>): boolean {
  const has = (key: GatewayKey): boolean => GATEWAY_KEYS[key].some((name) => Object.hasOwn(line, name));
  return (has('requestId') || has('extendedRequestId')) && TELLING.some(has) && !Object.hasOwn(line, 'level');
}
