import type { Decision, RouteRequest } from '../core/access';
import type { Identity } from '../core/identity';
import type { Condition } from './conditions';
import { decideReadings, situationOf, type DecisionRules } from './decide-route';
import type { PolicyDocument, RouteDocument } from './document';
import { anyCovers } from './permissions';
import { chainTo } from './roles';
import { findRoutes } from './routes';
import { rulesOf } from './rules';

/** One condition of the entry that decided, and how it came out for this caller. */
export interface ExplainedCondition {
  readonly condition: Condition['name'];
  readonly decision: Decision;
  /** The way from the caller's role down to the role that says so, where a role decided. */
  readonly chain?: readonly string[];
  /** Roles that would do, where one is missing. */
  readonly grantedBy?: readonly string[];
}

/** Why a request is let in or refused. Data; sentences are made by whoever shows it. */
export interface Explanation {
  readonly decision: Decision;
  /** The entry that decided; undefined where none matches. */
  readonly entry?: { readonly pointer: string; readonly document: RouteDocument };
  /** Entries that match the request too, and were not asked because this one is more specific. */
  readonly passedOver: readonly string[];
  /** Every condition of the entry, those after the first refusal too. */
  readonly conditions: readonly ExplainedCondition[];
  /** Roles of the caller that the policy does not know: they grant nothing. */
  readonly unknownRoles: readonly string[];
}

const lacksRole = (decision: Decision): boolean => decision.reason === 'role_missing';

/** The way to the role that grants, gives or denies what was asked. */
function chainOf({ roles }: PolicyDocument, condition: Condition['name'], decision: Decision, identity: Identity) {
  const { required = '', grantedBy, reason } = decision;
  if (reason === 'permission_denied') {
    const ways = identity.roles.map((held) => chainTo(roles, held, ({ deny = [] }) => anyCovers(deny, required)));
    return ways.find((way) => way !== undefined);
  }
  if (grantedBy === undefined) return undefined;
  const isRole = condition === 'role' || condition === 'allRoles';
  return chainTo(roles, grantedBy, ({ permissions = [] }, name) =>
    isRole ? name === required : anyCovers(permissions, required),
  );
}

function rolesThatWouldDo(rules: DecisionRules, decision: Decision): readonly string[] | undefined {
  const { required, reason } = decision;
  if (required === undefined || (reason !== 'permission_missing' && !lacksRole(decision))) return undefined;
  const would = [...rules.roles.values()].filter(({ includes, grants, denies }) =>
    lacksRole(decision) ? includes.has(required) : anyCovers(grants, required) && !anyCovers(denies, required),
  );
  return would.map(({ name }) => name);
}

/**
 * Why a policy lets a request in or refuses it: the entry that decides, each of its conditions, and the roles by which
 * they hold.
 *
 * @param document a compiled policy's `document`
 * @param identity the caller; undefined for an anonymous one
 *
 * @example
 * ```ts
 * explainRoute(policy.document, { method: 'GET', path: '/invoices/7' }, user).decision.rule; // "/routes/1"
 * ```
 */
export function explainRoute(
  document: PolicyDocument,
  request: RouteRequest,
  identity: Identity | undefined,
): Explanation {
  const rules = rulesOf(document);
  const { decision, route, path } = decideReadings(rules, request, identity);
  const matching = (rules.routes ?? []).filter((one) => findRoutes([one], request).some((found) => found === one));
  const explain = (condition: Condition, caller: Identity): ExplainedCondition => {
    const outcome = condition.decide(rules, caller, situationOf({ ...request, path }));
    const chain = chainOf(document, condition.name, outcome, caller);
    const grantedBy = rolesThatWouldDo(rules, outcome);
    return { condition: condition.name, decision: outcome, ...(chain && { chain }), ...(grantedBy && { grantedBy }) };
  };
  return {
    decision,
    ...(route && { entry: { pointer: route.pointer, document: route.document } }),
    passedOver: matching.filter((one) => one !== route).map(({ pointer }) => pointer),
    conditions:
      identity === undefined ? [] : (route?.conditions ?? []).map((condition) => explain(condition, identity)),
    unknownRoles: (identity?.roles ?? []).filter((name) => !rules.roles.has(name)),
  };
}
