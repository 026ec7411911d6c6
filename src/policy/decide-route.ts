import type { Decision, RouteRequest } from '../core/access';
import { nowSeconds, systemClock } from '../core/clock';
import type { Identity } from '../core/identity';
import type { Situation } from './conditions';
import { decideVerified, deny, type CallerRules } from './decide';
import { filePath } from './file-path';
import { findRoutes, partsOf, type CompiledRoute } from './routes';

/** What decisions on requests are made from. */
export interface DecisionRules extends CallerRules {
  /** Undefined where the policy lists no routes: then every verified caller passes, and guards in code decide. */
  readonly routes: readonly CompiledRoute[] | undefined;
  readonly unlistedRoutes: 'deny' | 'authenticated';
}

const isPublic = (rule: string): Decision => ({ allowed: true, public: true, reason: 'public', rule });

/**
 * Whether one route entry lets the caller in, whichever entry would decide.
 *
 * @param situation undefined where the request is not known yet: what only a request can decide is then left open
 */
export function decideEntry(
  rules: DecisionRules,
  { document, conditions, pointer: rule }: CompiledRoute,
  identity: Identity,
  situation: Situation | undefined,
): Decision {
  if (document.public) return isPublic(rule);
  let last = decideVerified(rules, identity, rule);
  for (const condition of conditions) {
    if (!last.allowed) break;
    if (condition.beforehand) last = decidedBy(rule, condition.decide(rules, identity, EMPTY));
    else if (situation !== undefined) last = narrowed(last, condition.decide(rules, identity, situation), rule);
  }
  return last;
}

/** By the entry, whatever the permission's own rule; assigned, for `{ ...decision, rule }` costs four times as much on Node 20. */
const decidedBy = (rule: string, decision: Decision): Decision => Object.assign({}, decision, { rule });

const EMPTY: Situation = { parts: [], nowSeconds: 0 };

/** What narrows a right does not give it: the audit trail keeps the role that did. */
function narrowed(last: Decision, next: Decision, rule: string): Decision {
  return next.allowed ? { ...last, reason: 'granted' } : decidedBy(rule, next);
}

/** Whether a verified caller may send requests that no entry matches. */
export function decideUnlisted(rules: DecisionRules, identity: Identity): Decision {
  if (rules.routes === undefined) return decideVerified(rules, identity, undefined);
  if (rules.unlistedRoutes === 'authenticated') return decideVerified(rules, identity, '/unlistedRoutes');
  return deny('route_not_listed');
}

function decideReading(
  rules: DecisionRules,
  route: CompiledRoute | undefined,
  identity: Identity | undefined,
  situation: Situation,
): Decision {
  if (route?.document.public) return isPublic(route.pointer);
  // Before "not listed": an anonymous caller must not learn which routes there are.
  if (identity === undefined) return deny('identity_missing', route && { rule: route.pointer });
  if (route !== undefined) return decideEntry(rules, route, identity, situation);
  return decideUnlisted(rules, identity);
}

/** What a request's conditions are decided from. */
export function situationOf({ path, nowSeconds: at }: RouteRequest): Situation {
  return { parts: partsOf(path), nowSeconds: at ?? nowSeconds(systemClock) };
}

/** Whether the caller may send this request, by the most specific entry that matches it. */
export function decideRoute(rules: DecisionRules, request: RouteRequest, identity: Identity | undefined): Decision {
  return decideReadings(rules, request, identity).decision;
}

/** A decision, the entry that made it, and the path that it was made on. */
export interface Reading {
  readonly decision: Decision;
  readonly route: CompiledRoute | undefined;
  readonly path: string;
}

const strictness = ({ decision: { allowed, public: open } }: Reading): number => (allowed ? (open ? 0 : 1) : 2);

/** Where the path can be read in two ways the stricter one counts: a refusal, else the one that is not public. */
const stricter = (one: Reading, other: Reading): Reading => (strictness(other) > strictness(one) ? other : one);

function decideAsRouted(rules: DecisionRules, request: RouteRequest, identity: Identity | undefined): Reading {
  const situation = situationOf(request);
  const { path } = request;
  return findRoutes(rules.routes ?? [], request)
    .map((route) => ({ route, decision: decideReading(rules, route, identity, situation), path }))
    .reduce(stricter);
}

/**
 * The decision on the path as Express routes it, and as a file is looked for by it: Baton is not told what stands behind
 * a route, and one entry must not open the files of another.
 *
 * Where no entry is found for the file, what came encoded is one parameter with a slash in it; unless the path wanders, or
 * is open to everybody, because then somebody may be after a file that no entry opens.
 */
export function decideReadings(rules: DecisionRules, request: RouteRequest, identity: Identity | undefined): Reading {
  const routed = decideAsRouted(rules, request, identity);
  const file = filePath(request.path);
  if (file === undefined) return routed;
  const found = decideAsRouted(rules, { ...request, path: file.path }, identity);
  const counts = found.route !== undefined || file.wanders || routed.decision.public;
  return counts ? stricter(routed, found) : routed;
}
