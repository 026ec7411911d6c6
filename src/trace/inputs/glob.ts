/** Characters that make a path a pattern. */
const MAGIC = /[*?[\]{}]/;

/** Whether a path is a pattern. What exists under its very name is a path all the same. */
export function isPattern(path: string): boolean {
  return MAGIC.test(path);
}

/** `{a,b}` written out: each way to read a pattern. Braces that do not close stand for themselves. */
function alternatives(pattern: string): string[] {
  const open = pattern.indexOf('{');
  const close = pattern.indexOf('}', open);
  if (open < 0 || close < 0) return [pattern];
  const [before, after] = [pattern.slice(0, open), pattern.slice(close + 1)];
  const choices = pattern.slice(open + 1, close).split(',');
  return choices.flatMap((choice) => alternatives(after).map((rest) => before + choice + rest));
}

const escaped = (character: string): string => character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** One name of a path as a regular expression: `*`, `?` and `[a-z]`. */
function nameExpression(pattern: string): string {
  const parts = pattern.match(/\*+|\?|\[[!^]?[^\]]+\]|[^]/g) ?? [];
  return parts
    .map((part) => {
      if (part.startsWith('*')) return '[^/]*';
      if (part === '?') return '[^/]';
      if (part.length < 3 || !part.startsWith('[')) return escaped(part);
      const negated = /^\[[!^]/.test(part);
      const set = part.slice(negated ? 2 : 1, -1).replace(/[\\\]^]/g, '\\$&');
      return `[${negated ? '^/' : ''}${set}]`;
    })
    .join('');
}

function expression(pattern: string): string {
  return pattern
    .split('/')
    .map((name, index, names) => {
      const last = index === names.length - 1;
      if (name === '**') return last ? '.*' : '(?:[^/]+/)*';
      return nameExpression(name) + (last ? '' : '/');
    })
    .join('');
}

/** A pattern that was taken apart. */
export interface Glob {
  /** The folder that everything it matches is below; empty for the current one. */
  readonly base: string;
  /** Whether a path below `base`, parted by `/`, is meant. */
  matches(path: string): boolean;
}

/**
 * Takes a pattern apart: `*` and `?` within a name, `[a-z]`, `{a,b}`, and `**` for any number of folders. Windows' shells
 * hand patterns on as they are, other shells do so with those in quotes.
 *
 * @param windows whether `\` parts names, and letter case does not count
 * @example
 * ```ts
 * parseGlob('C:\\logs\\W3SVC*\\u_ex*.log', true).base; // 'C:/logs'
 * ```
 */
export function parseGlob(pattern: string, windows: boolean): Glob {
  const names = (windows ? pattern.replaceAll('\\', '/') : pattern).split('/');
  const first = names.findIndex((name) => isPattern(name));
  const base = names.slice(0, first).join('/');
  const rest = alternatives(names.slice(first).join('/')).map(expression);
  const expressions = rest.map((text) => new RegExp(`^${text}$`, windows ? 'isu' : 'su'));
  const rooted = first === 1 && (base === '' || /^[a-z]:$/i.test(base));
  return {
    base: rooted ? `${base}/` : base,
    matches: (path) => expressions.some((one) => one.test(path)),
  };
}
