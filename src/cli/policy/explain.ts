import type { Decision } from '../../core/access';
import { nowSeconds, systemClock } from '../../core/clock';
import type { Identity } from '../../core/identity';
import { definedMembers } from '../../core/objects';
import { unknownName } from '../../core/options';
import { identityFrom } from '../../identity/from-transaction';
import { transactionOf } from '../../identity/provider-transaction';
import { explainRoute, type ExplainedCondition, type Explanation } from '../../policy/explain';
import { policyProviders } from '../../policy/members';
import type { Policy } from '../../policy/policy';
import { supposedIdentity, type SupposedCaller } from '../../policy/supposed-caller';
import { readArguments, usageErrorOf } from '../arguments';
import { policyOf, print, readJson } from './files';

const USAGE = `Usage: baton policy explain <method> <path> [--policy file] [--env-file file] [--json] and a caller:

  --user      a JSON file with the claims of an access token, as the identity provider writes them
  --provider  whose claims they are; found by their "iss" where it is left out
  --members   what providers say of the caller: entra:Invoices.Clerk,entra:Invoices.Approver
  --roles     roles of the policy: clerk,approver
  --scopes    scopes: invoices.export
  --actor     who acts for the caller, by its name in the policy; repeat it for a chain, the current one first
  --tenant    the caller's tenant
  --subject   the caller's subject: entra:7d3c
  --acr       how the user signed in
  --signed-in how many seconds ago the user signed in

Without any of these the caller is anonymous. Says which rule of the policy decides on the request, and why.

  --policy    the policy file; BATON_POLICY by default
  --env-file  fills \${NAME}s from this file (NAME=value lines), and not from the environment
  --json      data for machines

Exit code: 0 allowed, 3 denied, 2 wrong usage, 1 where the policy cannot be read.`;

const OPTIONS = {
  policy: { type: 'string' },
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
  user: { type: 'string' },
  provider: { type: 'string' },
  members: { type: 'string' },
  roles: { type: 'string' },
  scopes: { type: 'string' },
  actor: { type: 'string', multiple: true },
  tenant: { type: 'string' },
  subject: { type: 'string' },
  acr: { type: 'string' },
  'signed-in': { type: 'string' },
} as const;

type Values = NonNullable<ReturnType<typeof readArguments<typeof OPTIONS, 'method' | 'path'>>>['values'];

const usageError = usageErrorOf();

const split = (text: string | undefined): readonly string[] | undefined =>
  text
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function providerOf(policy: Policy, named: string | undefined, issuer: unknown): string {
  const providers = Object.keys(policy.identityProviders);
  const found = named ?? providers.find((name) => policy.identityProviders[name]?.issuer === issuer);
  if (found === undefined)
    throw usageError('No identity provider of the policy has the "iss" of --user: name it with --provider.');
  if (!providers.includes(found)) throw usageError(`The identity provider ${unknownName(found, providers)}.`);
  return found;
}

/** The caller that a provider's claims make: read as the authorizer reads them. */
function fromClaims(policy: Policy, file: string, named: string | undefined, now: number): Identity {
  const claims = readJson(file);
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw usageError(`${file} is no JSON object with the claims of a token.`);
  const provider = providerOf(policy, named, (claims as { iss?: unknown }).iss);
  const expiresAt = now + 300;
  const token = { provider, claims: claims as Readonly<Record<string, unknown>>, expiresAt };
  const transaction = transactionOf(token, policy, undefined);
  const verified = { transaction, requestingWorkload: 'explain', issuedAt: now, expiresAt };
  return identityFrom(verified, { profile: policy.edge.profile, issuer: 'supposed' });
}

/** A slip of the pen would otherwise be a caller without roles, and the answer one about somebody else. */
function checkMembers(policy: Policy, members: readonly string[]): void {
  const providers = policyProviders(policy.document);
  for (const member of members) {
    const provider = /^([^:]+):./.exec(member)?.[1];
    if (provider === undefined) throw usageError(`--members takes provider:value, not "${member}".`);
    if (!providers.includes(provider)) throw usageError(`The identity provider ${unknownName(provider, providers)}.`);
  }
}

