import { codeMatches, closing, type SourceText } from './source-text';
import { readSource, resolveModule, type AppProject } from './project';

/** A route of the app, in the words of the policy. */
export interface Route {
  /** Absent where the app takes every method. */
  readonly method?: string;
  /** A path template: `/invoices/{id}`. */
  readonly path: string;
  /** Whether it is open to everybody. */
  readonly isPublic: boolean;
  /** What a caller needs; meaningless where it is public. */
  readonly permission: string;
}

/** What was found, and what was seen but cannot be said in the policy. */
export interface FoundRoutes {
  readonly routes: readonly Route[];
  /** Express paths that have no template, such as `/files/*`. */
  readonly skipped: readonly string[];
}

/** A call such as `app.get('/x')`, below a prefix or not. */
interface Call {
  readonly receiver: string;
  readonly method: string;
  readonly path: string;
}

/** A call such as `app.use('/users', users)`. */
interface Use {
  readonly receiver: string;
  readonly prefix: string;
  /** Variables and module names among its arguments. */
  readonly names: readonly string[];
  readonly modules: readonly string[];
}

interface RouteFile {
  readonly path: string;
  readonly calls: readonly Call[];
  readonly uses: readonly Use[];
  /** Variables that hold what other files export, by their module's name. */
  readonly imports: ReadonlyMap<string, string>;
  /** Variables that hold an app or a router. */
  readonly makers: ReadonlySet<string>;
  readonly exported: string | undefined;
}

