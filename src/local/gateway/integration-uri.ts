import type { GatewayKind, OperationDefinition } from './definition';
import type { Exchange } from './exchange';
import type { MappedRequest } from './parameter-mapping';

const STAGE_VARIABLE = /\$\{stageVariables\.([\w-]+)\}/g;
const PARAMETER = /(?<!\$)\{([^{}+]+)\+?\}/g;

/** What is wrong with an integration's URI, before the first request runs into it; `undefined` if nothing is. */
export function integrationUriProblem(
  kind: GatewayKind,
  { template, integration }: OperationDefinition,
  stageVariables: Readonly<Record<string, string>>,
): string | undefined {
  for (const [, name = ''] of integration.uri.matchAll(STAGE_VARIABLE)) {
    if (!Object.hasOwn(stageVariables, name)) return `names the stage variable "${name}", which is not given`;
  }
  const filled =
    kind === 'rest'
      ? Object.keys(integration.requestParameters).map((target) => target.replace('integration.request.path.', ''))
      : template.segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]));
  for (const [, name = ''] of integration.uri.matchAll(PARAMETER)) {
    if (!filled.includes(name)) return `names {${name}}, which nothing fills`;
  }
  return undefined;
}

/** Where one request goes. The path is text: a URL parser would resolve `..` in it before the backend could refuse it. */
export interface BackendTarget {
  readonly protocol: 'http:' | 'https:';
  /** With the port, where it is not the protocol's own. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** With the query of the URI, without the client's. */
  readonly path: string;
}

/** The definition's URI with its stage variables and parameters filled in. */
export function backendTarget({ api, route }: Exchange, mapped: MappedRequest): BackendTarget {
  const uri = (route?.operation.integration.uri ?? '')
    .replace(PARAMETER, (_match, name: string) =>
      (mapped.uriParameters[name] ?? '').split('/').map(encodeURIComponent).join('/'),
    )
    .replace(STAGE_VARIABLE, (_match, name: string) => api.stageVariables[name] ?? '');
  const [, origin = '', path = ''] = /^(https?:\/\/[^/?]*)(.*)$/.exec(uri) ?? [];
  const { hostname, host, port, protocol: scheme } = new URL(origin);
  const protocol = scheme === 'https:' && !isLoopback(hostname) ? 'https:' : 'http:';
  return {
    protocol,
    host,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    path: mapped.path ?? (path.startsWith('/') ? path : `/${path}`),
  };
}

/**
 * The definition says https, as it must in AWS; on this machine the part that plays IIS has no certificate. A stage
 * variable cannot hold the scheme: API Gateway takes only URIs that start with one.
 */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}
