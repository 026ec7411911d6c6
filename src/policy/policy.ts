import type { AccessPolicy, Decision } from '../core/access';
import { BatonError, formatProblems, type Problem } from '../core/errors';
import { unknownName } from '../core/options';
import type { Identity } from '../core/identity';
import { decideLogin, decidePermission, decideRole, decideScope } from './decide';
import { decideEntry, decideRoute, decideUnlisted, type DecisionRules } from './decide-route';
import { policyDigest } from './digest';
import type {
  EdgeDocument,
  FunctionDocument,
  HandOverDocument,
  IdentityProviderDocument,
  PolicyDocument,
  RouteDocument,
  WorkflowDocument,
} from './document';
import { checkEdge } from './edge-checks';
import { fillFromEnvironment, type Environment } from './environment';
import { checkIssuers } from './issuers';
import { indexActorMembers, indexRoleMembers } from './members';
import { checkDelivery } from './left-behind';
import { compileRules } from './rules';
import { decideAwsRole } from './aws-role';
import { policyShape } from './schema';
import { step } from './shape';
import { approvalOf } from './workflow-document';
import { checkWorkflows } from './workflow-schema';

/**
 * A policy, compiled: every question is answered from tables that were worked out once. Pure and immutable; a changed
 * file becomes a new policy.
 */
export interface Policy extends AccessPolicy {
  /** The whole file, `${NAME}`s filled. */
  readonly document: PolicyDocument;
  readonly edge: EdgeDocument;
  readonly identityProviders: Readonly<Record<string, IdentityProviderDocument>>;
  readonly handOver: HandOverDocument | undefined;
  readonly functions: Readonly<Record<string, FunctionDocument>>;
  readonly workflows: Readonly<Record<string, WorkflowDocument>>;
  /** The route entries as written; the listing that a gateway needs beforehand. */
  readonly routes: readonly RouteDocument[];
  /** The policy roles that a provider's raw values give. Unknown values give nothing. */
  rolesOf(provider: string, values: Iterable<string>): readonly string[];
  /** The policy's name for a provider's actor; undefined where it knows none. */
  actorOf(provider: string, value: string): string | undefined;
  /** Whether a route entry lets the caller in, as far as that can be said before the request is known. */
  admits(route: RouteDocument, identity: Identity): boolean;
  /** Whether requests that no entry matches are open to the caller. */
  admitsUnlisted(identity: Identity): boolean;
}

function invalid(source: string, problems: readonly Problem[]): BatonError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new BatonError('policy_invalid', `${source} has ${count}:\n${formatProblems(problems)}`, { problems });
}

/** Freezes all the way down: a policy is shared by all requests of a process. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

function checkHandOver({ functions = {}, workflows = {}, handOver }: PolicyDocument, problems: Problem[]): void {
  if (handOver !== undefined) return;
  for (const [what, targets] of Object.entries({ functions, workflows })) {
    if (Object.keys(targets).length === 0) continue;
    const message = `is missing: ${what} take hand-over tokens, so say who signs them`;
    problems.push({ pointer: '/handOver', message });
  }
}

/**
 * Compiles a policy document, or says everything that is wrong with it.
 *
 * @param document the parsed file, `${NAME}`s unfilled
 * @param env where `${NAME}`s are filled from; `process.env` by default
 * @param source what messages call the document
 * @throws BatonError `policy_invalid`; its `problems` hold a JSON pointer each
 *
 * @example
 * ```ts
 * const policy = compilePolicy(JSON.parse(text));
 * policy.decideRoute({ method: 'GET', path: '/invoices/7' }, user).allowed;
 * ```
 */
