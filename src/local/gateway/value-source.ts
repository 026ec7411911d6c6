import type { GatewayKind } from './definition';
import { contextVariable, isContextVariable } from './context-variables';
import type { Exchange } from './exchange';
import { headerValues } from './headers';

/** Reads one value of an exchange; `undefined` where there is none. */
export type ValueSource = (exchange: Exchange) => string | undefined;

/** Where the parts of a request are called what they are called; REST says `method.request.`, HTTP APIs `request.`. */
const PREFIX = { rest: 'method.request.', http: 'request.' } as const;

/**
 * Compiles one mapping expression without its `$`: `context.authorizer.txnToken`, `stageVariables.origin`,
 * `method.request.header.X` (REST) or `request.header.X` (HTTP API).
 *
 * A header is found whatever its letter case. AWS says that REST APIs compare it, yet browsers send every name in lower
 * case over HTTP/2 and authorizers with the identity source `Authorization` see them.
 *
 * @returns `undefined` for an expression that this gateway does not know
 */
export function valueSource(kind: GatewayKind, expression: string): ValueSource | undefined {
  if (expression.startsWith('context.')) {
    const name = expression.slice('context.'.length);
    return isContextVariable(kind, name) ? (exchange) => contextVariable(exchange, name) : undefined;
  }
  if (expression.startsWith('stageVariables.')) {
    const name = expression.slice('stageVariables.'.length);
    return ({ api }) => (Object.hasOwn(api.stageVariables, name) ? api.stageVariables[name] : undefined);
  }
  if (kind === 'http' && expression === 'request.path') return ({ client }) => client.path;
  if (!expression.startsWith(PREFIX[kind])) return undefined;
  const [, part, name] = /^(header|querystring|path)\.(.+)$/.exec(expression.slice(PREFIX[kind].length)) ?? [];
  if (name === undefined) return undefined;
  switch (part) {
    case 'header':
      return (exchange) => headerValue(exchange, name);
    case 'querystring':
      return ({ client }) => queryValue(client.queryString, name, kind);
    default:
      return ({ route }) => route?.pathParameters[name];
  }
}

function headerValue({ api, client }: Exchange, name: string): string | undefined {
  const values = headerValues(client.headers, name);
  return api.kind === 'http' && values.length > 0 ? values.join(',') : values.at(-1);
}

function queryValue(queryString: string, name: string, kind: GatewayKind): string | undefined {
  const values = new URLSearchParams(queryString).getAll(name);
  return kind === 'http' && values.length > 0 ? values.join(',') : values.at(-1);
}
