import { BatonError } from '../../core/errors';
import type { GatewayKind, IntegrationDefinition } from './definition';
import type { Exchange } from './exchange';
import { headerValues, withHeader, withoutHeader, type HeaderList } from './headers';
import { valueSource, type ValueSource } from './value-source';

/** The parts of the backend's request that mappings change. */
export interface MappedRequest {
  headers: HeaderList;
  query: URLSearchParams;
  /** What fills the `{name}`s of the integration's URI. */
  uriParameters: Record<string, string>;
  /** HTTP API, `overwrite:path`: replaces the path of the integration's URI. */
  path?: string;
}

/** One compiled mapping. */
export type Mapping = (exchange: Exchange, request: MappedRequest) => void;

/**
 * Headers that AWS lets nobody map.
 *
 * REST answers each request with 500 ("header already present") where such a mapping is deployed; here the gateway does
 * not start. HTTP APIs refuse it when the API is made.
 */
const FORBIDDEN = {
  rest: /^(?:content-length|transfer-encoding|x-amzn-trace-id|x-amzn-apigateway-api-id)$/i,
  http: /^(?:access-control-.*|apigw-.*|authorization|connection|content-(?:encoding|length|location)|forwarded|keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade|x-amz-.*|x-amzn-.*|x-forwarded-(?:for|host|proto)|via)$/i,
} as const;

/**
 * Compiles an integration's `requestParameters`.
 * @throws BatonError `relay_failed` for a mapping that AWS refuses or that this gateway does not know
 */
export function compileMappings(kind: GatewayKind, integration: IntegrationDefinition): readonly Mapping[] {
  return Object.entries(integration.requestParameters).map(([target, value]) => {
    const mapping = kind === 'rest' ? compileRest(target, value) : compileHttp(target, value);
    if (typeof mapping === 'function') return mapping;
    throw new BatonError(
      'relay_failed',
      `The gateway's definition cannot be played: ${integration.pointer}/requestParameters: ` +
        `"${target}": "${value}": ${mapping}.`,
    );
  });
}

const UNKNOWN_TARGET = 'this gateway does not know such a target';
const UNKNOWN_VALUE = 'this gateway does not know such a value';

/** REST: `integration.request.header.X-Name: context.authorizer.key`, a literal in single quotes. */
function compileRest(target: string, value: string): Mapping | string {
  const [, part, name] = /^integration\.request\.(header|querystring|path)\.(.+)$/.exec(target) ?? [];
  if (name === undefined) return UNKNOWN_TARGET;
  if (part === 'header' && FORBIDDEN.rest.test(name)) return 'this header cannot be mapped';
  const literal = /^'(.*)'$/.exec(value)?.[1];
  const source = literal === undefined ? valueSource('rest', value) : () => literal;
  if (source === undefined) return UNKNOWN_VALUE;
  return (exchange, request) => {
    const mapped = source(exchange);
    // Without a value the mapping is skipped: a copy of the header that the client sent then passes. AWS is believed to
    // do the same, so the app must find that out by itself; hiding it here would hide the attack.
    if (mapped === undefined || mapped === '') return;
    if (part === 'header') request.headers = withHeader(request.headers, name, mapped);
    else if (part === 'querystring') request.query.set(name, mapped);
    else request.uriParameters[name] = mapped;
  };
}

/** HTTP API: `overwrite:header.x-name: $context.authorizer.key`; `append:`, `remove:`; `overwrite:path`. */
function compileHttp(target: string, value: string): Mapping | string {
  const source = httpValue(value);
  if (target === 'overwrite:path') {
    return source === undefined ? UNKNOWN_VALUE : (exchange, request) => void (request.path = source(exchange));
  }
  const [, action, part, name] = /^(append|overwrite|remove):(header|querystring)\.(.+)$/.exec(target) ?? [];
  if (name === undefined) return UNKNOWN_TARGET;
  if (part === 'header' && FORBIDDEN.http.test(name)) return 'this header cannot be mapped';
  if (action === 'remove') {
    return (_exchange, request) => {
      if (part === 'header') request.headers = withoutHeader(request.headers, name);
      else request.query.delete(name);
    };
  }
  if (source === undefined) return UNKNOWN_VALUE;
  return (exchange, request) => {
    const mapped = source(exchange);
    // What AWS does without a value is not documented; the case that is worse for the app is played.
    if (mapped === undefined || mapped === '') return;
    if (part === 'header') request.headers = mapHeader(request.headers, name, mapped, action === 'append');
    else if (action === 'append') request.query.append(name, mapped);
    else request.query.set(name, mapped);
  };
}

function mapHeader(headers: HeaderList, name: string, value: string, append: boolean): HeaderList {
  const before = append ? headerValues(headers, name) : [];
  return withHeader(headers, name.toLowerCase(), [...before, value].join(','));
}

/** An HTTP API's value: `$request.path`, or text with `${request.path}` in it. */
function httpValue(value: string): ValueSource | undefined {
  if (/^\$[a-zA-Z]/.test(value)) return valueSource('http', value.slice(1));
  const parts = value.split(/\$\{([^}]+)\}/);
  const sources: ValueSource[] = [];
  for (const [index, part] of parts.entries()) {
    const source = index % 2 === 0 ? () => part : valueSource('http', part);
    if (source === undefined) return undefined;
    sources.push(source);
  }
  return (exchange) => sources.map((source) => source(exchange) ?? '').join('');
}
