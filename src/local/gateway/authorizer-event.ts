import { executionArn, requestTime, routeKey, type Exchange } from './exchange';
import { headerValues, joinedHeaders, withoutHeader } from './headers';

/**
 * The event that a REST API sends to a REQUEST authorizer. It has the request's header names as the client spelled them.
 * Source: API Gateway developer guide, "Input to an API Gateway Lambda authorizer".
 */
export function restAuthorizerEvent(exchange: Exchange): Record<string, unknown> {
  const { client, api, route } = exchange;
  const query = new URLSearchParams(client.queryString);
  const multiValueHeaders: Record<string, string[]> = {};
  for (const [name, value] of client.headers) (multiValueHeaders[name] ??= []).push(value);
  return {
    type: 'REQUEST',
    methodArn: executionArn(exchange),
    resource: route?.operation.template.path,
    path: client.path,
    httpMethod: client.method,
    headers: Object.fromEntries(client.headers),
    multiValueHeaders,
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: Object.fromEntries([...query.keys()].map((key) => [key, query.getAll(key)])),
    pathParameters: route?.pathParameters ?? {},
    stageVariables: api.stageVariables,
    requestContext: restRequestContext(exchange),
  };
}

function restRequestContext(exchange: Exchange): Record<string, unknown> {
  const { client, api, route } = exchange;
  return {
    resourceId: 'local',
    resourcePath: route?.operation.template.path,
    httpMethod: client.method,
    extendedRequestId: exchange.extendedRequestId,
    requestTime: requestTime(exchange.startedAt),
    path: client.fullPath,
    accountId: api.accountId,
    protocol: client.protocol,
    stage: api.stage,
    domainPrefix: api.domainName.split('.')[0],
    requestTimeEpoch: exchange.startedAt,
    requestId: exchange.requestId,
    identity: {
      cognitoIdentityPoolId: null,
      accountId: null,
      cognitoIdentityId: null,
      caller: null,
      sourceIp: client.sourceIp,
      principalOrgId: null,
      accessKey: null,
      cognitoAuthenticationType: null,
      cognitoAuthenticationProvider: null,
      userArn: null,
      userAgent: client.userAgent || null,
      user: null,
    },
    domainName: api.domainName,
    apiId: api.apiId,
  };
}

/**
 * The event that an HTTP API sends to an authorizer with payload format 2.0: header names in lower case, equal ones
 * joined by commas, cookies apart.
 * Source: API Gateway developer guide, "Control access to HTTP APIs with AWS Lambda authorizers".
 *
 * @param identitySource the values of the identity sources, in their order
 */
export function httpAuthorizerEvent(exchange: Exchange, identitySource: readonly string[]): Record<string, unknown> {
  const { client, api, route } = exchange;
  const query = new URLSearchParams(client.queryString);
  const cookies = headerValues(client.headers, 'cookie').flatMap((value) => value.split(/;\s*/));
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: executionArn(exchange),
    identitySource,
    routeKey: routeKey(exchange),
    rawPath: client.fullPath,
    rawQueryString: client.queryString,
    ...(cookies.length > 0 && { cookies }),
    headers: joinedHeaders(withoutHeader(client.headers, 'cookie')),
    queryStringParameters: Object.fromEntries([...query.keys()].map((key) => [key, query.getAll(key).join(',')])),
    requestContext: {
      accountId: api.accountId,
      apiId: api.apiId,
      domainName: api.domainName,
      domainPrefix: api.domainName.split('.')[0],
      http: {
        method: client.method,
        path: client.fullPath,
        protocol: client.protocol,
        sourceIp: client.sourceIp,
        userAgent: client.userAgent,
      },
      requestId: exchange.requestId,
      routeKey: routeKey(exchange),
      stage: api.stage,
      time: requestTime(exchange.startedAt),
      timeEpoch: exchange.startedAt,
    },
    pathParameters: route?.pathParameters ?? {},
    stageVariables: api.stageVariables,
  };
}
