import type { RouteRequest } from '../core/access';
import type { Problem } from '../core/errors';
import { compileConditions, CONDITION_NAMES, type Condition } from './conditions';
import type { RouteDocument } from './document';
import { step } from './shape';

type Segment = { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'parameter' | 'greedy' };

/** A route entry, ready to be matched. */
export interface CompiledRoute {
  readonly document: RouteDocument;
  readonly method: string | undefined;
  readonly segments: readonly Segment[];
  /** What the entry asks of a verified caller, in the order in which it is decided. */
  readonly conditions: readonly Condition[];
  /** The entry's JSON pointer in the policy. */
  readonly pointer: string;
}

const RANK = { literal: 0, parameter: 1, end: 2, greedy: 3 } as const;
const CONDITIONS = ['public', 'authenticated', ...CONDITION_NAMES] as const;

function compileTemplate(path: string): Segment[] {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
  if (trimmed === '/') return [];
  return trimmed
    .slice(1)
    .split('/')
    .map((part): Segment => {
      if (!part.startsWith('{')) return { kind: 'literal', text: part.toLowerCase() };
      return { kind: part.endsWith('+}') ? 'greedy' : 'parameter' };
    });
}

/** Negative where `a` is more specific than `b`: at the first difference a literal beats a parameter beats a greedy one. */
function bySpecificity(a: CompiledRoute, b: CompiledRoute): number {
  const length = Math.max(a.segments.length, b.segments.length);
  for (let i = 0; i < length; i++) {
    const difference = RANK[a.segments[i]?.kind ?? 'end'] - RANK[b.segments[i]?.kind ?? 'end'];
    if (difference !== 0) return difference;
  }
  return methodRank(a) - methodRank(b);
}

/** A rule of its own for HEAD comes before the GET rule that would cover it, and both before a rule for any method. */
function methodRank({ method }: CompiledRoute): number {
  if (method === undefined) return 2;
  return method === 'HEAD' ? 0 : 1;
}

const shapeOf = ({ method, segments }: CompiledRoute): string =>
  `${method ?? '*'} /${segments.map((segment) => (segment.kind === 'literal' ? segment.text : `{${segment.kind}}`)).join('/')}`;

function checkConditions({ document, pointer }: CompiledRoute, problems: Problem[]): void {
  const given = CONDITIONS.filter((name) => document[name] !== undefined);
  if (given.length === 0) {
    problems.push({ pointer, message: `says nothing about its caller: give one of ${CONDITIONS.join(', ')}` });
  }
  if (document.public && given.length > 1)
    problems.push({ pointer, message: `is public and asks for ${given[1]} too: take one of them out` });
}

/** Compiles the entries, the most specific first; reports entries that say nothing or that stand twice. */
export function compileRoutes(documents: readonly RouteDocument[], problems: Problem[]): readonly CompiledRoute[] {
  const seen = new Map<string, string>();
  const routes = documents.map((document, index): CompiledRoute => {
    const pointer = step('/routes', index);
    const route: CompiledRoute = {
      document,
      method: document.method,
      segments: compileTemplate(document.path),
      conditions: compileConditions(document, pointer, problems),
      pointer,
    };
    checkConditions(route, problems);
    const twin = seen.get(shapeOf(route));
    if (twin !== undefined) problems.push({ pointer: route.pointer, message: `asks for the same requests as ${twin}` });
    seen.set(shapeOf(route), route.pointer);
    return route;
  });
  return routes.sort(bySpecificity);
}

/** The segments of a path, as they came. */
export const partsOf = (path: string): readonly string[] => path.slice(1).split('/');

/** Express 5 and Express 4 read two kinds of path that end in a slash differently. */
type Reading = 'express5' | 'express4';

function matchesPath(segments: readonly Segment[], parts: readonly string[], reading: Reading): boolean {
  const { length } = segments;
  const fits = segments.every((segment, index) => {
    if (segment.kind === 'greedy') return parts.length > index;
    return segment.kind === 'literal' ? parts[index] === segment.text : !!parts[index];
  });
  // Like Express's wildcard, a greedy parameter takes empty segments too; none at all only in Express 4.
  if (segments.at(-1)?.kind === 'greedy') {
    return fits && (reading === 'express4' || parts.length > length || parts[length - 1] !== '');
  }
  const rest = parts.slice(length);
  const freeSlashes = length === 0 && reading === 'express5' ? 2 : 1;
  return fits && rest.length <= freeSlashes && rest.every((part) => part === '');
}

/** HEAD goes where GET goes, as in Express. */
function matchesMethod(method: string | undefined, requested: string): boolean {
  return method === undefined || method === requested || (method === 'GET' && requested === 'HEAD');
}

/**
 * The entry that decides on a request, as Express would route it: letter case does not count, one trailing slash is
 * free, an empty segment is no parameter, and nothing is decoded (Express matches the path as it came).
 *
 * For most paths there is one. Where Express 5 and Express 4 would take two handlers (`/files/` below `/files/{name+}`,
 * and `//`) there are two, either perhaps undefined, and both have to let the caller in: Baton is not told which Express
 * it stands in.
 */
export function findRoutes(
  routes: readonly CompiledRoute[],
  { method, path }: RouteRequest,
): readonly (CompiledRoute | undefined)[] {
  // ASCII letters only, like Express's regular expressions: toLowerCase() would turn the Kelvin sign into a "k".
  const folded = path.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const parts = partsOf(folded);
  const requested = method.toUpperCase();
  const find = (reading: Reading): CompiledRoute | undefined =>
    routes.find((route) => matchesMethod(route.method, requested) && matchesPath(route.segments, parts, reading));
  const found = find('express5');
  if (!path.endsWith('/')) return [found];
  const other = find('express4');
  return other === found ? [found] : [found, other];
}
