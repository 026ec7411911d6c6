import type { Decision } from '../core/access';
import { BatonError, formatProblems, type Problem } from '../core/errors';
import { unknownName } from '../core/options';
import { policyProviders } from './members';
import type { Policy } from './policy';
import { PERMISSION_ASKED } from './permissions';
import { approvalOf, type ApprovalDocument } from './workflow-document';
import { eitherOf, listOf, mapOf, objectOf, oneOf, oneOrMore, step, text, wholeNumber, type Shape } from './shape';
import { supposedIdentity, type SupposedCaller } from './supposed-caller';

/** One row of a table: who asks for what, and how it must come out. */
export interface Expectation {
  /** Callers of the table by name; each must come out so. */
  readonly caller: string | readonly string[];
  /** `GET /invoices/7`. */
  readonly request?: string;
  readonly permission?: string;
  /** A function of the policy. */
  readonly function?: string;
  /** A workflow of the policy: whether the caller may start it. */
  readonly workflow?: string;
  /** A state that waits for a person, as `<workflow>/<state>`: whether the caller may decide others' requests in it. */
  readonly approval?: string;
  readonly outcome: 'allowed' | 'denied';
  readonly reason?: Decision['reason'];
  /** The JSON pointer of the rule that must decide. */
  readonly rule?: string;
}

/** A table of expectations about a policy. */
export interface ExpectationTable {
  /** Callers by name; `"anonymous"` for one without identity. */
  readonly callers: Readonly<Record<string, SupposedCaller | 'anonymous'>>;
  readonly expectations: readonly Expectation[];
}

/** How one row came out for one caller. */
export interface ExpectationResult {
  /** The row's JSON pointer in the table. */
  readonly pointer: string;
  readonly caller: string;
  /** What was asked: `GET /invoices/7`, a permission, a function, a workflow or an approval. */
  readonly asked: string;
  readonly passed: boolean;
  readonly expected: Pick<Expectation, 'outcome' | 'reason' | 'rule'>;
  readonly decision: Decision;
}

/** What a table says of a policy. */
export interface ExpectationReport {
  readonly results: readonly ExpectationResult[];
  /** JSON pointers of route entries that decided no row: nothing is expected of them. */
  readonly untestedRoutes: readonly string[];
}

const REASONS: readonly Decision['reason'][] = [
  'public',
  'granted',
  'authenticated',
  'identity_missing',
  'route_not_listed',
  'permission_missing',
  'permission_denied',
  'role_missing',
  'scope_missing',
  'resource_mismatch',
  'authentication_insufficient',
  'actor_unknown',
  'actor_limited',
];

const names = (what: string): Shape => listOf(text(what), what);
const caller = objectOf('A caller.', {
  optional: {
    subject: text('The subject, "entra:7d3c".'),
    kind: oneOf('User or application.', ['user', 'application']),
    tenant: text('The tenant.'),
    roles: names('Roles of the policy.'),
    members: listOf(text('What a provider says.', { pattern: /^[^:]+:.+$/, hint: '"provider:value"' }), 'Members.'),
    scopes: names('Scopes.'),
    actors: names('Actors, the current one first.'),
    acr: text('How the user signed in.'),
    signedInSecondsAgo: wholeNumber('When the user signed in.', 0, 315_360_000),
  },
});
const expectation = objectOf('An expectation.', {
  required: {
    caller: oneOrMore(text('The name of a caller.'), 'Who asks.'),
    outcome: oneOf('How it must come out.', ['allowed', 'denied']),
  },
  optional: {
    request: text('Method and path.', { pattern: /^[A-Z]+ \/\S*$/, hint: 'a request such as "GET /invoices/7"' }),
    permission: text('A permission.', { pattern: PERMISSION_ASKED, hint: 'a permission without wildcard' }),
    function: text('The name of a function.'),
    workflow: text('The name of a workflow.'),
    approval: text('A state that waits for a person.', { pattern: /^[^/]+\/.+$/s, hint: '"<workflow>/<state>"' }),
    reason: oneOf('The reason of the decision.', REASONS),
    rule: text('JSON pointer of the rule that must decide.'),
  },
});
const table = objectOf('Expectations about a policy.', {
  required: {
    callers: mapOf(eitherOf('A caller.', [oneOf('Without identity.', ['anonymous']), caller]), 'Callers.', /^.+$/),
    expectations: listOf(expectation, 'Expectations.', 1),
  },
});

const askedOf = (row: Expectation): readonly string[] =>
  [row.request, row.permission, row.function, row.workflow, row.approval].filter((asked) => asked !== undefined);

const callersOf = ({ caller: named }: Expectation): readonly string[] => (typeof named === 'string' ? [named] : named);

