import { basename } from 'node:path';
import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import { systemFault } from '../core/system-fault';
import { readTextFile } from '../core/text-file';
import {
  IISNODE_ATTRIBUTES,
  parseBoolean,
  parseIisnodeAttribute,
  parseUint,
  type IisnodeSettings,
} from './iisnode-attributes';
import { elementsAt, ownScopes, parseConfigXml, type ConfigElement } from './xml-sections';

/** A script that iisnode serves. */
export interface IisnodeHandler {
  readonly name: string;
  /** The script, relative to the file's directory. */
  readonly path: string;
  /** 1-based. */
  readonly line: number;
}

/** A rule of URL Rewrite that is switched on. */
export interface RewriteRule {
  readonly name: string;
  /** What the rule does: `Rewrite`, `Redirect`, `None`, `CustomResponse` or `AbortRequest`. */
  readonly action: string;
  /** Tested against the decoded path without its leading slash. */
  readonly pattern: RegExp;
  /** `<match negate="true">`. */
  readonly negate: boolean;
  /** The action's URL, such as `server.js`; empty where the action has none. */
  readonly url: string;
  /** Whether later rules are left alone once this one matched. */
  readonly stopProcessing: boolean;
  /** How many conditions the rule has. The model does not hold them. */
  readonly conditionCount: number;
  /** 1-based. */
  readonly line: number;
}

/** What request filtering refuses before any other module sees a request. */
export interface RequestFiltering {
  /** Header name in lower case to the largest size allowed, in bytes; 0 refuses every request that has the header. */
  readonly headerLimits: ReadonlyMap<string, number>;
  /** Path segments that are never served, in the spelling of the file. */
  readonly hiddenSegments: readonly string[];
  readonly maxAllowedContentLengthBytes: number;
  readonly maxUrlLength: number;
  readonly maxQueryStringLength: number;
  readonly allowDoubleEscaping: boolean;
  readonly removeServerHeader: boolean;
}

/** The parts of a web.config that decide how an app on iisnode is started, reached and protected. */
export interface WebConfig {
  /** iisnode hands these to the app as environment variables. */
  readonly appSettings: ReadonlyMap<string, string>;
  readonly handlers: readonly IisnodeHandler[];
  /** Every attribute of `<iisnode>`, with iisnode's default where the file does not set it. */
  readonly iisnode: IisnodeSettings;
  /** The attributes of `<iisnode>` that the file sets. */
  readonly iisnodeAttributesSet: ReadonlySet<string>;
  readonly rewriteRules: readonly RewriteRule[];
  readonly requestFiltering: RequestFiltering;
  /** What IIS does with the app's own error bodies. */
  readonly existingResponse: 'Auto' | 'Replace' | 'PassThrough';
  /** Whether IIS's own WebSocket module is on; iisnode needs it off. */
  readonly webSocketEnabled: boolean;
}

/** What applicationHost.config hides on every new server, as long as a site does not take it out. */
export const DEFAULT_HIDDEN_SEGMENTS = [
  'web.config',
  'bin',
  'App_code',
  'App_GlobalResources',
  'App_LocalResources',
  'App_WebReferences',
  'App_Data',
  'App_Browsers',
];

/**
 * Reads a web.config file; see {@link parseWebConfig}.
 * @throws BatonError `option_invalid` where it cannot be read or is wrong
 */
export function readWebConfig(path: string): WebConfig {
  let xml: string;
  try {
    xml = readTextFile(path);
  } catch (cause) {
    throw new BatonError('option_invalid', `The web.config at ${path} cannot be read (${systemFault(cause)}).`, {
      cause,
    });
  }
  return parseWebConfig(xml, basename(path));
}

/**
 * The model of a web.config. Sections inside `<location>` count where the location is the site itself (`path` missing,
 * empty or `.`); a location of some other path is not the site's own configuration.
 *
 * @param fileName for messages only
 * @throws BatonError `option_invalid` with file name and line, for XML that is not well-formed, an attribute of
 *   `<iisnode>` that its schema does not know, or a value of the wrong type
 * @example
 * ```ts
 * const { iisnode, handlers } = parseWebConfig(xml);
 * if (iisnode.debuggingEnabled) console.warn(`${handlers[0]?.path}/debug restarts the app for anybody`);
 * ```
 * @see https://learn.microsoft.com/iis/configuration/system.webserver/
 */