const METHODS = 'get|post|put|patch|delete|head|options|all';
const VERB_CALL = new RegExp(`(?<![\\w$.])([\\w$]+)\\s*\\.\\s*(${METHODS})\\s*\\(\\s*(['"\`])(/[^'"\`\\n$]*)\\3`, 'g');
const ROUTE_CALL = /(?<![\w$.])([\w$]+)\s*\.\s*route\s*\(\s*(['"`])(\/[^'"`\n$]*)\2\s*\)/g;
const CHAINED = new RegExp(`^\\s*\\.\\s*(${METHODS})\\s*\\(`);
const USE_CALL = /(?<![\w$.])([\w$]+)\s*\.\s*use\s*\(/g;
const IMPORT =
  /(?:(?:const|let|var)\s+([\w$]+)[^=\n]*=\s*require\(\s*(['"])(\.[^'"\n]*)\2\s*\)|import\s+(?:\*\s+as\s+)?([\w$]+)\s+from\s*(['"])(\.[^'"\n]*)\5)/g;
const MAKER =
  /(?:const|let|var)\s+([\w$]+)[^=\n]*=\s*(?:[\w$.]*express\w*|require\(\s*['"]express['"]\s*\)|[\w$]*\.?Router|new\s+[\w$.]*Router)\s*(?:\.\s*Router\s*)?\(/g;
const EXPORTED = /(?:module\.exports\s*=\s*|export\s+default\s+)([\w$]+)\s*(?:;|$)/gm;

/** `.get(…).post(…)` behind a `route('/x')` that ends at `from`. */
function chained(source: SourceText, from: number): string[] {
  const [found, method = ''] = CHAINED.exec(source.code.slice(from)) ?? [];
  if (found === undefined) return [];
  const close = closing(source, from + found.length - 1);
  return close === undefined ? [method] : [method, ...chained(source, close + 1)];
}

function callsOf(source: SourceText): Call[] {
  const plain = codeMatches(source, VERB_CALL).map(([, receiver = '', method = '', , path = '']) => ({
    receiver,
    method,
    path,
  }));
  const routes = codeMatches(source, ROUTE_CALL).flatMap((match) => {
    const [found, receiver = '', , path = ''] = match;
    return chained(source, match.index + found.length).map((method) => ({ receiver, method, path }));
  });
  return [...plain, ...routes];
}

function usesOf(source: SourceText): Use[] {
  return codeMatches(source, USE_CALL).flatMap((match) => {
    const open = match.index + match[0].length - 1;
    const close = closing(source, open);
    if (close === undefined) return [];
    const [text, code] = [source.text.slice(open + 1, close), source.code.slice(open + 1, close)];
    const prefix = /^\s*(['"`])(\/[^'"`\n$]*)\1/.exec(text)?.[2] ?? '';
    const modules = [...text.matchAll(/require\(\s*(['"])(\.[^'"\n]*)\1\s*\)/g)].map(([, , name = '']) => name);
    return [{ receiver: match[1] ?? '', prefix, names: code.match(/[\w$]+/g) ?? [], modules }];
  });
}

function readRouteFile(source: SourceText, path: string): RouteFile {
  const imports = codeMatches(source, IMPORT).map(
    ([, required, , requiredFrom, imported, , importedFrom]) =>
      [required ?? imported ?? '', requiredFrom ?? importedFrom ?? ''] as const,
  );
  const makers = new Set(codeMatches(source, MAKER).map(([, name = '']) => name));
  const exported = codeMatches(source, EXPORTED).map(([, name = '']) => name);
  return {
    path,
    calls: callsOf(source),
    uses: usesOf(source),
    imports: new Map(imports),
    makers,
    exported: exported.find((name) => makers.has(name)) ?? (makers.size === 1 ? [...makers][0] : undefined),
  };
}

const joined = (prefix: string, path: string): string =>
  `${prefix.replace(/\/$/, '')}${path}`.replace(/(?<=.)\/$/, '') || '/';

/** The calls on the app and on every router that is mounted below it, with their whole paths. */
function collect(
  folder: string,
  path: string,
  root: string | undefined,
  prefix: string,
  seen: readonly string[],
): Call[] {
  const source = readSource(folder, path);
  if (source === undefined || seen.includes(path)) return [];
  const file = readRouteFile(source, path);
  const below = (receiver: string, at: string, visited: readonly string[]): Call[] => {
    const own = file.calls
      .filter((call) => call.receiver === receiver)
      .map((call) => ({ ...call, path: joined(at, call.path) }));
    const mounted = file.uses
      .filter((use) => use.receiver === receiver)
      .flatMap((use) => {
        const under = joined(at, use.prefix || '/');
        const local = use.names.filter((name) => file.makers.has(name) && !visited.includes(name));
        const modules = [...use.names.flatMap((name) => file.imports.get(name) ?? []), ...use.modules];
        const others = modules.flatMap((name) => resolveModule(folder, path, name) ?? []);
        return [
          ...local.flatMap((name) => below(name, under, [...visited, name])),
          ...others.flatMap((other) => collect(folder, other, undefined, under, [...seen, path])),
        ];
      });
    return [...own, ...mounted];
  };
  const start = root ?? file.exported;
  return start === undefined ? [] : below(start, prefix, [start]);
}

/** The policy's template of an Express path; undefined where there is none. */
function templateOf(path: string): string | undefined {
  const parts = path.split('/').slice(1);
  const templates = parts.map((part, at) => {
    // Express 5 names what the rest of a path is called, Express 4 does not.
    const rest = at === parts.length - 1 ? /^\*([A-Za-z_][A-Za-z0-9_]*)?$/.exec(part) : null;
    if (rest !== null) return `{${rest[1] ?? 'rest'}+}`;
    const parameter = /^:([A-Za-z_][A-Za-z0-9_]*)$/.exec(part)?.[1];
    if (parameter !== undefined) return `{${parameter}}`;
    return /^[A-Za-z0-9._~-]*$/.test(part) ? part : undefined;
  });
  return templates.includes(undefined) ? undefined : `/${templates.join('/')}`;
}

/**
 * One name for all parameters at one place: a REST API refuses `/users/{id}` beside `/users/{name}/posts`, as Express
 * does not.
 */
function alignParameters(paths: readonly string[]): (path: string) => string {
  const names = new Map<string, string>();
  const align = (path: string): string => {
    let above = '';
    const parts = path
      .split('/')
      .slice(1)
      .map((part) => {
        const aligned = part.startsWith('{') ? (names.get(above) ?? part) : part;
        if (part.startsWith('{')) names.set(above, aligned);
        above += `/${part.startsWith('{') ? '{}' : part}`;
        return aligned;
      });
    return `/${parts.join('/')}`;
  };
  paths.forEach(align);
  return align;
}

/** What nobody signs in for. */
const HEALTH = /^\/(?:health|healthz|livez|readyz|ping)(?:\/[a-z]+)?$/;

/** Parts of a path that say nothing of what it is about. */
const NO_SUBJECT = /^(?:api|v\d+|rest|\{.*)$/;

function permissionFor(method: string | undefined, path: string, application: string): string {
  const subject =
    path
      .split('/')
      .slice(1)
      .find((part) => part !== '' && !NO_SUBJECT.test(part)) ?? application;
  const noun =
    subject
      .toLowerCase()
      .replace(/[^a-z0-9_.-]/g, '-')
      .replace(/^[^a-z]+/, '') || application;
  return `${noun}:${method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 'read' : 'write'}`;
}

/** What an app without a route that can be seen gets: something to try, and to replace. */
const sampleRoute = (application: string): Route => ({
  method: 'GET',
  path: '/',
  isPublic: false,
  permission: `${application}:read`,
});

/**
 * The routes that the app's source names in plain text, on the app and on routers mounted below it. What it computes is not
 * seen: those routes stay closed until somebody lists them.
 *
 * @param application the permissions of `/` are named after it
 */
export function findRoutes({ folder, appPath, appFile }: AppProject, application: string): FoundRoutes {
  const calls = appPath === undefined ? [] : collect(folder, appPath, appFile?.app, '/', []);
  const templates = calls.flatMap(({ path }) => templateOf(path) ?? []);
  const align = alignParameters(templates);
  const found = new Map<string, Route>();
  for (const call of calls) {
    const template = templateOf(call.path);
    if (template === undefined) continue;
    const path = align(template);
    const method = call.method === 'all' ? undefined : call.method.toUpperCase();
    const isPublic = method === 'GET' && HEALTH.test(path);
    const route = { ...(method && { method }), path, isPublic, permission: permissionFor(method, path, application) };
    found.set(`${method ?? '*'} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`, route);
  }
  const skipped = calls.filter(({ path }) => templateOf(path) === undefined).map(({ path }) => path);
  const routes = [...found.values()];
  return { routes: routes.length > 0 ? routes : [sampleRoute(application)], skipped: [...new Set(skipped)] };
}
