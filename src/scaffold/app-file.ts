import { codeMatches, closing, type SourceText } from './source-text';

/** What of an app's main file matters to whoever mounts something in it. */
export interface AppFile extends SourceText {
  /** How it names its modules. */
  readonly modules: 'commonjs' | 'esm';
  /** The variable that holds the Express app. */
  readonly app: string;
  /** Index of the end of the statement that makes it: where the next one can stand. */
  readonly appMadeAt: number;
  /** The call that listens, where the file has one. */
  readonly listens: ListenCall | undefined;
  /** Whether it listens when it is loaded, by whatever call. */
  readonly listensItself: boolean;
  /** Whether other files can require the app from it. */
  readonly exportsApp: boolean;
}

/** `app.listen(…)` */
export interface ListenCall {
  /** From the first character of `app.listen` to past its closing parenthesis. */
  readonly from: number;
  readonly to: number;
  /** What stands between the parentheses. */
  readonly argumentsText: string;
  /** Whether it stands below something, such as `if (require.main === module)`, with braces or without. */
  readonly isInBlock: boolean;
}

const IMPORT_OF_EXPRESS =
  /(?:(?:const|let|var)\s+([\w$]+)\s*=\s*require\(\s*(['"])express\2\s*\)(?!\s*\()|import\s+(?:\*\s+as\s+)?([\w$]+)[^;'"]*\bfrom\s*(['"])express\4)/g;

const APP_BY_REQUIRE = /(?:const|let|var)\s+([\w$]+)[^=\n]*=\s*require\(\s*(['"])express\2\s*\)\s*\(\s*\)[ \t]*;?/g;

const isEsm = (source: SourceText): boolean => codeMatches(source, /^[ \t]*(?:import\b[^(]|export\s)/gm).length > 0;

const escaped = (name: string): string => name.replaceAll('$', '\\$');

/** The statement that makes the app: its variable, and where it ends. */
function findApp(source: SourceText): { readonly name: string; readonly end: number } | undefined {
  const [express] = codeMatches(source, IMPORT_OF_EXPRESS);
  const maker = express === undefined ? undefined : (express[1] ?? express[3] ?? '');
  const pattern =
    maker === undefined
      ? APP_BY_REQUIRE
      : new RegExp(`(?:const|let|var)\\s+([\\w$]+)[^=\\n]*=\\s*${escaped(maker)}\\s*\\(\\s*\\)[ \\t]*;?`, 'g');
  const [made] = codeMatches(source, pattern);
  return made === undefined ? undefined : { name: made[1] ?? '', end: made.index + made[0].length };
}

function findListen(source: SourceText, app: string): ListenCall | undefined {
  const [call] = codeMatches(source, new RegExp(`(?<![\\w$.])${escaped(app)}\\s*\\.\\s*listen\\s*\\(`, 'g'));
  if (call === undefined) return undefined;
  const open = call.index + call[0].length - 1;
  const close = closing(source, open);
  if (close === undefined) return undefined;
  const before = source.code.slice(0, call.index);
  const depth = before.split('{').length - before.split('}').length;
  return {
    from: call.index,
    to: close + 1,
    argumentsText: source.text.slice(open + 1, close),
    isInBlock: depth > 0 || /\)\s*$/.test(before),
  };
}

/** The ways to listen but `app.listen(…)`: Baton's own, and Node's. */
function hasOtherListen(source: SourceText, app: string): boolean {
  const name = escaped(app);
  return codeMatches(source, new RegExp(`\\b(?:listen|createServer)\\s*\\([^()]*\\b${name}\\b`, 'g')).length > 0;
}

/** Behind such a condition the app listens only as the main module, which it never is when another script loads it. */
const WAITS_TO_BE_MAIN =
  /require\.main\s*={2,3}\s*module|module\s*={2,3}\s*require\.main|import\.meta\.(?:main|url|filename)/;

function listensWhenLoaded(source: SourceText, app: string, listens: ListenCall | undefined): boolean {
  if (listens === undefined && !hasOtherListen(source, app)) return false;
  const call = source.code.slice(0, listens?.from ?? source.code.length);
  return !(WAITS_TO_BE_MAIN.test(call) && (listens?.isInBlock ?? true));
}

function hasExport(source: SourceText, app: string): boolean {
  const name = escaped(app);
  const pattern = `(?:module\\.exports\\s*=\\s*(?:exports\\s*=\\s*)?${name}\\b(?!\\s*[.(])|export\\s+default\\s+${name}\\b|export\\s*\\{[^}]*\\b${name}\\s+as\\s+default\\b|exports\\.default\\s*=\\s*${name}\\b)`;
  return codeMatches(source, new RegExp(pattern, 'g')).length > 0;
}

/** Reads a file as the one that makes the Express app; undefined where it makes none. */
export function readAppFile(source: SourceText): AppFile | undefined {
  const app = findApp(source);
  if (app === undefined) return undefined;
  const listens = findListen(source, app.name);
  return {
    ...source,
    modules: isEsm(source) ? 'esm' : 'commonjs',
    app: app.name,
    appMadeAt: app.end,
    listens,
    listensItself: listensWhenLoaded(source, app.name, listens),
    exportsApp: hasExport(source, app.name),
  };
}
