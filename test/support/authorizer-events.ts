type Json = Readonly<Record<string, unknown>>;

/** What a client sends to the gateway. */
export interface GatewayRequest {
  readonly authorization?: string | undefined;
  readonly method?: string;
  readonly path?: string;
}

const ACCOUNT = 'arn:aws:execute-api:eu-west-1:123456789012';
export const REST_STAGE = `${ACCOUNT}:a1b2c3d4e5/prod`;
export const HTTP_STAGE = `${ACCOUNT}:h1i2j3k4l5/$default`;
export const REST_REQUEST_ID = 'fT3kXG1zDoEEJ_w=';
export const HTTP_REQUEST_ID = 'JKJaXmPLvHcESHA=';
export const CLIENT_ADDRESS = '198.51.100.23';

const sent = {
  Accept: 'application/json',
  Host: 'a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com',
  'User-Agent': 'curl/8.5.0',
  'X-Amzn-Trace-Id': 'Root=1-67891233-abcdef012345678912345678',
  'X-Forwarded-For': CLIENT_ADDRESS,
  'X-Forwarded-Port': '443',
  'X-Forwarded-Proto': 'https',
};

const mapValues = <T>(from: Readonly<Record<string, string>>, to: (value: string) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(from).map(([name, value]) => [name, to(value)]));

/** A REST API's event for an authorizer of type REQUEST; header names are spelt as the client spelt them. */
export function restEvent({ authorization, method = 'GET', path = '/invoices/7' }: GatewayRequest = {}): Json {
  const headers = { ...sent, ...(authorization !== undefined && { Authorization: authorization }) };
  return {
    type: 'REQUEST',
    methodArn: `${REST_STAGE}/${method}${path}`,
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: mapValues(headers, (value) => [value]),
    queryStringParameters: {},
    multiValueQueryStringParameters: {},
    pathParameters: { proxy: path.slice(1) },
    stageVariables: {},
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      domainName: sent.Host,
      domainPrefix: 'a1b2c3d4e5',
      extendedRequestId: REST_REQUEST_ID,
      httpMethod: method,
      identity: { sourceIp: CLIENT_ADDRESS, userAgent: 'curl/8.5.0', accessKey: null, apiKey: null, clientCert: null },
      path: `/prod${path}`,
      protocol: 'HTTP/1.1',
      requestId: '6f3d1f0e-3ad4-4b43-9d4a-1f0a4f5f8f11',
      requestTime: '20/Nov/2026:10:15:30 +0000',
      requestTimeEpoch: 1_795_169_730_000,
      resourceId: 'ab12cd',
      resourcePath: '/{proxy+}',
      stage: 'prod',
    },
  };
}

/** An HTTP API's event, payload format 2.0: header names in lower case, repeated ones joined by commas. */
export function httpApiEvent({ authorization, method = 'GET', path = '/invoices/7' }: GatewayRequest = {}): Json {
  const headers = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: `${HTTP_STAGE}/${method}${path}`,
    identitySource: authorization === undefined ? [] : [authorization],
    routeKey: 'ANY /{proxy+}',
    rawPath: path,
    rawQueryString: '',
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    requestContext: {
      accountId: '123456789012',
      apiId: 'h1i2j3k4l5',
      domainName: 'h1i2j3k4l5.execute-api.eu-west-1.amazonaws.com',
      domainPrefix: 'h1i2j3k4l5',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: CLIENT_ADDRESS, userAgent: 'curl/8.5.0' },
      requestId: HTTP_REQUEST_ID,
      routeKey: 'ANY /{proxy+}',
      stage: '$default',
      time: '20/Nov/2026:10:15:30 +0000',
      timeEpoch: 1_795_169_730_000,
    },
    pathParameters: { proxy: path.slice(1) },
  };
}

/** An HTTP API's event, payload format 1.0: the REST shape, with the identity sources as one text. */
export function httpApiEventV1(request: GatewayRequest = {}): Json {
  const { authorization } = request;
  return {
    ...restEvent(request),
    version: '1.0',
    ...(authorization !== undefined && { identitySource: authorization, authorizationToken: authorization }),
  };
}

/** The same event without a member, or with other members: `requestContext` is merged, the rest replaced. */
export function changed(event: Json, { requestContext, ...members }: Json): Json {
  const merged = { ...event, ...members };
  if (requestContext === undefined) return merged;
  return { ...merged, requestContext: { ...(event.requestContext as Json), ...(requestContext as Json) } };
}
