import type { Place } from './finding';
import { Lines } from './text-position';

/** A JavaScript file of the app. */
export interface Script {
  /** As in findings. */
  readonly file: string;
  /** With comments blanked out, so that offsets and lines stay. */
  readonly code: string;
}

/** The line and column of an offset into a script. */
export function placeIn({ file, code }: Script, offset: number): Place {
  return { file, ...new Lines(code).position(offset) };
}

/** How far an app is read: rules look for how it listens, which apps do near their entry. */
const MAX_SCRIPTS = 40;

/** Comments become blanks; strings, templates and their line numbers stay. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[^]*?\*\//g,
    (whole, literal: string | undefined) => literal ?? whole.replace(/[^\n]/g, ' '),
  );
}

/** The names that a script gives to `require`, `import` and `export … from`. */
function namedIn(code: string): string[] {
  const form = /\b(?:require|import)\s*\(\s*(["'])(\.[^"'\n]*)\1\s*\)|\b(?:from|import)\s*(["'])(\.[^"'\n]*)\3/g;
  return [...code.matchAll(form)].map(([, , called, , named]) => called ?? named ?? '');
}

/**
 * The entry script and the app's own files that it loads, directly or not.
 *
 * @param read the text of a file and its name in findings, or undefined where there is no such file
 * @param join resolves a relative name against the file that names it
 */
export function readScripts(
  entry: string,
  read: (path: string) => { readonly file: string; readonly text: string } | undefined,
  join: (from: string, name: string) => string,
): readonly Script[] {
  const found: Script[] = [];
  const seen = new Set<string>();
  const queue = [entry];
  for (let path = queue.shift(); path !== undefined && found.length < MAX_SCRIPTS; path = queue.shift()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const script = read(path);
    if (script === undefined) continue;
    const code = withoutComments(script.text);
    found.push({ file: script.file, code });
    for (const name of namedIn(code)) {
      const target = join(path, name);
      // The first of the spellings that is a file wins; the others are passed over above.
      queue.push(...(/\.[cm]?js$/.test(target) ? [target] : [`${target}.js`, `${target}/index.js`, `${target}.cjs`]));
    }
  }
  return found;
}
