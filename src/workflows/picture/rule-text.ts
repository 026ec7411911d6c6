import { items, members, textOf, type Members } from '../definition/states';

/** `NumericGreaterThanEquals` and so on, as people write them. What is not here is written as it is. */
const SIGNS: Readonly<Record<string, string>> = {
  Equals: '=',
  LessThan: '<',
  LessThanEquals: '≤',
  GreaterThan: '>',
  GreaterThanEquals: '≥',
};

const COMPARISON =
  /^(?:String|Numeric|Timestamp|Boolean)(Equals|LessThanEquals|LessThan|GreaterThanEquals|GreaterThan)(Path)?$/;
const NO_COMPARISON = ['Variable', 'Next', 'Assign', 'Output', 'Comment'];

/** A rule of a Choice in a few words: `$.amount ≤ 100 and not ($.paid)`. */
export function ruleText(rule: Members): string {
  const condition = textOf(rule.Condition);
  if (condition !== undefined) return condition.replace(/^\{%\s*|\s*%\}$/g, '');
  for (const [member, word] of [
    ['And', ' and '],
    ['Or', ' or '],
  ] as const) {
    const inner = items(rule[member]).map(members);
    if (inner.length > 0) return inner.map((one) => inBrackets(one)).join(word);
  }
  if (rule.Not !== undefined) return `not ${inBrackets(members(rule.Not))}`;
  const [name, value] = Object.entries(rule).find(([member]) => !NO_COMPARISON.includes(member)) ?? ['', ''];
  return comparisonText(textOf(rule.Variable) ?? '', name, value);
}

function inBrackets(rule: Members): string {
  const isJoined = rule.And !== undefined || rule.Or !== undefined;
  return isJoined ? `(${ruleText(rule)})` : ruleText(rule);
}

function comparisonText(variable: string, name: string, value: unknown): string {
  const [, comparison, path] = COMPARISON.exec(name) ?? [];
  if (name === '') return variable;
  const operand = path === undefined ? JSON.stringify(value) : String(value);
  if (comparison !== undefined) {
    if (value === true && comparison === 'Equals') return variable;
    return `${variable} ${SIGNS[comparison] ?? comparison} ${operand}`;
  }
  if (name === 'StringMatches') return `${variable} like ${operand}`;
  if (name.startsWith('Is')) {
    const what = name
      .slice(2)
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase();
    return `${variable} is ${value === false ? 'not ' : ''}${what}`;
  }
  return `${variable} ${name} ${operand}`.trim();
}
