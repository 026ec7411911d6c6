'use strict';

/** The app's routes as API Gateway knows them. */
const ROUTES = [
  ['get', '/health', 'public'],
  ['get', '/invoices/{id}'],
  ['post', '/invoices/{id}/approve'],
  ['post', '/invoices/{id}/render'],
  ['post', '/invoices/{id}/print'],
  ['post', '/invoices/{id}/archive'],
  ['post', '/invoices/{id}/approval'],
  ['get', '/workflows/{run}'],
  ['delete', '/workflows/{run}'],
  ['post', '/workflows/{run}/approvals/{state}'],
];

/** Kept so long by the gateways, and told to the authorizer: short, so that it is asked, and started, often. */
const TTL_SECONDS = 10;

const namesIn = (path) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);

function restParameters(path, isPublic) {
  return {
    'integration.request.header.X-Correlation-Id': 'context.extendedRequestId',
    ...(!isPublic && { 'integration.request.header.Txn-Token': 'context.authorizer.txnToken' }),
    ...Object.fromEntries(
      namesIn(path).map((name) => [`integration.request.path.${name}`, `method.request.path.${name}`]),
    ),
  };
}

const httpParameters = (isPublic) => ({
  'overwrite:path': '$request.path',
  'overwrite:header.X-Correlation-Id': '$context.requestId',
  ...(isPublic
    ? { 'remove:header.Txn-Token': "''" }
    : { 'overwrite:header.Txn-Token': '$context.authorizer.txnToken' }),
});

function integration(kind, method, path, isPublic) {
  const common = {
    type: 'http_proxy',
    httpMethod: method.toUpperCase(),
    connectionType: 'VPC_LINK',
    connectionId: { Ref: 'VpcLinkId' },
  };
  if (kind === 'rest') {
    return {
      ...common,
      uri: `https://\${stageVariables.origin}${path}`,
      requestParameters: restParameters(path, isPublic),
      passthroughBehavior: 'when_no_match',
      timeoutInMillis: 29_000,
    };
  }
  return {
    ...common,
    uri: { Ref: 'OriginListenerArn' },
    tlsConfig: { serverNameToVerify: { Ref: 'OriginHost' } },
    payloadFormatVersion: '1.0',
    requestParameters: httpParameters(isPublic),
    timeoutInMillis: 30_000,
  };
}

function operation(kind, [method, path, open]) {
  const parameters = namesIn(path).map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  return {
    ...(parameters.length > 0 && { parameters }),
    responses: { default: { description: 'What the app answers' } },
    ...(open !== 'public' && { security: [{ baton: [] }] }),
    'x-amazon-apigateway-integration': integration(kind, method, path, open === 'public'),
  };
}

/** The OpenAPI definition of the API of this kind: `rest` or `http`. */
function definition(kind) {
  const paths = {};
  for (const route of ROUTES) (paths[route[1]] ??= {})[route[0]] = operation(kind, route);
  const rest = kind === 'rest';
  const authorizer = {
    type: 'request',
    identitySource: rest ? 'method.request.header.Authorization' : '$request.header.Authorization',
    authorizerResultTtlInSeconds: TTL_SECONDS,
    authorizerUri: 'arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/baton-authorizer/invocations',
    ...(!rest && { authorizerPayloadFormatVersion: '2.0', enableSimpleResponses: true }),
  };
  const scheme = {
    type: 'apiKey',
    name: 'Authorization',
    in: 'header',
    ...(rest && { 'x-amazon-apigateway-authtype': 'custom' }),
    'x-amazon-apigateway-authorizer': authorizer,
  };
  return {
    openapi: '3.0.1',
    info: { title: 'soak', version: '1.0.0' },
    paths,
    components: { securitySchemes: { baton: scheme } },
  };
}

module.exports = { definition };
