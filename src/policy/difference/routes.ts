import type { RouteRequest } from '../../core/access';
import type { Identity } from '../../core/identity';
import { definedMembers } from '../../core/objects';
import { decideEntry, decideUnlisted, type DecisionRules } from '../decide-route';
import type { PolicyDocument, RouteDocument } from '../document';
import { findRoutes, type CompiledRoute } from '../routes';
import { rulesOf } from '../rules';
import { changeOf, comparedCallers, mapPair, type ComparedCaller, type Pair, type RightChange } from './change';
import { samplePaths, UNLISTED, type Sample } from './samples';

/**
 * What a route asks of the token or the request beyond roles, so that each caller decides whether it holds; and what it
 * asks of roles where only several together can have it, which no role's gain or loss would show.
 */
export type Narrowing = Pick<RouteDocument, (typeof BEYOND_ROLES)[number] | (typeof OF_ROLES)[number]>;

const BEYOND_ROLES = ['scope', 'anyScope', 'where', 'recentLogin'] as const;
const OF_ROLES = ['permission', 'anyPermission', 'role', 'allRoles'] as const;

/** A route whose narrowing is another one. */
export interface NarrowingChange {
  readonly route: string;
  readonly before: Narrowing;
  readonly after: Narrowing;
}

/** Every method that an entry can name; the same change for all of them is shown as `*`. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

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

/** The methods of a sample that the caller gains or loses. */
function changedMethods(
  rules: Pair<DecisionRules>,
  { identity }: ComparedCaller,
  { path }: Sample,
  change: Change,
): string[] {
  return METHODS.filter(
    (method) => changeOf(mapPair(rules, (side) => admits(side, { method, path }, identity))) === change,
  );
}

interface SampleChange {
  readonly change: Change;
  readonly sample: Sample;
  readonly methods: readonly string[];
}

/** Changes of what two templates share are news only where they are no change of either. */
function beyondTemplates(changes: readonly SampleChange[]): SampleChange[] {
  const has = (name: string, change: Change, method: string): boolean =>
    changes.some((one) => one.sample.name === name && one.change === change && one.methods.includes(method));
  return changes.map(({ change, sample, methods }) => ({
    change,
    sample,
    methods: methods.filter((method) => !sample.crosses.some((template) => has(template, change, method))),
  }));
}

/** Who gains and loses routes. What everybody gains, each role gains: it is said once, of the widest party. */
export function routeChanges(documents: Pair<PolicyDocument>): RightChange[] {
  const rules = mapPair(documents, rulesOf);
  const samples = samplePaths(documents);
  const told = new Set<string>();
  return comparedCallers(documents).flatMap((caller) => {
    const found = samples.flatMap((sample) =>
      (['gains', 'loses'] as const).flatMap((change): SampleChange[] => {
        const methods = changedMethods(rules, caller, sample, change);
        return methods.length === 0 ? [] : [{ change, sample, methods }];
      }),
    );
    const changes = beyondTemplates(found).flatMap(({ change, sample, methods }) =>
      routeNames(sample.name, methods).map((route) => ({ change, route, sample })),
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

/** One name or several, whichever way they were written. */
function spelled(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.length === 1 ? (value[0] as unknown) : [...(value as unknown[])].sort();
}

/** Whether what the entry asks of roles is several things, which one role may give and another lack. */
const asksTogether = (route: CompiledRoute | undefined): boolean =>
  (route?.conditions ?? []).filter(({ name }) => OF_ROLES.some((one) => one === name)).length > 1;

function narrowingOf(route: RouteDocument, names: readonly (keyof Narrowing)[]): Narrowing {
  return definedMembers<Narrowing>(Object.fromEntries(names.map((name) => [name, spelled(route[name])])));
}

/** The entry that decides; where requests that no entry lists are open, the same as one that asks nothing more. */
function decidingEntry(rules: DecisionRules, request: RouteRequest): RouteDocument | undefined {
  const [route] = findRoutes(rules.routes ?? [], request);
  if (route !== undefined) return route.document;
  const open = rules.routes === undefined || rules.unlistedRoutes === 'authenticated';
  return open ? { path: request.path, authenticated: true } : undefined;
}

/** What the deciding entries ask beyond roles, as text; undefined where they ask alike. */
function narrowingChange(rules: Pair<DecisionRules>, request: RouteRequest): string | undefined {
  const [before, after] = mapPair(rules, (side) => decidingEntry(side, request));
  // A route that is new, gone or public has its place among the rights.
  if (before === undefined || after === undefined || before.public || after.public) return undefined;
  const together = rules.some((side) => asksTogether(findRoutes(side.routes ?? [], request)[0]));
  const names = [...(together ? OF_ROLES : []), ...BEYOND_ROLES];
  const change = { before: narrowingOf(before, names), after: narrowingOf(after, names) };
  return JSON.stringify(change.before) === JSON.stringify(change.after) ? undefined : JSON.stringify(change);
}

/** Routes that ask something else of the token or the request than before. */
export function narrowingChanges(documents: Pair<PolicyDocument>): NarrowingChange[] {
  const rules = mapPair(documents, rulesOf);
  const told = new Set<string>();
  return samplePaths(documents).flatMap(({ name, path, crosses }) => {
    const found = METHODS.map((method) => ({ method, change: narrowingChange(rules, { method, path }) })).filter(
      ({ method, change }) => !crosses.some((template) => told.has(`${method} ${template} ${change}`)),
    );
    for (const { method, change } of found) told.add(`${method} ${name} ${change}`);
    const changes = [...new Set(found.flatMap(({ change }) => (change === undefined ? [] : [change])))];
    return changes.flatMap((change) => {
      const methods = found.filter((one) => one.change === change).map(({ method }) => method);
      const { before, after } = JSON.parse(change) as Pick<NarrowingChange, 'before' | 'after'>;
      return routeNames(name, methods).map((route): NarrowingChange => ({ route, before, after }));
    });
  });
}