export function compilePolicy(document: unknown, env: Environment = process.env, source = 'The policy'): Policy {
  const problems: Problem[] = [];
  const filled = fillFromEnvironment(document, env, problems);
  // A name that could not be filled is one problem, not a second one about the text that lacks it.
  const unfilled = new Set(problems.map(({ pointer }) => pointer));
  const shapeProblems: Problem[] = [];
  policyShape.check(filled, '', shapeProblems);
  problems.push(...shapeProblems.filter(({ pointer }) => !unfilled.has(pointer)));
  if (shapeProblems.length > 0) throw invalid(source, problems);

  const checked = deepFreeze(filled) as PolicyDocument;
  const rules = compileRules(checked, problems);
  const roleMembers = indexRoleMembers(checked, problems);
  const actorMembers = indexActorMembers(checked, problems);
  checkIssuers(checked, problems);
  checkEdge(checked, problems);
  checkHandOver(checked, problems);
  checkDelivery(checked.functions ?? {}, problems);
  checkWorkflows(checked, problems);
  checkRoleNames(checked, problems);
  if (problems.length > 0) throw invalid(source, problems);

  return Object.freeze({
    application: checked.application,
    digest: policyDigest(document),
    document: checked,
    edge: checked.edge,
    identityProviders: checked.identityProviders ?? {},
    handOver: checked.handOver,
    functions: checked.functions ?? {},
    workflows: checked.workflows ?? {},
    routes: checked.routes ?? [],
    ...decisions(rules),
    decideAwsRole: awsRoleOf(checked, rules),
    routeName: routeNames(checked.routes ?? []),
    rolesOf: (provider: string, values: Iterable<string>) => [
      ...new Set([...values].flatMap((value) => roleMembers.get(`${provider}:${value}`) ?? [])),
    ],
    actorOf: (provider: string, value: string) => actorMembers.get(`${provider}:${value}`)?.[0],
  } satisfies Policy);
}

function decisions(
  rules: DecisionRules,
): Pick<Policy, Exclude<`decide${string}` & keyof Policy, 'decideAwsRole'> | 'admits' | 'admitsUnlisted'> {
  return {
    decideRoute: (request, identity): Decision => decideRoute(rules, request, identity),
    decidePermission: (identity, permission): Decision => decidePermission(rules, identity, permission),
    decideRole: (identity, role): Decision => decideRole(rules, identity, role),
    decideScope: (identity, scope): Decision => decideScope(rules, identity, scope),
    decideLogin: (identity, requirement, nowSeconds): Decision => decideLogin(rules, identity, requirement, nowSeconds),
    admitsUnlisted: (identity): boolean => decideUnlisted(rules, identity).allowed,
    admits: (route, identity): boolean => {
      const compiled = rules.routes?.find(({ document }) => document === route);
      return compiled !== undefined && decideEntry(rules, compiled, identity, undefined).allowed;
    },
  };
}

function awsRoleOf(
  { roles, functions = {}, workflows = {} }: PolicyDocument,
  rules: DecisionRules,
): Policy['decideAwsRole'] {
  const asked = { ...rules, documents: roles };
  return (identity, { kind, name, approval }) => {
    // A queue stands before a function, and is filled by whoever may call it.
    const among = kind === 'workflow' ? workflows : functions;
    const target = Object.hasOwn(among, name) ? among[name] : undefined;
    const decided =
      approval === undefined ? target : approvalOf(Object.hasOwn(workflows, name) ? workflows[name] : {}, approval);
    return decided === undefined ? { reason: 'target_unknown' } : decideAwsRole(asked, identity, decided.permission);
  };
}

function routeNames(routes: readonly RouteDocument[]): (rule: string) => string | undefined {
  const names = new Map(
    routes.map(({ method = 'ANY', path }, index) => [step('/routes', index), `${method} ${path}`] as const),
  );
  return (rule) => names.get(rule);
}

function checkRoleNames({ roles, actors = {}, routes = [] }: PolicyDocument, problems: Problem[]): void {
  const check = (names: readonly string[], pointer: string): void => {
    for (const name of names) {
      if (!Object.hasOwn(roles, name))
        problems.push({ pointer, message: `role ${unknownName(name, Object.keys(roles))}` });
    }
  };
  for (const [name, actor] of Object.entries(actors)) check(actor.roles ?? [], step(step('/actors', name), 'roles'));
  routes.forEach((route, index) => {
    for (const member of ['role', 'allRoles'] as const) {
      const named = route[member] ?? [];
      check(typeof named === 'string' ? [named] : named, step(step('/routes', index), member));
    }
  });
}
