import { deployedFlag, deployedText, isIntrinsic, referredTo, type Resource, type Template } from './cloudformation';
import { scriptOf } from './gateway-function';
import { mappingsOf } from './gateway-mapping';
import type { GatewayAuthorizer, GatewayIntegration, GatewayKind, GatewayOperation } from './gateway-model';
import { identitySourcesOf, ttlOf } from './gateway-openapi';
import type { Located } from './located';

const ofType = (template: Template, type: string): readonly Resource[] =>
  [...template.resources.values()].filter((resource) => resource.type === type);

const belongsTo = (properties: Located, member: string, api: string): boolean =>
  referredTo(properties.at(member)).includes(api);

/** An `AWS::ApiGateway::Authorizer` or `AWS::ApiGatewayV2::Authorizer`. */
function authorizerOf({ id, properties }: Resource, kind: GatewayKind, template: Template): GatewayAuthorizer {
  const type = (properties.at('Type').text ?? properties.at('AuthorizerType').text ?? '').toLowerCase();
  const identitySourceAt = properties.at('IdentitySource');
  const { items } = identitySourceAt;
  const sources = items.length > 0 ? items.map((item) => deployedText(item, template) ?? '').join(',') : undefined;
  const text = identitySourceAt.isThere ? (sources ?? deployedText(identitySourceAt, template)) : '';
  const payloadFormatAt = properties.at('AuthorizerPayloadFormatVersion');
  return {
    name: id,
    at: properties,
    type: type === 'request' || type === 'token' ? type : 'other',
    identitySources: text === undefined ? undefined : identitySourcesOf(text),
    identitySourceAt,
    ttlSeconds: ttlOf(properties.at('AuthorizerResultTtlInSeconds'), kind, template),
    ttlAt: properties.at('AuthorizerResultTtlInSeconds'),
    payloadFormat: deployedText(payloadFormatAt, template),
    payloadFormatAt,
    simpleResponses: deployedFlag(properties.at('EnableSimpleResponses'), template),
    script: scriptOf(referredTo(properties.at('AuthorizerUri')), template),
  };
}

/** `AuthorizationType` and `AuthorizerId` of a method or route. */
function authorizationOf(
  properties: Located,
  authorizers: readonly GatewayAuthorizer[],
): GatewayOperation['authorizer'] {
  const type = (properties.at('AuthorizationType').text ?? 'NONE').toUpperCase();
  if (type === 'NONE') return 'none';
  const ids = referredTo(properties.at('AuthorizerId'));
  const found = type === 'CUSTOM' ? authorizers.find(({ name }) => ids.includes(name)) : undefined;
  return found ?? 'other';
}

function integrationOf(
  at: Located,
  names: { readonly type: string; readonly uri: string },
  template: Template,
): GatewayIntegration | undefined {
  const type = at.at(names.type).text?.toUpperCase();
  if (type !== 'HTTP_PROXY' && type !== 'HTTP') return undefined;
  // What only the deployment knows cannot be judged.
  if (isIntrinsic(at.at('RequestParameters'))) return undefined;
  const uriAt = at.at(names.uri);
  return {
    at,
    uri: deployedText(uriAt, template),
    uriAt,
    isPrivate: at.at('ConnectionType').text?.toUpperCase() === 'VPC_LINK',
    tlsConfig: at.at('TlsConfig'),
    payloadFormat: deployedText(at.at('PayloadFormatVersion'), template),
    payloadFormatAt: at.at('PayloadFormatVersion'),
    mappings: mappingsOf(at.at('RequestParameters'), at.at('RequestTemplates'), template),
  };
}

/** The path of an `AWS::ApiGateway::Resource`, from its parents; the root has none. */
function pathOfResource(ids: readonly string[], template: Template): string {
  const resource = ids.flatMap((id) => template.resources.get(id) ?? [])[0];
  if (resource?.type !== 'AWS::ApiGateway::Resource') return '';
  const { properties } = resource;
  const above = pathOfResource(referredTo(properties.at('ParentId')), template);
  return `${above}/${deployedText(properties.at('PathPart'), template) ?? '{unknown}'}`;
}

function restOperations(
  api: string,
  authorizers: readonly GatewayAuthorizer[],
  template: Template,
): GatewayOperation[] {
  const methods = ofType(template, 'AWS::ApiGateway::Method').filter(({ properties }) =>
    belongsTo(properties, 'RestApiId', api),
  );
  return methods.flatMap(({ properties }) => {
    const integration = integrationOf(properties.at('Integration'), { type: 'Type', uri: 'Uri' }, template);
    if (integration === undefined) return [];
    return [
      {
        method: (properties.at('HttpMethod').text ?? 'ANY').toUpperCase(),
        path: pathOfResource(referredTo(properties.at('ResourceId')), template) || '/',
        at: properties,
        authorizer: authorizationOf(properties, authorizers),
        integration,
      },
    ];
  });
}

function httpOperations(
  api: string,
  authorizers: readonly GatewayAuthorizer[],
  template: Template,
): GatewayOperation[] {
  const routes = ofType(template, 'AWS::ApiGatewayV2::Route').filter(({ properties }) =>
    belongsTo(properties, 'ApiId', api),
  );
  return routes.flatMap(({ properties }) => {
    const target = referredTo(properties.at('Target'))
      .flatMap((id) => template.resources.get(id) ?? [])
      .find(({ type }) => type === 'AWS::ApiGatewayV2::Integration');
    const names = { type: 'IntegrationType', uri: 'IntegrationUri' };
    const integration = target && integrationOf(target.properties, names, template);
    if (integration === undefined) return [];
    const [first = '', path] = (deployedText(properties.at('RouteKey'), template) ?? '').split(' ');
    const authorizer = authorizationOf(properties, authorizers);
    return [
      {
        method: path === undefined ? 'ANY' : first.toUpperCase(),
        path: path ?? '$default',
        at: properties,
        authorizer,
        integration,
      },
    ];
  });
}

/** The parts of an API that is written as resources of CloudFormation, without a definition. */
export function partsOfResources(
  api: string,
  kind: GatewayKind,
  template: Template,
): { readonly operations: readonly GatewayOperation[]; readonly authorizers: readonly GatewayAuthorizer[] } {
  const [type, owner] =
    kind === 'rest' ? ['AWS::ApiGateway::Authorizer', 'RestApiId'] : ['AWS::ApiGatewayV2::Authorizer', 'ApiId'];
  const authorizers = ofType(template, type)
    .filter(({ properties }) => belongsTo(properties, owner, api))
    .map((resource) => authorizerOf(resource, kind, template));
  const operations = (kind === 'rest' ? restOperations : httpOperations)(api, authorizers, template);
  return { operations, authorizers };
}
