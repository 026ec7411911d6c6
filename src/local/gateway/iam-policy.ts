import { isRecord } from '../is-record';

/** One statement of a policy, its members as lists. */
export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** Longest `Resource` that API Gateway takes from an authorizer, in characters. */
const MAX_RESOURCE_LENGTH = 512;

const MEMBERS = new Set(['Sid', 'Effect', 'Action', 'Resource']);

/**
 * A policy document as statements, or a sentence that says what is wrong with it.
 *
 * `Condition`, `NotAction` and `NotResource` are refused, not ignored: this gateway does not evaluate them, and a
 * condition that is passed over would allow here what AWS denies.
 */
export function readPolicy(document: unknown): readonly PolicyStatement[] | string {
  if (!isRecord(document)) return 'policyDocument is no object';
  const given = document['Statement'];
  const statements = Array.isArray(given) ? (given as unknown[]) : [given];
  const read: PolicyStatement[] = [];
  for (const statement of statements) {
    const result = readStatement(statement);
    if (typeof result === 'string') return result;
    read.push(result);
  }
  return read;
}

function readStatement(statement: unknown): PolicyStatement | string {
  if (!isRecord(statement)) return 'a Statement is no object';
  const unknown = Object.keys(statement).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) return `a Statement has the member ${unknown}, which this gateway does not evaluate`;
  const { Effect: effect } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') return 'Effect is neither Allow nor Deny';
  const actions = listOfStrings(statement['Action']);
  const resources = listOfStrings(statement['Resource']);
  if (actions === undefined) return 'Action is neither a string nor a list of strings';
  if (resources === undefined) return 'Resource is neither a string nor a list of strings';
  if (resources.some((resource) => resource.length > MAX_RESOURCE_LENGTH)) {
    return `a Resource is longer than ${String(MAX_RESOURCE_LENGTH)} characters`;
  }
  return { effect, actions, resources };
}

function listOfStrings(value: unknown): readonly string[] | undefined {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list.length > 0 && list.every((item) => typeof item === 'string') ? list : undefined;
}

/**
 * What a policy says of one method: an explicit deny wins, and what nothing allows is denied.
 * Source: AWS IAM user guide, "Policy evaluation logic".
 *
 * @param resource the method ARN of the request
 */
export function evaluatePolicy(
  statements: readonly PolicyStatement[],
  action: string,
  resource: string,
): 'allow' | 'explicit-deny' | 'implicit-deny' {
  const matching = statements.filter(
    ({ actions, resources }) =>
      // Action names are compared without letter case; ARNs with it.
      actions.some((pattern) => matchesWildcards(pattern.toLowerCase(), action.toLowerCase())) &&
      resources.some((pattern) => matchesWildcards(pattern, resource)),
  );
  if (matching.some(({ effect }) => effect === 'Deny')) return 'explicit-deny';
  return matching.length > 0 ? 'allow' : 'implicit-deny';
}

/**
 * Whether `text` matches a pattern in which `*` stands for any characters, `/` included, and `?` for exactly one.
 *
 * Walks both once and goes back to the last `*` only, so that no pattern can make it slow: a regular expression with
 * many stars could.
 */
export function matchesWildcards(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
