import type { GatewayKind, OperationDefinition } from './definition';
import type { PathTemplate } from './path-template';

/** Where a request goes, with the path's parameters decoded. */
export interface RouteMatch {
  readonly operation: OperationDefinition;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** The decoded parameters if the template takes the path; `undefined` if not. */
function matchTemplate(template: PathTemplate, parts: readonly string[]): Record<string, string> | undefined {
  if (template.isDefault) return {};
  const parameters: Record<string, string> = {};
  for (const [index, segment] of template.segments.entries()) {
    if (segment.kind === 'greedy') {
      const rest = parts.slice(index).join('/');
      if (rest === '') return undefined;
      parameters[segment.name] = decodeURIComponent(rest);
      return parameters;
    }
    const part = parts[index];
    if (part === undefined || part === '') {
      // The root path is the one empty part that a literal takes.
      if (part === '' && segment.kind === 'literal' && segment.text === '') continue;
      return undefined;
    }
    if (segment.kind === 'parameter') parameters[segment.name] = decodeURIComponent(part);
    else if (segment.text !== part) return undefined;
  }
  return parts.length === template.segments.length ? parameters : undefined;
}

const RANK = { literal: 0, parameter: 1, greedy: 2 } as const;

/** Sorts the more specific template first: compared part by part, a literal before a parameter before a greedy one. */
function bySpecificity(a: PathTemplate, b: PathTemplate): number {
  if (a.isDefault !== b.isDefault) return a.isDefault ? 1 : -1;
  const length = Math.max(a.segments.length, b.segments.length);
  for (let i = 0; i < length; i++) {
    const first = a.segments[i];
    const second = b.segments[i];
    const difference = (first ? RANK[first.kind] : 3) - (second ? RANK[second.kind] : 3);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Finds the operation for a request. Paths compare exactly: letter case and a trailing slash count.
 *
 * A REST API settles the resource by path alone and then looks for the method on it; an HTTP API's routes are method and
 * path together, so a less specific route can take a method that the more specific one lacks.
 *
 * @param path as sent, without stage and query
 * @throws URIError where a parameter is not decodable
 */
export function matchRoute(
  kind: GatewayKind,
  operations: readonly OperationDefinition[],
  method: string,
  path: string,
): RouteMatch | undefined {
  const parts = path.slice(1).split('/');
  const candidates: RouteMatch[] = [];
  for (const operation of operations) {
    const pathParameters = matchTemplate(operation.template, parts);
    if (pathParameters !== undefined) candidates.push({ operation, pathParameters });
  }
  candidates.sort((a, b) => bySpecificity(a.operation.template, b.operation.template));
  const resource = candidates[0]?.operation.template;
  const open =
    kind === 'rest' ? candidates.filter(({ operation }) => operation.template.path === resource?.path) : candidates;
  return (
    open.find(({ operation }) => operation.method === method) ??
    open.find(({ operation }) => operation.method === 'ANY')
  );
}