function callerOf(policy: Policy, values: Values, now: number): Identity | undefined {
  const { user, provider, members, roles, scopes, actor, tenant, subject, acr, 'signed-in': ago } = values;
  if (ago !== undefined && !/^\d{1,9}$/.test(ago))
    throw usageError(`--signed-in must be a whole number of seconds, not "${ago}".`);
  const supposed = definedMembers<SupposedCaller>({
    subject,
    tenant,
    acr,
    members: split(members),
    roles: split(roles),
    scopes: split(scopes),
    actors: actor,
    signedInSecondsAgo: ago === undefined ? undefined : Number(ago),
  });
  checkMembers(policy, supposed.members ?? []);
  const given = Object.keys(supposed);
  if (user === undefined) {
    if (provider !== undefined) throw usageError('--provider is for the claims that --user names.');
    return given.length === 0
      ? undefined
      : supposedIdentity(supposed, (name, items) => policy.rolesOf(name, items), now);
  }
  if (given.length > 0) throw usageError('--user says everything of the caller: give no other options for it.');
  return fromClaims(policy, user, provider, now);
}

const REASONS: Readonly<Record<Decision['reason'], (decision: Decision) => string>> = {
  public: () => 'the entry is open to everybody',
  granted: () => 'everything that is asked holds',
  authenticated: () => 'a verified caller is all that is asked',
  identity_missing: () => 'the caller is anonymous and the entry is not public',
  route_not_listed: () => 'no entry matches the request',
  permission_missing: ({ required }) => `no role of the caller grants ${required}`,
  permission_denied: ({ required }) => `a role of the caller denies ${required}`,
  role_missing: ({ required }) => `the caller does not have the role ${required}`,
  scope_missing: ({ required }) => `the caller's token lacks the scope ${required}`,
  resource_mismatch: ({ required }) => `the path's parameter is not the caller's ${required}`,
  authentication_insufficient: () =>
    'the sign-in is too old or too weak, or the token does not say when and how it was',
  actor_unknown: () => 'the policy does not know who acts for the caller',
  actor_limited: ({ required }) => `who acts for the caller may not have ${required ?? 'this'}`,
};

function conditionLine({ condition, decision, chain, grantedBy }: ExplainedCondition): string {
  const way = chain === undefined ? '' : ` (by ${chain.join(' → ')})`;
  const would =
    grantedBy === undefined
      ? ''
      : ` (${grantedBy.length === 0 ? 'no role would do' : `these roles would do: ${grantedBy.join(', ')}`})`;
  const required = decision.required === undefined ? '' : ` ${decision.required}`;
  return decision.allowed
    ? `  holds  ${condition}${required}${way}`
    : `  fails  ${condition}${required}: ${REASONS[decision.reason](decision)}${way}${would}`;
}

function describe(
  { decision, entry, passedOver, conditions, unknownRoles }: Explanation,
  caller: Identity | undefined,
): string[] {
  const who = caller === undefined ? 'anonymous' : `${caller.subject}, roles: ${caller.roles.join(', ') || 'none'}`;
  return [
    `${decision.allowed ? 'ALLOWED' : 'DENIED'}: ${REASONS[decision.reason](decision)} [${decision.reason}]`,
    `caller: ${who}`,
    ...(unknownRoles.length > 0 ? [`  not in the policy: ${unknownRoles.join(', ')}`] : []),
    `rule: ${decision.rule ?? 'none'}`,
    ...(entry ? [`entry: ${entry.pointer} ${entry.document.method ?? '*'} ${entry.document.path}`] : []),
    ...conditions.map(conditionLine),
    ...(passedOver.length > 0 ? [`less specific, not asked: ${passedOver.join(', ')}`] : []),
  ];
}

/** `baton policy explain`: which rule decides on a request of this caller, and why. */
export function explain(args: readonly string[]): void {
  const parsed = readArguments(args, { usage: USAGE, options: OPTIONS, positionals: ['method', 'path'] });
  if (parsed === undefined) return;
  const { values, positionals } = parsed;
  if (!positionals.path.startsWith('/'))
    throw usageError(`The path must begin with a slash, not "${positionals.path}".`);
  const policy = policyOf(values.policy, values['env-file']);
  const now = nowSeconds(systemClock);
  const caller = callerOf(policy, values, now);
  const path = positionals.path.split('?', 1)[0] ?? '';
  const request = { method: positionals.method.toUpperCase(), path, nowSeconds: now };
  const explanation = explainRoute(policy.document, request, caller);
  print(values.json, { request, caller: caller ?? null, ...explanation }, describe(explanation, caller));
  if (!explanation.decision.allowed) process.exitCode = 3;
}