export function parseWebConfig(xml: string, fileName = 'web.config'): WebConfig {
  const root = parseConfigXml(xml, fileName);
  if (root.name !== 'configuration') throw root.fault(`the root element must be <configuration>, not <${root.name}>`);
  const own = ownScopes(root);
  const at = (...path: string[]): readonly ConfigElement[] => own.flatMap((scope) => elementsAt(scope, path));
  const inServer = (...path: string[]): readonly ConfigElement[] => at('system.webServer', ...path);

  return {
    appSettings: readAppSettings(at('appSettings')),
    handlers: readHandlers(inServer('handlers')),
    ...readIisnode(inServer('iisnode')),
    rewriteRules: readRewriteRules(inServer('rewrite', 'rules', 'rule')),
    requestFiltering: readRequestFiltering(inServer('security', 'requestFiltering')),
    existingResponse: readExistingResponse(inServer('httpErrors')),
    webSocketEnabled: readFlag(inServer('webSocket'), 'enabled', true),
  };
}

/**
 * The entries of an IIS collection: `<add>` adds or replaces, `<remove>` takes out, `<clear>` empties.
 * @param key the attribute that tells entries apart; compared without regard to letter case, as IIS does
 */
function readCollection(
  collections: readonly ConfigElement[],
  key: string,
  inherited: readonly string[] = [],
): { readonly key: string; readonly element: ConfigElement | undefined }[] {
  const entries = new Map(inherited.map((name) => [name.toLowerCase(), { key: name, element: undefined }]));
  const result = entries as Map<string, { key: string; element: ConfigElement | undefined }>;
  for (const element of collections.flatMap(({ children }) => children)) {
    if (element.name === 'clear') {
      result.clear();
      continue;
    }
    const name = required(element, key);
    if (element.name === 'remove') result.delete(name.toLowerCase());
    else if (element.name === 'add') result.set(name.toLowerCase(), { key: name, element });
    else throw element.fault(`<${element.name}> is not known here; known are <add>, <remove> and <clear>`);
  }
  return [...result.values()];
}

function readAppSettings(sections: readonly ConfigElement[]): ReadonlyMap<string, string> {
  return new Map(
    readCollection(sections, 'key').map(({ key, element }) => [key, element?.attributes.get('value') ?? '']),
  );
}

function readHandlers(sections: readonly ConfigElement[]): readonly IisnodeHandler[] {
  return readCollection(sections, 'name').flatMap(({ key, element }) => {
    if (element?.attributes.get('modules')?.toLowerCase() !== 'iisnode') return [];
    return [{ name: key, path: required(element, 'path'), line: element.line }];
  });
}

function readIisnode(sections: readonly ConfigElement[]): Pick<WebConfig, 'iisnode' | 'iisnodeAttributesSet'> {
  const names = Object.keys(IISNODE_ATTRIBUTES) as (keyof IisnodeSettings)[];
  const settings: Record<string, string | number | boolean> = {};
  for (const name of names) settings[name] = IISNODE_ATTRIBUTES[name].default;
  const set = new Set<string>();
  for (const section of sections) {
    for (const [name, text] of section.attributes) {
      if (!Object.hasOwn(IISNODE_ATTRIBUTES, name)) {
        throw section.fault(`<iisnode> attribute ${unknownName(name, names)}`);
      }
      const attribute = IISNODE_ATTRIBUTES[name as keyof IisnodeSettings];
      const value = parseIisnodeAttribute(attribute, text);
      if (value === undefined) {
        throw section.fault(`<iisnode> attribute ${name}="${text}" must be of type ${attribute.type}`);
      }
      settings[name] = value;
      set.add(name);
    }
  }
  return { iisnode: settings as unknown as IisnodeSettings, iisnodeAttributesSet: set };
}

