import { posix } from 'node:path';
import { DEFAULT_HIDDEN_SEGMENTS } from '../iis/web-config';
import { elementsAt, ownScopes, type ConfigElement } from '../iis/xml-sections';
import type { Place } from './finding';
import { effectiveSettings, type EffectiveSettings } from './iisnode-effective';
import { parseIisnodeYml, type IisnodeYml } from './iisnode-yml';
import { rewriteRulesOf, type RewriteRule } from './rewrite-rules';
import type { Script } from './scripts';
import { entriesOf } from './xml-collection';
import type { XmlFile } from './xml-file';

/** A script that IIS hands to a module. */
export interface ScriptHandler {
  /** `iisnode`, `httpPlatformHandler`, `AspNetCoreModuleV2`, … in lower case. */
  readonly module: string;
  readonly path: string;
  readonly element: ConfigElement;
}

/** A site as its web.config (and iisnode.yml) describe it. Nothing in it throws for a wrong value: rules report those. */
export interface Site {
  readonly xml: XmlFile;
  /** Root and own `<location>`s; sections of other locations are not the site's. */
  readonly scopes: readonly ConfigElement[];
  /** Every element at a path below `<system.webServer>`, such as `('security', 'requestFiltering')`. */
  section(...path: string[]): readonly ConfigElement[];
  /** `<appSettings>` with their places. */
  readonly appSettings: ReadonlyMap<string, { readonly value: string; readonly place: Place }>;
  readonly handlers: readonly ScriptHandler[];
  /**
   * The folder of the script that iisnode runs, from web.config's: iisnode takes log folder, override file and watched
   * files from there. Empty where they are the same.
   */
  readonly scriptFolder: string;
  /** Whether iisnode runs the app: by a handler, or because the file has an `<iisnode>`. */
  readonly usesIisnode: boolean;
  /** The iisnode settings that count. */
  readonly iisnode: EffectiveSettings;
  readonly iisnodeYml: { readonly file: string; readonly yml: IisnodeYml } | undefined;
  readonly rewriteRules: readonly RewriteRule[];
  /** In lower case. */
  readonly hiddenSegments: ReadonlySet<string>;
  /** Header names in lower case that request filtering refuses (`sizeLimit="0"`). */
  readonly deniedHeaders: ReadonlySet<string>;
  /** The app's own JavaScript, the entry first; empty where it is not there. */
  readonly scripts: readonly Script[];
}

/**
 * The model of a site.
 *
 * @param readBeside reads a file beside web.config: its name in findings and its text, or undefined where there is none
 * @param readScripts the entry script and what it requires, by the handler's path
 * @param environment of the worker process
 */
export function readSite(
  xml: XmlFile,
  readBeside: (name: string) => { readonly file: string; readonly text: string } | undefined,
  readScripts: (path: string) => readonly Script[],
  environment: Readonly<Record<string, string | undefined>>,
): Site {
  const scopes = ownScopes(xml.root);
  const at = (...path: string[]): readonly ConfigElement[] => scopes.flatMap((scope) => elementsAt(scope, path));
  const section = (...path: string[]): readonly ConfigElement[] => at('system.webServer', ...path);
  const handlers = handlersOf(section('handlers'));
  const sections = section('iisnode');
  const scriptFolder = scriptFolderOf(handlers);
  const iisnodeYml = overridesOf(sections, (name) => readBeside(posix.join(scriptFolder, name.replaceAll('\\', '/'))));
  const [elsewhere = xml.root] = section();
  return {
    xml,
    scopes,
    section,
    appSettings: appSettingsOf(xml, at('appSettings')),
    handlers,
    scriptFolder,
    usesIisnode: sections.length > 0 || handlers.some(({ module }) => module === 'iisnode'),
    iisnode: effectiveSettings(xml, sections, elsewhere, iisnodeYml, environment),
    iisnodeYml,
    rewriteRules: rewriteRulesOf(section('rewrite', 'rules', 'rule')),
    hiddenSegments: new Set(
      entriesOf(section('security', 'requestFiltering', 'hiddenSegments'), 'segment', DEFAULT_HIDDEN_SEGMENTS).map(
        ({ key }) => key.toLowerCase(),
      ),
    ),
    deniedHeaders: deniedHeadersOf(section('security', 'requestFiltering', 'requestLimits', 'headerLimits')),
    scripts: [...handlers.map(({ path }) => path), ...argumentScripts(section)].flatMap(readScripts),
  };
}

function handlersOf(sections: readonly ConfigElement[]): readonly ScriptHandler[] {
  return entriesOf(sections, 'name').flatMap(({ element }) => {
    const module = element?.attributes.get('modules')?.toLowerCase();
    const path = element?.attributes.get('path');
    return element === undefined || module === undefined || path === undefined ? [] : [{ module, path, element }];
  });
}

/** The scripts that HttpPlatformHandler and the ASP.NET Core Module start, by their command line. */
function argumentScripts(section: Site['section']): readonly string[] {
  return [...section('httpPlatform'), ...section('aspNetCore')].flatMap(({ attributes }) =>
    [...(attributes.get('arguments') ?? '').matchAll(/[\w.\\/-]+\.[cm]?js\b/g)].map(([script]) => script),
  );
}

function scriptFolderOf(handlers: readonly ScriptHandler[]): string {
  const script = handlers.find(({ module }) => module === 'iisnode')?.path.replaceAll('\\', '/') ?? '';
  return script.includes('/') ? script.slice(0, script.lastIndexOf('/')) : '';
}

function overridesOf(
  sections: readonly ConfigElement[],
  readBeside: (name: string) => { readonly file: string; readonly text: string } | undefined,
): Site['iisnodeYml'] {
  const name = sections.findLast(({ attributes }) => attributes.has('configOverrides'))?.attributes;
  const found = readBeside(name?.get('configOverrides') ?? 'iisnode.yml');
  return found === undefined ? undefined : { file: found.file, yml: parseIisnodeYml(found.text) };
}

function appSettingsOf(xml: XmlFile, sections: readonly ConfigElement[]): Site['appSettings'] {
  return new Map(
    entriesOf(sections, 'key').flatMap(({ key, element }) =>
      element === undefined
        ? []
        : [[key, { value: element.attributes.get('value') ?? '', place: xml.place(element) }] as const],
    ),
  );
}

function deniedHeadersOf(sections: readonly ConfigElement[]): ReadonlySet<string> {
  return new Set(
    entriesOf(sections, 'header')
      .filter(({ element }) => element?.attributes.get('sizeLimit') === '0')
      .map(({ key }) => key.toLowerCase()),
  );
}
