import { deployedText, fileBeside, referredTo, templateOf, type Resource, type Template } from './cloudformation';
import type { DataFile } from './data-file';
import type { GatewayApi, GatewayKind, GatewayStage } from './gateway-model';
import { apiOfDefinition, isDefinition, kindOfDefinition } from './gateway-openapi';
import { partsOfResources } from './gateway-resources';
import { samAuth } from './gateway-sam';
import { Located } from './located';
import type { Project } from './project';

const KINDS: Readonly<Record<string, GatewayKind>> = {
  'AWS::Serverless::Api': 'rest',
  'AWS::ApiGateway::RestApi': 'rest',
  'AWS::Serverless::HttpApi': 'http',
  'AWS::ApiGatewayV2::Api': 'http',
};

const known = new WeakMap<Project, readonly GatewayApi[]>();

/** The APIs of the project's templates, and of definitions that no template includes; those that call an HTTP server. */
export function gatewaysOf(project: Project): readonly GatewayApi[] {
  let apis = known.get(project);
  if (apis === undefined) known.set(project, (apis = readGateways(project.gateways)));
  return apis;
}

function readGateways(files: readonly DataFile[]): readonly GatewayApi[] {
  const included = new Set<string>();
  const inTemplates = files.flatMap((file) => {
    const template = templateOf(file);
    if (template === undefined) return [];
    return [...template.resources.values()].flatMap((resource) => {
      const kind = KINDS[resource.type];
      return kind === undefined ? [] : [apiOfResource(resource, kind, template, files, included)];
    });
  });
  const alone = files
    .map((file) => Located.rootOf(file))
    .filter((root) => isDefinition(root) && !included.has(root.data.file))
    .map((root): GatewayApi => ({
      ...apiOfDefinition(root, kindOfDefinition(root), undefined),
      stage: undefined,
    }));
  return [...inTemplates, ...alone].filter(({ operations }) => operations.length > 0);
}

/** The definition that a resource names: in the template, or in a file that is there. */
function definitionOf(properties: Located, template: Template, files: readonly DataFile[]): Located | undefined {
  const body = properties.atFirst('DefinitionBody', 'Body');
  if (body.at('paths').isThere) return body;
  const location = [
    body.at('Fn::Transform', 'Parameters', 'Location'),
    properties.at('DefinitionUri'),
    properties.at('BodyS3Location'),
  ].find(({ text }) => text !== undefined)?.text;
  const name = location === undefined ? undefined : fileBeside(template.root.data.file, location);
  const file = files.find((one) => one.file === name);
  return file && Located.rootOf(file);
}

function apiOfResource(
  { id, type, properties }: Resource,
  kind: GatewayKind,
  template: Template,
  files: readonly DataFile[],
  included: Set<string>,
): GatewayApi {
  const serverless = type.startsWith('AWS::Serverless::');
  const stage = serverless ? samStage(properties, template) : stageOf(id, template);
  const definition = definitionOf(properties, template, files);
  if (definition === undefined) {
    return { kind, at: properties, ...partsOfResources(id, kind, template), stage, rootSecurity: undefined };
  }
  included.add(definition.data.file);
  // SAM cannot write into a file that CloudFormation includes later.
  const inPlace = definition.data === template.root.data;
  const auth = serverless && inPlace ? samAuth(properties, kind, template) : undefined;
  const api = apiOfDefinition(definition, kind, template, auth?.byDefault);
  return { ...api, authorizers: [...api.authorizers, ...(auth?.authorizers ?? [])], stage };
}

function logged(
  at: Located,
  logAt: Located,
  template: Template,
): Pick<GatewayStage, 'logFormat' | 'logUnknown' | 'logAt'> {
  const format = logAt.at('Format');
  const text = deployedText(format, template);
  return { logFormat: text, logUnknown: logAt.isThere && text === undefined, logAt: logAt.isThere ? format : at };
}

function samStage(properties: Located, template: Template): GatewayStage {
  const logAt = properties.atFirst('AccessLogSetting', 'AccessLogSettings');
  return { at: properties, ...logged(properties, logAt, template), clientCertificate: false };
}

function stageOf(api: string, template: Template): GatewayStage | undefined {
  const stage = [...template.resources.values()].find(
    ({ type, properties }) =>
      /^AWS::ApiGateway(?:V2)?::Stage$/.test(type) &&
      referredTo(properties.atFirst('RestApiId', 'ApiId')).includes(api),
  );
  if (stage === undefined) return undefined;
  const { properties } = stage;
  return {
    at: properties,
    ...logged(properties, properties.atFirst('AccessLogSetting', 'AccessLogSettings'), template),
    clientCertificate: properties.at('ClientCertificateId').isThere,
  };
}