function readRewriteRules(rules: readonly ConfigElement[]): readonly RewriteRule[] {
  return rules.flatMap((rule) => {
    const [match] = elementsAt(rule, ['match']);
    const [action] = elementsAt(rule, ['action']);
    if (!readFlag([rule], 'enabled', true)) return [];
    if (match === undefined || action === undefined) throw rule.fault('<rule> needs a <match> and an <action>');
    return [
      {
        name: required(rule, 'name'),
        action: action.attributes.get('type') ?? 'None',
        pattern: readPattern(rule, match),
        negate: readFlag([match], 'negate', false),
        url: action.attributes.get('url') ?? '',
        stopProcessing: readFlag([rule], 'stopProcessing', false),
        conditionCount: elementsAt(rule, ['conditions', 'add']).length,
        line: rule.line,
      },
    ];
  });
}

/** URL Rewrite's patterns are ECMAScript regular expressions, wildcards, or the very text. */
function readPattern(rule: ConfigElement, match: ConfigElement): RegExp {
  const text = required(match, 'url');
  const flags = readFlag([match], 'ignoreCase', true) ? 'iu' : 'u';
  const escaped = text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  try {
    switch (rule.attributes.get('patternSyntax') ?? 'ECMAScript') {
      case 'Wildcard':
        return new RegExp(`^${escaped.replaceAll('\\*', '.*')}$`, flags);
      case 'ExactMatch':
        return new RegExp(`^${escaped}$`, flags);
      default:
        return new RegExp(text, flags.replace('u', ''));
    }
  } catch {
    throw match.fault(`"${text}" is not a regular expression`);
  }
}

function readRequestFiltering(sections: readonly ConfigElement[]): RequestFiltering {
  const inside = (...path: string[]): readonly ConfigElement[] => sections.flatMap((one) => elementsAt(one, path));
  const limits = inside('requestLimits');
  const headers = readCollection(inside('requestLimits', 'headerLimits'), 'header');
  const hidden = readCollection(inside('hiddenSegments'), 'segment', DEFAULT_HIDDEN_SEGMENTS);
  return {
    headerLimits: new Map(
      headers.flatMap(({ key, element }) =>
        element ? [[key.toLowerCase(), readNumber([element], 'sizeLimit', 0)]] : [],
      ),
    ),
    hiddenSegments: hidden.map(({ key }) => key),
    maxAllowedContentLengthBytes: readNumber(limits, 'maxAllowedContentLength', 30_000_000),
    maxUrlLength: readNumber(limits, 'maxUrl', 4096),
    maxQueryStringLength: readNumber(limits, 'maxQueryString', 2048),
    allowDoubleEscaping: readFlag(sections, 'allowDoubleEscaping', false),
    removeServerHeader: readFlag(sections, 'removeServerHeader', false),
  };
}

function readExistingResponse(sections: readonly ConfigElement[]): WebConfig['existingResponse'] {
  const choices = ['Auto', 'Replace', 'PassThrough'] as const;
  const section = sections.findLast(({ attributes }) => attributes.has('existingResponse'));
  if (section === undefined) return 'Auto';
  const text = required(section, 'existingResponse');
  const choice = choices.find((name) => name === text);
  if (choice === undefined) throw section.fault(`existingResponse ${unknownName(text, choices)}`);
  return choice;
}

function required(element: ConfigElement, attribute: string): string {
  const value = element.attributes.get(attribute);
  if (value === undefined) throw element.fault(`<${element.name}> needs the attribute "${attribute}"`);
  return value;
}

function readFlag(elements: readonly ConfigElement[], attribute: string, fallback: boolean): boolean {
  return readLast(elements, attribute, parseBoolean, 'true or false') ?? fallback;
}

function readNumber(elements: readonly ConfigElement[], attribute: string, fallback: number): number {
  return readLast(elements, attribute, parseUint, 'a whole number') ?? fallback;
}

/** The attribute's value in the last element that has it: later sections override earlier ones. */
function readLast<T>(
  elements: readonly ConfigElement[],
  attribute: string,
  parse: (text: string) => T | undefined,
  wanted: string,
): T | undefined {
  const element = elements.findLast(({ attributes }) => attributes.has(attribute));
  const text = element?.attributes.get(attribute);
  if (element === undefined || text === undefined) return undefined;
  const value = parse(text);
  if (value === undefined) throw element.fault(`${attribute}="${text}" must be ${wanted}`);
  return value;
}
