import { deployedFlag, deployedText, referredTo, type Template } from './cloudformation';
import { scriptOf } from './gateway-function';
import type { GatewayAuthorizer, GatewayKind, GatewayOperation } from './gateway-model';
import { ttlOf } from './gateway-openapi';
import type { Located } from './located';

/** How SAM's `Identity` members are called in identity sources, by kind of API. */
const SOURCES = {
  Headers: { rest: 'method.request.header', http: 'request.header' },
  QueryStrings: { rest: 'method.request.querystring', http: 'request.querystring' },
  StageVariables: { rest: 'stageVariables', http: 'stageVariables' },
  Context: { rest: 'context', http: 'context' },
} as const;

function identitySources(identity: Located, kind: GatewayKind, template: Template): readonly string[] {
  const given = (Object.keys(SOURCES) as (keyof typeof SOURCES)[]).flatMap((member) =>
    identity.at(member).items.map((item) => `${SOURCES[member][kind]}.${deployedText(item, template) ?? ''}`),
  );
  // SAM's own default, where nothing is named.
  return given.length > 0 || kind === 'http'
    ? given
    : [`${SOURCES.Headers.rest}.${identity.at('Header').text ?? 'Authorization'}`];
}

function authorizerOf(name: string, at: Located, kind: GatewayKind, template: Template): GatewayAuthorizer {
  const payload = at.at('FunctionPayloadType').text?.toLowerCase() ?? 'token';
  const type = !at.at('FunctionArn').isThere ? 'other' : kind === 'http' || payload === 'request' ? 'request' : 'token';
  const identity = at.at('Identity');
  return {
    name,
    at,
    type,
    identitySources: identitySources(identity, kind, template),
    identitySourceAt: identity,
    ttlSeconds: ttlOf(identity.at('ReauthorizeEvery'), kind, template),
    ttlAt: identity.at('ReauthorizeEvery'),
    payloadFormat: deployedText(at.at('AuthorizerPayloadFormatVersion'), template),
    payloadFormatAt: at.at('AuthorizerPayloadFormatVersion'),
    simpleResponses: deployedFlag(at.at('EnableSimpleResponses'), template),
    script: scriptOf(referredTo(at.at('FunctionArn')), template),
  };
}

/** `Auth` of an `AWS::Serverless::Api` or `AWS::Serverless::HttpApi`: SAM writes it into a definition in the template. */
export function samAuth(
  properties: Located,
  kind: GatewayKind,
  template: Template,
): { readonly authorizers: readonly GatewayAuthorizer[]; readonly byDefault: GatewayOperation['authorizer'] } {
  const auth = properties.at('Auth');
  const authorizers = auth.at('Authorizers').members.map(([name, at]) => authorizerOf(name, at, kind, template));
  const named = auth.at('DefaultAuthorizer').text;
  if (named === undefined) return { authorizers, byDefault: 'none' };
  return { authorizers, byDefault: authorizers.find(({ name }) => name === named) ?? 'other' };
}
