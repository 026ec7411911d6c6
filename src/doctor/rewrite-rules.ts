import { parseBoolean } from '../iis/iisnode-attributes';
import { elementsAt, type ConfigElement } from '../iis/xml-sections';

/** A condition of a rewrite rule. */
export interface RewriteCondition {
  /** Such as `{HTTPS}` or `{REQUEST_FILENAME}`. */
  readonly input: string;
  readonly matchType: string;
  readonly pattern: string;
  readonly negate: boolean;
  readonly element: ConfigElement;
}

/** A rule of URL Rewrite that is switched on. What is missing has URL Rewrite's default. */
export interface RewriteRule {
  readonly name: string;
  readonly element: ConfigElement;
  /** `<match url>`, as written; `.*` where the rule has no `<match>`. */
  readonly pattern: string;
  readonly negate: boolean;
  /** Whether the rule matches a decoded path without its leading slash; conditions left aside. */
  matches(path: string): boolean;
  readonly conditions: readonly RewriteCondition[];
  /** `logicalGrouping="MatchAny"`: one condition is enough. */
  readonly anyCondition: boolean;
  /** `None`, `Rewrite`, `Redirect`, `CustomResponse` or `AbortRequest`. */
  readonly action: string;
  /** The action's URL; empty where it has none. */
  readonly url: string;
  readonly stopProcessing: boolean;
}

const flag = (element: ConfigElement | undefined, name: string, fallback: boolean): boolean =>
  parseBoolean(element?.attributes.get(name) ?? '') ?? fallback;

function matcher(pattern: string, syntax: string, ignoreCase: boolean): (path: string) => boolean {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const source =
    syntax === 'Wildcard' ? `^${escaped.replaceAll('\\*', '.*')}$` : syntax === 'ExactMatch' ? `^${escaped}$` : pattern;
  try {
    const expression = new RegExp(source, ignoreCase ? 'i' : '');
    return (path) => expression.test(path);
  } catch {
    // IIS refuses it when the rule is first used; that it matches nothing is the careful answer.
    return () => false;
  }
}

function conditionOf(element: ConfigElement): RewriteCondition {
  return {
    input: element.attributes.get('input') ?? '',
    matchType: element.attributes.get('matchType') ?? 'Pattern',
    pattern: element.attributes.get('pattern') ?? '',
    negate: flag(element, 'negate', false),
    element,
  };
}

/**
 * The rules of a `<rewrite><rules>` that are switched on, in the order in which they run.
 * @see https://learn.microsoft.com/iis/extensions/url-rewrite-module/url-rewrite-module-configuration-reference
 */
export function rewriteRulesOf(rules: readonly ConfigElement[]): readonly RewriteRule[] {
  return rules
    .filter((rule) => flag(rule, 'enabled', true))
    .map((element) => {
      const [match] = elementsAt(element, ['match']);
      const [action] = elementsAt(element, ['action']);
      const [conditions] = elementsAt(element, ['conditions']);
      const pattern = match?.attributes.get('url') ?? '.*';
      const syntax = element.attributes.get('patternSyntax') ?? 'ECMAScript';
      return {
        name: element.attributes.get('name') ?? '',
        element,
        pattern,
        negate: flag(match, 'negate', false),
        matches: matcher(pattern, syntax, flag(match, 'ignoreCase', true)),
        conditions: elementsAt(element, ['conditions', 'add']).map(conditionOf),
        anyCondition: conditions?.attributes.get('logicalGrouping') === 'MatchAny',
        action: action?.attributes.get('type') ?? 'None',
        url: action?.attributes.get('url') ?? '',
        stopProcessing: flag(element, 'stopProcessing', false),
      };
    });
}
