import { dirname, join, relative } from 'node:path';
import { readTextFile } from '../core/text-file';

/** What iisnode adds to each request: the settings that say which of a request's headers are its own. */
export interface IisnodeAdditions {
  /** The server variables of `promoteServerVars`, in the order and spelling of the setting. */
  readonly promotedVariables: readonly string[];
  readonly enableXFF: boolean;
}

type Attributes = ReadonlyMap<string, string>;

/** Comments and the like, so that what they hold is not taken for elements; and tags, with their attributes. */
const TOKEN =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<!\w[^>]*>|<(\/?)([^\s/>]+)((?:\s+[^\s=>/]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * What iisnode adds to this process's requests, from where iisnode itself takes it: `iisnode.yml`, the worker process's
 * environment, `web.config`. No request can tell: a client can send every header that iisnode might add.
 *
 * The web.config is one that IIS has parsed before it started this process, so looking for tags is enough; a parser of
 * one's own would be a package that every app on IIS has to install.
 *
 * @param script the app's script. The web.config of its folder counts, or the nearest one above, if it is the one that
 *   hands the script to iisnode: a file that IIS does not read must not say what is believed.
 */
export function readIisnodeAdditions(
  script: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): IisnodeAdditions {
  const attributes = attributesFor(script);
  const overrides = overridesIn(join(dirname(script), attributes.get('configOverrides') || 'iisnode.yml'));
  const setting = (name: string): string => overrides.get(name) ?? env[`IISNODE_${name}`] ?? attributes.get(name) ?? '';
  return {
    promotedVariables: setting('promoteServerVars')
      .split(',')
      .filter((name) => name !== ''),
    enableXFF: /^(?:true|1|yes)$/i.test(setting('enableXFF')),
  };
}

function attributesFor(script: string): Attributes {
  for (let folder = dirname(script), below = ''; folder !== below; below = folder, folder = dirname(folder)) {
    const text = textOf(join(folder, 'web.config'));
    if (text === undefined) continue;
    const { handlerPaths, attributes } = iisnodeSections(text);
    const own = relative(folder, script).replaceAll('\\', '/').toLowerCase();
    return handlerPaths.some((path) => covers(path.toLowerCase(), own)) ? attributes : new Map();
  }
  return new Map();
}

/** A handler's path is a file, or a pattern such as `*.js` that leaves folders open. */
function covers(path: string, script: string): boolean {
  return path.startsWith('*') ? script.endsWith(path.slice(1)) : path === script;
}

/** What a web.config says to iisnode. */
export interface IisnodeSections {
  /** Of the handlers that are iisnode's. */
  readonly handlerPaths: readonly string[];
  /**
   * Of `<iisnode>`. A section for another `<location>` may take the variables away from some of this app's URLs, and
   * nobody says from which: then there are none.
   */
  readonly attributes: Attributes;
}

/** Reads the sections of iisnode out of a web.config that IIS accepts. */
export function iisnodeSections(xml: string): IisnodeSections {
  const handlerPaths: string[] = [];
  const attributes = new Map<string, string>();
  let ambiguous = false;
  for (const { path, elsewhere, values } of elementsOf(xml)) {
    if (path.endsWith('/system.webServer/iisnode')) {
      ambiguous ||= elsewhere;
      for (const [name, value] of values) attributes.set(name, value);
    } else if (path.endsWith('/system.webServer/handlers/add') && values.get('modules')?.toLowerCase() === 'iisnode') {
      handlerPaths.push(values.get('path') ?? '');
    }
  }
  return { handlerPaths, attributes: ambiguous ? new Map() : attributes };
}

interface FoundElement {
  /** The names from the root, such as `/configuration/system.webServer`. */
  readonly path: string;
  /** Whether it counts for another location than the site itself. */
  readonly elsewhere: boolean;
  readonly values: Attributes;
}

function* elementsOf(xml: string): Generator<FoundElement> {
  const open: { readonly path: string; readonly elsewhere: boolean }[] = [];
  for (const [, closing, name = '', text = '', empty] of xml.matchAll(TOKEN)) {
    if (name === '') continue;
    if (closing === '/') {
      open.pop();
      continue;
    }
    const values = attributesOf(text);
    const parent = open.at(-1) ?? { path: '', elsewhere: false };
    const own = { path: `${parent.path}/${name}`, elsewhere: parent.elsewhere || isElsewhere(name, values) };
    if (empty !== '/') open.push(own);
    yield { ...own, values };
  }
}

const isElsewhere = (name: string, values: Attributes): boolean =>
  name === 'location' && !['', '.'].includes(values.get('path') ?? '');

function attributesOf(text: string): Map<string, string> {
  return new Map(
    Array.from(text.matchAll(ATTRIBUTE), ([, name = '', quoted, single]) => [name, decoded(quoted ?? single ?? '')]),
  );
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal));
  });
}

/** Lines of `key: value # comment`, as iisnode reads them: empty values say nothing. */
function overridesIn(path: string): Attributes {
  const lines = textOf(path)?.split(/\r?\n/) ?? [];
  return new Map(
    lines.flatMap((line): [string, string][] => {
      const [, key, value] = /^\s*([^:#]+?)\s*:\s*([^#]*?)\s*(?:#.*)?$/.exec(line) ?? [];
      return key && value ? [[key, value]] : [];
    }),
  );
}

/** A file that is not there, or that this account may not read, says nothing. */
function textOf(path: string): string | undefined {
  try {
    return readTextFile(path);
  } catch {
    return undefined;
  }
}