/** A caller who is misspelt has no role, and every row that expects a refusal would pass. */
function checkCallers({ callers }: ExpectationTable, { document }: Policy, problems: Problem[]): void {
  const providers = policyProviders(document);
  const roleNames = Object.keys(document.roles);
  for (const [name, supposed] of Object.entries(callers)) {
    if (supposed === 'anonymous') continue;
    const { members = [], roles = [] } = supposed;
    const check = (list: string, index: number, what: string, word: string, known: readonly string[]): void => {
      const pointer = step(step(step('/callers', name), list), index);
      if (!known.includes(word)) problems.push({ pointer, message: `${what} ${unknownName(word, known)}` });
    };
    members.forEach((member, index) =>
      check('members', index, 'identity provider', member.slice(0, member.indexOf(':')), providers),
    );
    roles.forEach((role, index) => check('roles', index, 'role', role, roleNames));
  }
}

const approvalNames = ({ workflows }: Policy): readonly string[] =>
  Object.entries(workflows).flatMap(([name, { approvals = {} }]) =>
    Object.keys(approvals).map((state) => `${name}/${state}`),
  );

/** `approve-invoice/Approve`: no workflow's name has a slash, and a state's may. */
function approvalNamed({ workflows }: Policy, named: string): ApprovalDocument | undefined {
  const slash = named.indexOf('/');
  const name = named.slice(0, slash);
  const workflow = Object.hasOwn(workflows, name) ? workflows[name] : undefined;
  return workflow && approvalOf(workflow, named.slice(slash + 1));
}

function checkRows({ callers, expectations }: ExpectationTable, policy: Policy, problems: Problem[]): void {
  expectations.forEach((row, index) => {
    const pointer = step('/expectations', index);
    if (askedOf(row).length !== 1) {
      problems.push({ pointer, message: 'must have one of request, permission, function, workflow and approval' });
    }
    for (const name of callersOf(row).filter((one) => !Object.hasOwn(callers, one))) {
      problems.push({ pointer: step(pointer, 'caller'), message: `caller ${unknownName(name, Object.keys(callers))}` });
    }
    for (const kind of ['function', 'workflow'] as const) {
      const { [kind]: named } = row;
      const known = policy[`${kind}s`];
      if (named === undefined || Object.hasOwn(known, named)) continue;
      problems.push({ pointer: step(pointer, kind), message: `${kind} ${unknownName(named, Object.keys(known))}` });
    }
    if (row.approval !== undefined && approvalNamed(policy, row.approval) === undefined) {
      const message = `approval ${unknownName(row.approval, approvalNames(policy))}`;
      problems.push({ pointer: step(pointer, 'approval'), message });
    }
  });
}

/**
 * A table of expectations, checked against the policy that it is about.
 * @throws BatonError `option_invalid`; its `problems` hold a JSON pointer each
 */
export function readExpectations(document: unknown, policy: Policy, source: string): ExpectationTable {
  const problems: Problem[] = [];
  table.check(document, '', problems);
  if (problems.length === 0) {
    checkCallers(document as ExpectationTable, policy, problems);
    checkRows(document as ExpectationTable, policy, problems);
  }
  if (problems.length === 0) return document as ExpectationTable;
  throw new BatonError('option_invalid', `${source} is no table of expectations:\n${formatProblems(problems)}`, {
    problems,
  });
}

function decide(policy: Policy, row: Expectation, caller: SupposedCaller | 'anonymous', nowSeconds: number): Decision {
  const identity =
    caller === 'anonymous'
      ? undefined
      : supposedIdentity(caller, (provider, values) => policy.rolesOf(provider, values), nowSeconds);
  if (row.request !== undefined) {
    const [method = '', target = ''] = row.request.split(' ');
    return policy.decideRoute({ method, path: target.split('?', 1)[0] ?? '', nowSeconds }, identity);
  }
  const approval = row.approval === undefined ? undefined : approvalNamed(policy, row.approval);
  const target = approval ?? policy.functions[row.function ?? ''] ?? policy.workflows[row.workflow ?? ''];
  const permission = row.permission ?? target?.permission ?? '';
  if (identity === undefined) return { allowed: false, public: false, reason: 'identity_missing' };
  return policy.decidePermission(identity, permission);
}

/** Holds a policy against a table of expectations. */
export function testPolicy(
  policy: Policy,
  { callers, expectations }: ExpectationTable,
  nowSeconds: number,
): ExpectationReport {
  const results = expectations.flatMap((row, index) =>
    callersOf(row).map((name): ExpectationResult => {
      const decision = decide(policy, row, callers[name] ?? 'anonymous', nowSeconds);
      const { outcome, reason, rule } = row;
      const passed =
        (outcome === 'allowed') === decision.allowed &&
        (reason === undefined || reason === decision.reason) &&
        (rule === undefined || rule === decision.rule);
      const expected = { outcome, ...(reason !== undefined && { reason }), ...(rule !== undefined && { rule }) };
      return {
        pointer: step('/expectations', index),
        caller: name,
        asked: askedOf(row)[0] ?? '',
        passed,
        expected,
        decision,
      };
    }),
  );
  const decided = new Set(results.map(({ decision }) => decision.rule));
  const routes = policy.routes.map((_, index) => step('/routes', index));
  return { results, untestedRoutes: routes.filter((pointer) => !decided.has(pointer)) };
}
