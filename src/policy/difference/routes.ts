import type { RouteRequest } from '../../core/access';
import type { Identity } from '../../core/identity';
import { definedMembers } from '../../core/objects';
import { decideEntry, decideUnlisted, type DecisionRules } from '../decide-route';
import type { PolicyDocument, RouteDocument } from '../document';
import { findRoutes, type CompiledRoute } from '../routes';
import { rulesOf } from '../rules';
import {
  changeOf,
  comparedCallers,
  inEither,
  mapPair,
  type ComparedCaller,
  type Pair,
  type RightChange,
} from './change';

/** What a route asks of the token or the request beyond roles: whether it holds depends on each caller. */
export type Narrowing = Pick<RouteDocument, 'scope' | 'anyScope' | 'where' | 'recentLogin'>;

/** A route whose narrowing is another one. */
export interface NarrowingChange {
  readonly route: string;
  readonly before: Narrowing;
  readonly after: Narrowing;
}

/** Every method that an entry can name; the same change for all of them is shown as `*`. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** Stands for all requests that no entry of either file lists. */
const UNLISTED = '(every other route)';

interface Sample {
  readonly name: string;
  readonly path: string;
}

/**
 * A path for each template of either file that no fixed text matches, so that the most general request of a template is
 * the one that is compared.
 */
function samplePaths(documents: Pair<PolicyDocument>): Sample[] {
  const templates = inEither(documents, ({ routes = [] }) => routes.map(({ path }) => path));
  let filler = 'x';
  while (templates.some((path) => path.toLowerCase().split('/').includes(filler))) filler += '~';
  const deepest = Math.max(1, ...templates.map((path) => path.split('/').length));
  const deep = Array.from({ length: deepest }, () => filler).join('/');
  const fill = (path: string): string => path.replace(/\{\w+\+\}/g, deep).replace(/\{\w+\}/g, filler);
  const samples = new Map<string, string>();
  for (const path of templates) {
    const filled = fill(path);
    // Letter case and a slash at the end do not count: such templates are one.
    const key = filled.toLowerCase().replace(/(?<=.)\/$/, '');
    if (!samples.has(key)) samples.set(key, path);
  }
  return [...[...samples].map(([path, name]) => ({ name, path })), { name: UNLISTED, path: `/${deep}/${filler}` }];
}

/** Whether a caller gets in, as far as roles and actors decide it; undefined stands for an anonymous one. */
function admits(rules: DecisionRules, request: RouteRequest, identity: Identity | undefined): boolean {
  return findRoutes(rules.routes ?? [], request).every((route) => {
    if (identity === undefined) return route?.document.public === true;
    return (route ? decideEntry(rules, route, identity, undefined) : decideUnlisted(rules, identity)).allowed;
  });
}

/** `GET /a` for each method, or `* /a` where all of them changed alike. HEAD goes with GET. */
function routeNames(name: string, methods: readonly string[]): string[] {
  if (methods.length === METHODS.length) return [name === UNLISTED ? name : `* ${name}`];
  return methods.filter((method) => method !== 'HEAD' || !methods.includes('GET')).map((method) => `${method} ${name}`);
}

type Change = RightChange['change'];

/** The routes of a sample that the caller gains or loses. */
function changedRoutes(
  rules: Pair<DecisionRules>,
  { identity }: ComparedCaller,
  { name, path }: Sample,
  change: Change,
): string[] {
  const changed = METHODS.filter((method) => {
    return changeOf(mapPair(rules, (side) => admits(side, { method, path }, identity))) === change;
  });
  return routeNames(name, changed);
}

/** Who gains and loses routes. What everybody gains, each role gains: it is said once, of the widest party. */
export function routeChanges(documents: Pair<PolicyDocument>): RightChange[] {
  const rules = mapPair(documents, rulesOf);
  const samples = samplePaths(documents);
  const told = new Set<string>();
  return comparedCallers(documents).flatMap((caller) => {
    const changes = samples.flatMap((sample) =>
      (['gains', 'loses'] as const).flatMap((change) =>
        changedRoutes(rules, caller, sample, change).map((route) => ({ change, route, sample })),
      ),
    );
    const news = changes.filter(({ change, route, sample }) => {
      return [route, `* ${sample.name}`].every((wider) => !told.has(`${change} ${wider}`));
    });
    if (caller.who.kind !== 'role') for (const { change, route } of news) told.add(`${change} ${route}`);
    return news.map(({ change, route }): RightChange => ({
      change,
      who: caller.who,
      what: { kind: 'route', name: route },
    }));
  });
}

function narrowingOf(route: RouteDocument): Narrowing {
  const { scope, anyScope, where, recentLogin } = route;
  return definedMembers<Narrowing>({ scope, anyScope, where, recentLogin });
}

/** What the deciding entries ask beyond roles, as text; undefined where they ask alike. */
function narrowingChange(routes: Pair<readonly CompiledRoute[]>, request: RouteRequest): string | undefined {
  const [before, after] = mapPair(routes, (side) => findRoutes(side, request)[0]?.document);
  // A route that is new, gone or public has its place among the rights.
  if (before === undefined || after === undefined || before.public || after.public) return undefined;
  const change = { before: narrowingOf(before), after: narrowingOf(after) };
  return JSON.stringify(change.before) === JSON.stringify(change.after) ? undefined : JSON.stringify(change);
}

/** Routes that ask something else of the token or the request than before. */
export function narrowingChanges(documents: Pair<PolicyDocument>): NarrowingChange[] {
  const routes = mapPair(documents, (document) => rulesOf(document).routes ?? []);
  return samplePaths(documents).flatMap(({ name, path }) => {
    const found = METHODS.map((method) => ({ method, change: narrowingChange(routes, { method, path }) }));
    const changes = [...new Set(found.flatMap(({ change }) => (change === undefined ? [] : [change])))];
    return changes.flatMap((change) => {
      const methods = found.filter((one) => one.change === change).map(({ method }) => method);
      const { before, after } = JSON.parse(change) as Pick<NarrowingChange, 'before' | 'after'>;
      return routeNames(name, methods).map((route): NarrowingChange => ({ route, before, after }));
    });
  });
}
