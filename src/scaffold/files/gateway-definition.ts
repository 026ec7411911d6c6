import type { Plan } from '../plan';
import type { Route } from '../routes';

/** How long the gateway keeps the authorizer's answers, in seconds: the authorizer's code has to say the same. */
export const CACHE_TTL_SECONDS = 300;

const SCHEME = 'baton';

const METHODS_OF_ANY = 'x-amazon-apigateway-any-method';

/** The parameters of a path; `{rest+}` is called `rest`. */
const parametersOf = (path: string): readonly string[] =>
  [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name = '']) => name);

/** A parameter that the template names, and the statement that CloudFormation fills it in by. */
const parameter = (name: string): object => ({ Ref: name });

/**
 * A REST API reaches the private load balancer through its VPC link and names the host for TLS and for IIS's host
 * headers; an HTTP API takes the load balancer's listener instead of an address.
 */
function restIntegration({ method, path, isPublic }: Route): object {
  return {
    type: 'http_proxy',
    httpMethod: method ?? 'ANY',
    uri: `https://\${stageVariables.origin}${path.replace('+}', '}')}`,
    connectionType: 'VPC_LINK',
    connectionId: parameter('VpcLinkId'),
    requestParameters: {
      'integration.request.header.X-Correlation-Id': 'context.extendedRequestId',
      ...(!isPublic && { 'integration.request.header.Txn-Token': 'context.authorizer.txnToken' }),
      ...Object.fromEntries(
        parametersOf(path).map((name) => [`integration.request.path.${name}`, `method.request.path.${name}`]),
      ),
    },
    passthroughBehavior: 'when_no_match',
    timeoutInMillis: 29_000,
  };
}

function httpIntegration({ method, isPublic }: Route): object {
  return {
    type: 'http_proxy',
    httpMethod: method ?? 'ANY',
    uri: parameter('OriginListenerArn'),
    connectionType: 'VPC_LINK',
    connectionId: parameter('VpcLinkId'),
    tlsConfig: { serverNameToVerify: parameter('OriginHost') },
    payloadFormatVersion: '1.0',
    requestParameters: {
      'overwrite:path': '$request.path',
      'overwrite:header.X-Correlation-Id': '$context.requestId',
      ...(isPublic
        ? { 'remove:header.Txn-Token': "''" }
        : { 'overwrite:header.Txn-Token': '$context.authorizer.txnToken' }),
    },
    timeoutInMillis: 30_000,
  };
}

function operation(route: Route, api: Plan['api']): object {
  const parameters = parametersOf(route.path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  return {
    ...(parameters.length > 0 && { parameters }),
    responses: { default: { description: 'What the app answers' } },
    ...(!route.isPublic && { security: [{ [SCHEME]: [] }] }),
    'x-amazon-apigateway-integration': api === 'rest' ? restIntegration(route) : httpIntegration(route),
  };
}

const AUTHORIZER_URI = {
  'Fn::Sub':
    'arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${BatonAuthorizer.Arn}/invocations',
};

function securityScheme(api: Plan['api']): object {
  const authorizer = {
    type: 'request',
    identitySource: api === 'rest' ? 'method.request.header.Authorization' : '$request.header.Authorization',
    authorizerResultTtlInSeconds: CACHE_TTL_SECONDS,
    authorizerUri: AUTHORIZER_URI,
    ...(api === 'http' && { authorizerPayloadFormatVersion: '2.0', enableSimpleResponses: true }),
  };
  return {
    type: 'apiKey',
    name: 'Authorization',
    in: 'header',
    ...(api === 'rest' && { 'x-amazon-apigateway-authtype': 'custom' }),
    'x-amazon-apigateway-authorizer': authorizer,
  };
}

/**
 * The API as an OpenAPI definition with API Gateway's extensions: a path for each route of the policy, each with the
 * authorizer unless it is open to everybody, and the mappings that put the gateway's word in the place of the client's.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
 */
export function gatewayDefinition({ name, api, routes }: Plan): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method?.toLowerCase() ?? METHODS_OF_ANY] = operation(route, api);
  }
  return {
    openapi: '3.0.1',
    info: { title: name, version: '1.0.0' },
    paths,
    components: { securitySchemes: { [SCHEME]: securityScheme(api) } },
  };
}

export const definitionName = ({ api }: Plan): string => `gateway.${api}.openapi.json`;
