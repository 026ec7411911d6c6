import type { ChoiceRule } from './definition';
import { evaluatePath, readPath, type Scope } from './json-path';
import { lookUp } from './template';
import { runtimeError } from './states-error';

type Kind = 'string' | 'number' | 'boolean' | 'timestamp';
type Test = (value: unknown, operand: unknown) => boolean;

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch of an RFC 3339 time with an upper-case T, or NaN. */
export const timestampMs = (value: unknown): number =>
  typeof value === 'string' && TIMESTAMP.test(value) ? Date.parse(value) : NaN;

const ORDER: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  Equals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  GreaterThan: (a, b) => a > b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThanEquals: (a, b) => a >= b,
};

function ordered(kind: Kind, compare: (a: number | string, b: number | string) => boolean): Test {
  if (kind === 'timestamp') return (value, operand) => compare(timestampMs(value), timestampMs(operand));
  return (value, operand) =>
    typeof value === kind && typeof operand === kind && compare(value as number | string, operand as number | string);
}

/** Whether a text matches a pattern with `*`; `\*` is a star. */
function matches(value: unknown, pattern: unknown): boolean {
  if (typeof value !== 'string' || typeof pattern !== 'string') return false;
  const parts = pattern.match(/\\[*\\]|[^*\\]+|\*|\\/g) ?? [];
  const source = parts.map((part) =>
    part === '*'
      ? '[^]*'
      : (part.length === 2 && part.startsWith('\\') ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'),
  );
  return new RegExp(`^${source.join('')}$`).test(value);
}

function comparisons(): Record<string, { readonly kind: Kind; readonly test: Test }> {
  const all: Record<string, { kind: Kind; test: Test }> = {
    BooleanEquals: { kind: 'boolean', test: (value, operand) => typeof value === 'boolean' && value === operand },
    StringMatches: { kind: 'string', test: matches },
  };
  for (const [prefix, kind] of [
    ['String', 'string'],
    ['Numeric', 'number'],
    ['Timestamp', 'timestamp'],
  ] as const) {
    for (const [name, compare] of Object.entries(ORDER))
      all[`${prefix}${name}`] = { kind, test: ordered(kind, compare) };
  }
  return all;
}

/** The comparisons with a value; each but StringMatches has a twin ending in `Path`. */
export const COMPARISONS = comparisons();

/** The questions that are answered with true or false. */
export const TYPE_TESTS: Readonly<Record<string, (found: { readonly value: unknown } | undefined) => boolean>> = {
  IsPresent: (found) => found !== undefined,
  IsNull: (found) => found?.value === null,
  IsString: (found) => typeof found?.value === 'string',
  IsNumeric: (found) => typeof found?.value === 'number',
  IsBoolean: (found) => typeof found?.value === 'boolean',
  IsTimestamp: (found) => !Number.isNaN(timestampMs(found?.value)),
};

/** The names that say what a rule tests, out of all its members. */
export const OTHER_MEMBERS = ['Variable', 'Next', 'Assign', 'Comment', 'And', 'Or', 'Not'];

/**
 * Whether a rule holds.
 * @throws StatesError `States.Runtime` where the variable is not there, as in AWS
 */
export function holds(rule: ChoiceRule, scope: Scope): boolean {
  if (rule.And) return rule.And.every((inner) => holds(inner, scope));
  if (rule.Or) return rule.Or.some((inner) => holds(inner, scope));
  if (rule.Not) return !holds(rule.Not, scope);
  const [name = '', operand] = Object.entries(rule).find(([member]) => !OTHER_MEMBERS.includes(member)) ?? [];
  const path = readPath(rule.Variable ?? '');
  const found = path && evaluatePath(path, scope);
  const typeTest = TYPE_TESTS[name];
  if (typeTest !== undefined) {
    if (found === undefined && name !== 'IsPresent') throw missing(rule, scope);
    return typeTest(found) === operand;
  }
  if (found === undefined) throw missing(rule, scope);
  const comparison = COMPARISONS[name.replace(/Path$/, '')];
  if (comparison === undefined) throw runtimeError(`The choice rule has no comparison "${name}".`);
  return comparison.test(found.value, name.endsWith('Path') ? lookUp(String(operand), name, scope) : operand);
}

const missing = (rule: ChoiceRule, scope: Scope): Error =>
  runtimeError(
    `Invalid path '${String(rule.Variable)}': The choice state's condition path references an invalid value in the input '${JSON.stringify(scope.data)}'`,
  );
