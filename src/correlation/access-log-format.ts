/** What an access log's fields hold, by kind of API Gateway API: the variable that each is filled from. */
export type AccessLogFields = Readonly<Record<string, `$context.${string}`>>;

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
 * are read alike. The correlation ID is `extendedRequestId` on a REST API and `requestId` on an HTTP API: what the
 * gateway maps into `X-Correlation-Id`.
 *
 * Not among its fields: the authorizer's context keys (one of them is the token) and the user agent (a quote in it broke
 * the JSON of API Gateway's logs, at least in the past).
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export const ACCESS_LOG_FORMAT: Readonly<Record<'rest' | 'http', AccessLogFields>> = {
  rest: {
    ...COMMON,
    resourcePath: '$context.resourcePath',
    authorizerLatency: '$context.authorizer.latency',
    xrayTraceId: '$context.xrayTraceId',
  },
  http: { ...COMMON, routeKey: '$context.routeKey' },
};

/**
 * The format as the text that a stage takes: one line of JSON. Every value stands in quotes: without them one that is
 * missing, written `-`, makes the line no JSON.
 */
export function accessLogFormatText(api: 'rest' | 'http'): string {
  return JSON.stringify(ACCESS_LOG_FORMAT[api]);
}
