import { deployedFlag, deployedText, isIntrinsic, referredTo, type Template } from './cloudformation';
import { scriptOf } from './gateway-function';
import { mappingsOf } from './gateway-mapping';
import type { GatewayApi, GatewayAuthorizer, GatewayIntegration, GatewayKind, GatewayOperation } from './gateway-model';
import type { Located } from './located';

const METHODS: Readonly<Record<string, string>> = {
  get: 'GET',
  put: 'PUT',
  post: 'POST',
  delete: 'DELETE',
  options: 'OPTIONS',
  head: 'HEAD',
  patch: 'PATCH',
  'x-amazon-apigateway-any-method': 'ANY',
};

const INTEGRATION = 'x-amazon-apigateway-integration';
const AUTHORIZER = 'x-amazon-apigateway-authorizer';

/** What a REST API keeps results for when nothing is said, in seconds; HTTP APIs keep none. */
const DEFAULT_TTL_SECONDS = { rest: 300, http: 0 } as const;

/** Whether a file is an OpenAPI definition. */
export const isDefinition = (root: Located): boolean =>
  root.at('paths').isThere && (root.at('openapi').isThere || root.at('swagger').isThere);

/** Which kind of API a definition is for, by what only one of the two understands. */
export function kindOfDefinition(root: Located): GatewayKind | undefined {
  const text = JSON.stringify(root.value);
  if (/"(?:overwrite|append|remove):|"\$request\.|"authorizerPayloadFormatVersion"/.test(text)) return 'http';
  if (/"integration\.request\.|"method\.request\.|"passthroughBehavior"|"x-amazon-apigateway-authtype"/.test(text)) {
    return 'rest';
  }
  return undefined;
}

/** How long results are kept. */
export function ttlOf(at: Located, kind: GatewayKind | undefined, template: Template | undefined): number | undefined {
  if (!at.isThere) return kind && DEFAULT_TTL_SECONDS[kind];
  const seconds = Number(deployedText(at, template) ?? NaN);
  return Number.isInteger(seconds) ? seconds : undefined;
}

const typeOf = (type: string | undefined): GatewayAuthorizer['type'] =>
  type === 'request' || type === 'token' ? type : 'other';

/** `$request.header.A, $context.routeKey` as a list, without the signs. */
export const identitySourcesOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((source) => source.trim().replace(/^\$/, ''))
    .filter((source) => source !== '');

function authorizerOf(
  name: string,
  at: Located,
  kind: GatewayKind | undefined,
  template: Template | undefined,
): GatewayAuthorizer {
  const identitySourceAt = at.at('identitySource');
  const sources = identitySourceAt.isThere ? deployedText(identitySourceAt, template) : '';
  const payloadFormatAt = at.at('authorizerPayloadFormatVersion');
  return {
    name,
    at,
    type: typeOf(at.at('type').text?.toLowerCase()),
    identitySources: sources === undefined ? undefined : identitySourcesOf(sources),
    identitySourceAt,
    ttlSeconds: ttlOf(at.at('authorizerResultTtlInSeconds'), kind, template),
    ttlAt: at.at('authorizerResultTtlInSeconds'),
    payloadFormat: deployedText(payloadFormatAt, template),
    payloadFormatAt,
    simpleResponses: deployedFlag(at.at('enableSimpleResponses'), template),
    script: scriptOf(referredTo(at.at('authorizerUri')), template),
  };
}

function integrationOf(at: Located, template: Template | undefined): GatewayIntegration | undefined {
  const type = at.at('type').text?.toLowerCase();
  if (type !== 'http_proxy' && type !== 'http') return undefined;
  // What only the deployment knows cannot be judged.
  if (isIntrinsic(at.at('requestParameters'))) return undefined;
  const payloadFormatAt = at.at('payloadFormatVersion');
  return {
    at,
    uri: deployedText(at.at('uri'), template),
    uriAt: at.at('uri'),
    isPrivate: at.at('connectionType').text?.toUpperCase() === 'VPC_LINK',
    tlsConfig: at.at('tlsConfig'),
    payloadFormat: deployedText(payloadFormatAt, template),
    payloadFormatAt,
    mappings: mappingsOf(at.at('requestParameters'), at.at('requestTemplates'), template),
  };
}

type Schemes = ReadonlyMap<string, GatewayAuthorizer | 'none' | 'other'>;

/** A scheme of the definition: an API key alone is no authorizer, a signature of AWS is one that calls no function. */
function schemesOf(root: Located, kind: GatewayKind | undefined, template: Template | undefined): Schemes {
  const schemes = root.at('swagger').isThere
    ? root.at('securityDefinitions')
    : root.at('components', 'securitySchemes');
  return new Map(
    schemes.members.map(([name, scheme]): readonly [string, GatewayAuthorizer | 'none' | 'other'] => {
      const extension = scheme.at(AUTHORIZER);
      if (extension.isThere) return [name, authorizerOf(name, extension, kind, template)];
      return [name, /sigv4/i.test(scheme.at('x-amazon-apigateway-authtype').text ?? '') ? 'other' : 'none'];
    }),
  );
}

function authorizerFor(
  security: Located,
  schemes: Schemes,
  byDefault: GatewayOperation['authorizer'],
): GatewayOperation['authorizer'] {
  if (!security.isThere) return byDefault;
  // A condition of the template, for example: only the deployment knows.
  if (!Array.isArray(security.value)) return 'other';
  const named = security.items.flatMap((requirement) => requirement.members.map(([name]) => schemes.get(name)));
  const real = named.filter((one) => one !== undefined && one !== 'none');
  // A name that the definition does not know: SAM adds schemes of its own.
  return real[0] ?? (named.includes(undefined) ? 'other' : 'none');
}

/**
 * An API by its OpenAPI definition.
 *
 * @param byDefault what SAM puts on operations that say nothing, where it can see them
 */
export function apiOfDefinition(
  root: Located,
  kind: GatewayKind | undefined,
  template: Template | undefined,
  byDefault: GatewayOperation['authorizer'] = 'none',
): Omit<GatewayApi, 'stage'> {
  const schemes = schemesOf(root, kind, template);
  const operations = root.at('paths').members.flatMap(([path, item]) =>
    item.members.flatMap(([name, at]): GatewayOperation[] => {
      const method = METHODS[name.toLowerCase()];
      const integration = integrationOf(at.at(INTEGRATION), template);
      if (method === undefined || integration === undefined) return [];
      const authorizer = authorizerFor(at.at('security'), schemes, byDefault);
      return [{ method, path: path === '/$default' ? '$default' : path, at, authorizer, integration }];
    }),
  );
  return {
    kind,
    at: root,
    operations,
    authorizers: [...schemes.values()].filter((one) => typeof one === 'object'),
    rootSecurity: root.at('security').items.length > 0 ? root.at('security') : undefined,
  };
}
