import { elementsAt } from '../iis/xml-sections';
import type { RewriteCondition, RewriteRule } from './rewrite-rules';
import type { Site } from './site';

/** What becomes of a request: the app gets it, something else answers, or the file of that name is sent. */
export type Outcome =
  | { readonly kind: 'app' | 'answered' }
  | {
      readonly kind: 'file';
      /** The rule that ended the rewriting before the app's rule, where it was one. */
      readonly by: RewriteRule | undefined;
    };

type Truth = boolean | 'depends';

/** What server variables hold for a caller out there who uses https. The rest is in the caller's hand, or unknown. */
function variable(input: string, url: string, original: string): string | undefined {
  switch (input.toUpperCase()) {
    case '{HTTPS}':
      return 'on';
    case '{SERVER_PORT_SECURE}':
      return '1';
    case '{REQUEST_METHOD}':
      return 'GET';
    case '{REMOTE_ADDR}':
    case '{REMOTE_HOST}':
      return '203.0.113.9';
    case '{REQUEST_URI}':
    case '{UNENCODED_URL}':
      return `/${original}`;
    case '{URL}':
    case '{PATH_INFO}':
      return `/${url}`;
    default:
      return undefined;
  }
}

function conditionHolds({ input, matchType, pattern, negate }: RewriteCondition, url: string, original: string): Truth {
  // The file that is asked about is there; what the rules made of its name is not.
  if (/^IsFile$/i.test(matchType)) return (url === original) !== negate;
  if (/^IsDirectory$/i.test(matchType)) return negate;
  const value = variable(input, url, original);
  if (value === undefined) return 'depends';
  try {
    return new RegExp(pattern, 'i').test(value) !== negate;
  } catch {
    return 'depends';
  }
}

function ruleApplies(rule: RewriteRule, url: string, original: string): Truth {
  if (rule.matches(url) === rule.negate) return false;
  const truths = rule.conditions.map((condition) => conditionHolds(condition, url, original));
  if (truths.length === 0) return true;
  if (rule.anyCondition) return truths.includes(true) || (truths.includes('depends') && 'depends');
  return !truths.includes(false) && (truths.includes('depends') ? 'depends' : true);
}

/** The action's URL with what it takes over from the request. */
function rewritten(rule: RewriteRule, url: string, original: string): string {
  const path = rule.url
    .replace(/\{R:0\}/gi, () => url)
    .replace(/\{R:1\}/gi, () => {
      const groups = safeExpression(rule.pattern)?.exec(url);
      return groups?.[1] ?? '';
    })
    .replace(/\{(?:REQUEST_URI|UNENCODED_URL)\}/gi, () => `/${original}`)
    .replace(/\{(?:URL|PATH_INFO)\}/gi, () => `/${url}`);
  return path.replace(/[?#].*$/s, '').replace(/^\/+/, '');
}

function safeExpression(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'i');
  } catch {
    return undefined;
  }
}

/** Request filtering runs before everything else, on the URL as it was sent. */
function isFiltered(site: Site, path: string): boolean {
  if (path.split('/').some((segment) => site.hiddenSegments.has(segment.toLowerCase()))) return true;
  const sections = site.section('security', 'requestFiltering', 'fileExtensions');
  const extension = /\.[^./]*$/.exec(path)?.[0].toLowerCase();
  const listed = sections
    .flatMap((section) => elementsAt(section, ['add']))
    .findLast(({ attributes }) => attributes.get('fileExtension')?.toLowerCase() === extension);
  if (listed !== undefined) return listed.attributes.get('allowed')?.toLowerCase() === 'false';
  return sections.some(({ attributes }) => attributes.get('allowUnlisted')?.toLowerCase() === 'false');
}

function handledByModule(site: Site, url: string): boolean {
  return site.handlers.some(({ module, path }) => {
    if (module.includes('staticfile')) return false;
    const escaped = path.replace(/[.+?^${}()|[\]\\/]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${escaped}(?:/.*)?$`, 'i').test(url);
  });
}

/** Without the server's own handler for files no file is sent. */
function sendsFiles(site: Site): boolean {
  return !site
    .section('handlers')
    .flatMap(({ children }) => children)
    .some(
      ({ name, attributes }) =>
        name === 'clear' || (name === 'remove' && attributes.get('name')?.toLowerCase() === 'staticfile'),
    );
}

/**
 * What can become of a request for a path, by the site's request filtering, rewrite rules and handlers. A condition that
 * the caller decides, or that cannot be known here, counts both ways.
 *
 * @param path without leading slash; of a file that is there
 */
function outcomesOf(site: Site, path: string): readonly Outcome[] {
  if (isFiltered(site, path)) return [{ kind: 'answered' }];
  const arrive = (url: string, by: RewriteRule | undefined): Outcome => {
    if (handledByModule(site, url)) return { kind: 'app' };
    return url === path && sendsFiles(site) ? { kind: 'file', by } : { kind: 'answered' };
  };
  const walk = (rules: readonly RewriteRule[], url: string): readonly Outcome[] => {
    const [rule, ...rest] = rules;
    if (rule === undefined) return [arrive(url, undefined)];
    const applies = ruleApplies(rule, url, path);
    const passed = applies === true ? [] : walk(rest, url);
    return applies === false ? passed : [...taken(rule, rest, url), ...passed];
  };
  const taken = (rule: RewriteRule, rest: readonly RewriteRule[], url: string): readonly Outcome[] => {
    if (!/^(?:None|Rewrite)$/i.test(rule.action)) return [{ kind: 'answered' }];
    const next = /^Rewrite$/i.test(rule.action) ? rewritten(rule, url, path) : url;
    return rule.stopProcessing ? [arrive(next, rule)] : walk(rest, next);
  };
  return walk(site.rewriteRules, path);
}

/** The way in which a file of the site can be fetched, if there is one. */
export function sentAsFile(site: Site, path: string): { readonly by: RewriteRule | undefined } | undefined {
  return outcomesOf(site, path).find((outcome) => outcome.kind === 'file');
}

/** Whether no rule leads every request for the path somewhere else: then the URL reaches what has that path. */
export function keepsItsUrl(site: Site, path: string): boolean {
  const direct: Site = { ...site, handlers: [], section: (...at) => (at[0] === 'handlers' ? [] : site.section(...at)) };
  return sentAsFile(direct, path) !== undefined;
}
