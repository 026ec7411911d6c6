import { isRecord } from '../is-record';
import { matchesWildcards } from '../gateway/iam-policy';

/** One statement of a role's trust policy. */
interface TrustStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** ARNs of IAM OIDC providers (`Federated`), and of roles and accounts (`AWS`). */
  readonly principals: readonly string[];
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly operator: keyof typeof OPERATORS;
  readonly key: string;
  readonly values: readonly string[];
}

/** A role's trust policy. */
export type TrustPolicy = readonly TrustStatement[];

/** Each says whether the value in the token is as one of the policy's. */
const OPERATORS = {
  StringEquals: (actual: string, wanted: readonly string[]) => wanted.includes(actual),
  StringNotEquals: (actual: string, wanted: readonly string[]) => !wanted.includes(actual),
  StringLike: (actual: string, wanted: readonly string[]) =>
    wanted.some((pattern) => matchesWildcards(pattern, actual)),
} as const;

const MEMBERS = ['Sid', 'Effect', 'Principal', 'Action', 'Condition'];

function listOf(value: unknown): readonly string[] | undefined {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.length > 0 && list.every((item) => typeof item === 'string') ? list : undefined;
}

function readConditions(given: unknown): readonly Condition[] | string {
  if (given === undefined) return [];
  if (!isRecord(given)) return 'Condition is no object';
  const read: Condition[] = [];
  for (const [operator, keys] of Object.entries(given)) {
    if (!Object.hasOwn(OPERATORS, operator)) return `the operator ${operator} is not evaluated here`;
    if (!isRecord(keys)) return `${operator} is no object`;
    for (const [key, value] of Object.entries(keys)) {
      const values = listOf(value);
      if (values === undefined) return `${operator} ${key} is neither a string nor a list of strings`;
      read.push({ operator: operator as keyof typeof OPERATORS, key, values });
    }
  }
  return read;
}

/** `{ "Federated": … }`, `{ "AWS": … }` or both. Services are refused: nobody here asks as one. */
function principalsOf(principal: unknown): readonly string[] | undefined {
  if (!isRecord(principal)) return undefined;
  const { Federated: federated, AWS: aws, ...others } = principal;
  if (Object.keys(others).length > 0) return undefined;
  const lists = [federated, aws].filter((one) => one !== undefined).map(listOf);
  return lists.length === 0 || lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? []);
}

/** An account, as its number or its root, stands for all that are in it. */
function isMeant(principal: string, arn: string): boolean {
  const [, account] = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(principal) ?? [];
  return principal === arn || (account !== undefined && arn.startsWith(`arn:aws:iam::${account}:role/`));
}

function readStatement(statement: unknown): TrustStatement | string {
  if (!isRecord(statement)) return 'a Statement is no object';
  const unknown = Object.keys(statement).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) return `a Statement has the member ${unknown}, which is not evaluated here`;
  const { Effect: effect, Action: action, Principal: principal } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') return 'Effect is neither Allow nor Deny';
  const actions = listOf(action);
  const principals = principalsOf(principal);
  if (actions === undefined) return 'Action is neither a string nor a list of strings';
  if (principals === undefined) return 'Principal has neither Federated nor AWS, which is all that is evaluated here';
  const conditions = readConditions(statement['Condition']);
  return typeof conditions === 'string' ? conditions : { effect, actions, principals, conditions };
}

/**
 * A trust policy document, or a sentence that says what is wrong with it. What is not evaluated here is refused, not ignored: a
 * condition that is passed over would allow here what AWS denies.
 */
export function readTrustPolicy(document: unknown): TrustPolicy | string {
  if (!isRecord(document)) return 'the trust policy is no object';
  const given = document['Statement'];
  const read: TrustStatement[] = [];
  for (const statement of Array.isArray(given) ? (given as unknown[]) : [given]) {
    const result = readStatement(statement);
    if (typeof result === 'string') return result;
    read.push(result);
  }
  return read;
}

/**
 * Whether all the actions are allowed to a token of that provider or to that role, and none denied.
 *
 * @param arn of the provider, or of the role
 * @param values what condition keys stand for, such as `login.example.com:sub`
 */
export function trusts(
  policy: TrustPolicy,
  actions: readonly string[],
  arn: string,
  values: Readonly<Record<string, string>>,
): boolean {
  // A key that is not there matches no operator but a negated one (IAM user guide, "Condition operators").
  const holds = ({ operator, key, values: wanted }: Condition): boolean => {
    const actual = Object.hasOwn(values, key) ? values[key] : undefined;
    return actual === undefined ? operator === 'StringNotEquals' : OPERATORS[operator](actual, wanted);
  };
  const matching = (action: string): TrustStatement[] =>
    policy.filter(
      (statement) =>
        statement.actions.some((pattern) => matchesWildcards(pattern.toLowerCase(), action.toLowerCase())) &&
        statement.principals.some((principal) => isMeant(principal, arn)) &&
        statement.conditions.every(holds),
    );
  return actions.every((action) => {
    const statements = matching(action);
    return statements.length > 0 && statements.every(({ effect }) => effect === 'Allow');
  });
}
