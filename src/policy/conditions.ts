import type { Decision } from '../core/access';
import type { Problem } from '../core/errors';
import type { Identity } from '../core/identity';
import { allow, decideLogin, decidePermission, decideRole, decideScope, deny, type CallerRules } from './decide';
import type { RouteDocument } from './document';
import { compileWhere, satisfiesWhere } from './where';

/** The members of a route entry that ask something of the caller, in the order in which they are decided. */
export const CONDITION_NAMES = [
  'permission',
  'anyPermission',
  'scope',
  'anyScope',
  'role',
  'allRoles',
  'where',
  'recentLogin',
] as const;

/** What a request adds to its caller. */
export interface Situation {
  /** The path's segments as they came, neither folded nor decoded. */
  readonly parts: readonly string[];
  readonly nowSeconds: number;
}

/** One thing that a route entry asks. */
export interface Condition {
  readonly name: (typeof CONDITION_NAMES)[number];
  /** Whether the caller alone decides it, so that a gateway can be told before the request is known. */
  readonly beforehand: boolean;
  decide(rules: CallerRules, identity: Identity, situation: Situation): Decision;
}

type Ask = (rules: CallerRules, identity: Identity, name: string) => Decision;

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** A condition for each name: all must hold. */
function every(name: Condition['name'], value: string | readonly string[] | undefined, ask: Ask): Condition[] {
  return listOf(value).map((asked) => ({
    name,
    beforehand: true,
    decide: (rules, identity) => ask(rules, identity, asked),
  }));
}

/** One condition over all names: the first that holds, else the first refusal. */
function some(name: Condition['name'], value: string | readonly string[] | undefined, ask: Ask): Condition[] {
  const names = listOf(value);
  if (names.length === 0) return [];
  const decide: Condition['decide'] = (rules, identity) => {
    const decisions = names.map((asked) => ask(rules, identity, asked));
    return decisions.find(({ allowed }) => allowed) ?? decisions[0] ?? deny('permission_missing');
  };
  return [{ name, beforehand: true, decide }];
}

/** What a route entry asks, one by one; reports path parameters that are not there. */
export function compileConditions(document: RouteDocument, pointer: string, problems: Problem[]): readonly Condition[] {
  const { permission, anyPermission, scope, anyScope, role, allRoles, recentLogin } = document;
  const resources = compileWhere(document, pointer, problems).map((rule): Condition => ({
    name: 'where',
    beforehand: false,
    decide: (_rules, identity, { parts }) =>
      satisfiesWhere(rule, identity, parts)
        ? allow({ required: rule.field })
        : deny('resource_mismatch', { required: rule.field }),
  }));
  // Last: nobody should sign in again only to hear that it is not theirs to do.
  const login: Condition = {
    name: 'recentLogin',
    beforehand: false,
    decide: (rules, identity, { nowSeconds }) => decideLogin(rules, identity, recentLogin ?? {}, nowSeconds),
  };
  return [
    ...every('permission', permission, decidePermission),
    ...some('anyPermission', anyPermission, decidePermission),
    ...every('scope', scope, decideScope),
    ...some('anyScope', anyScope, decideScope),
    ...some('role', role, decideRole),
    ...every('allRoles', allRoles, decideRole),
    ...resources,
    ...(recentLogin === undefined ? [] : [login]),
  ];
}
