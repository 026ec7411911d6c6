import type { AppFile } from './app-file';
import { codeMatches, lineStart, nextLine } from './source-text';

/** A text that replaces the one from `from` to `to`. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** What the file with Baton in it looks like, and what a person has to look at. */
export interface Mounted {
  readonly text: string;
  /** Sentences about what could not be done, or changes more than it seems. */
  readonly notes: readonly string[];
}

/** The file's own habits, so that the new lines look like those around them. */
interface Style {
  readonly keyword: string;
  readonly quote: string;
  readonly end: string;
  readonly newline: string;
}

const IMPORT_LINE =
  /^[ \t]*(?:(const|let|var)\s+[\w${},:\s]+?=\s*require\(\s*(['"])[^'"\n]+\2\s*\)[^\n]*|import\s[^;'"]*(['"])[^'"\n]+\3[^\n]*)$/gm;

/** A file that mounts Baton already is left as it is. */
const USES_BATON = /(['"])iis-baton(?:\/[a-z-]+)?\1/;

/** An error handler: Express knows it by its four parameters. */
const ERROR_HANDLER =
  /\.\s*use\s*\(\s*(?:async\s+)?(?:function\s*[\w$]*\s*)?\(\s*[\w$]+[^,()]*,\s*[\w$]+[^,()]*,\s*[\w$]+[^,()]*,\s*[\w$]+[^,()]*\)/g;

const EXPORT_LINE = /^[ \t]*(?:module\.exports\s*=|export\s+(?:default|\{))/gm;

function styleOf(file: AppFile, imports: readonly RegExpExecArray[]): Style {
  const [first] = imports;
  return {
    keyword: first?.[1] ?? 'const',
    quote: first?.[2] ?? first?.[3] ?? "'",
    end: first === undefined || first[0].trimEnd().endsWith(';') ? ';' : '',
    newline: file.text.includes('\r\n') ? '\r\n' : '\n',
  };
}

function importText(file: AppFile, { keyword, quote, end }: Style, names: string, module: string): string {
  const from = `${quote}${module}${quote}`;
  return file.modules === 'esm'
    ? `import { ${names} } from ${from}${end}`
    : `${keyword} { ${names} } = require(${from})${end}`;
}

/** Where `problemHandler()` goes: in front of the app's own error handler, which would hide why a request was refused. */
function problemHandlerPlace(file: AppFile): number {
  const [handler] = codeMatches(file, ERROR_HANDLER).filter(({ index }) => index > file.appMadeAt);
  if (handler !== undefined) return lineStart(file, handler.index);
  const { listens } = file;
  if (listens !== undefined && !listens.isInBlock) return lineStart(file, listens.from);
  const exported = codeMatches(file, EXPORT_LINE).find(({ index }) => index > file.appMadeAt);
  if (exported !== undefined) return lineStart(file, exported.index);
  return listens === undefined ? file.text.length : lineOfBlock(file, listens.from);
}

/** The line of the statement whose block holds `at`. */
function lineOfBlock(file: AppFile, at: number): number {
  let depth = 0;
  for (let index = at; index >= 0; index--) {
    if (file.code[index] === '}') depth++;
    if (file.code[index] === '{' && depth-- === 0) return lineStart(file, index);
  }
  return lineStart(file, at);
}

/** `listen(app)` instead of `app.listen(…)`; a callback is handed on, the port and the host are not its to choose. */
function listenEdit({ app, listens }: AppFile, notes: string[]): Edit[] {
  if (listens === undefined) return [];
  const { from, to, argumentsText } = listens;
  const callback = /(?:^|,)\s*((?:async\s*)?(?:\([^()]*\)|[\w$]+)\s*=>[\s\S]*|(?:async\s+)?function\b[\s\S]*)$/.exec(
    argumentsText.replace(/,\s*$/, ''),
  )?.[1];
  const options = callback === undefined ? '' : `, { onListening: ${callback} }`;
  const port = argumentsText.slice(0, argumentsText.length - (callback?.length ?? 0)).replace(/,\s*$/, '');
  if (port.trim() !== '') {
    notes.push(`listen() replaces "${port.trim()}": it takes iisnode's pipe, else PORT, else 3000.`);
  }
  return [{ from, to, text: `listen(${app}${options})` }];
}

/** From the end to the start, so that places stay what they are; of two at one place the later comes first, too. */
function applied(text: string, edits: readonly Edit[]): string {
  return edits
    .toReversed()
    .toSorted((a, b) => b.from - a.from)
    .reduce((done, { from, to, text: piece }) => done.slice(0, from) + piece + done.slice(to), text);
}

/**
 * The app's file with Baton mounted: `baton()` right after the app is made, `problemHandler()` before the app's own error
 * handler, and `listen(app)` where the app listened itself. Undefined where the file uses Baton already.
 */
export function mountBaton(file: AppFile): Mounted | undefined {
  if (codeMatches(file, new RegExp(USES_BATON, 'g')).length > 0) return undefined;
  const imports = codeMatches(file, IMPORT_LINE).filter(({ index }) => index < file.appMadeAt);
  const style = styleOf(file, imports);
  const { newline, end } = style;
  const { app } = file;
  const notes: string[] = [];
  const listening = listenEdit(file, notes);
  const names = [
    importText(file, style, 'baton, problemHandler', 'iis-baton'),
    ...(listening.length > 0 ? [importText(file, style, 'listen', 'iis-baton/iis')] : []),
  ];
  // Where the app is made in the very line that requires Express, or nothing is imported, they go in front of it.
  const last = imports.at(-1);
  const importAt =
    last === undefined ? lineStart(file, file.appMadeAt) : nextLine(file, last.index + last[0].length - 1);
  const mountAt = nextLine(file, file.appMadeAt);
  const before = file.text.endsWith('\n') || mountAt < file.text.length ? '' : newline;
  const handlerAt = Math.max(problemHandlerPlace(file), mountAt);
  const edits: Edit[] = [
    { from: importAt, to: importAt, text: names.map((line) => `${line}${newline}`).join('') },
    {
      from: mountAt,
      to: mountAt,
      text: `${before}${app}.use(baton())${end} // verifies and authorises; the policy is the file that BATON_POLICY names${newline}`,
    },
    {
      from: handlerAt,
      to: handlerAt,
      text: `${app}.use(problemHandler())${end} // refusals and errors of Baton, as problem JSON${newline}`,
    },
    ...listening,
  ];
  return { text: applied(file.text, edits), notes };
}
