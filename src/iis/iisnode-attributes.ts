interface StringAttribute {
  readonly type: 'string';
  readonly default: string;
}
/** `uint or infinite` takes the word `infinite` as well. */
interface NumberAttribute {
  readonly type: 'uint' | 'uint or infinite';
  readonly default: number;
}
interface BooleanAttribute {
  readonly type: 'bool';
  readonly default: boolean;
}

/** One row of iisnode's configuration schema. */
export type IisnodeAttribute = StringAttribute | NumberAttribute | BooleanAttribute;

/**
 * The settings of `<iisnode>`, typed. Times are in milliseconds, buffers in bytes, unless the name says otherwise; the
 * names are iisnode's own. `Infinity` stands for `infinite`.
 */
export interface IisnodeSettings {
  readonly node_env: string;
  readonly asyncCompletionThreadCount: number;
  readonly nodeProcessCountPerApplication: number;
  readonly nodeProcessCommandLine: string;
  readonly interceptor: string;
  readonly maxConcurrentRequestsPerProcess: number;
  readonly maxNamedPipeConnectionRetry: number;
  readonly namedPipeConnectionRetryDelay: number;
  readonly maxNamedPipeConnectionPoolSize: number;
  readonly maxNamedPipePooledConnectionAge: number;
  readonly initialRequestBufferSize: number;
  readonly maxRequestBufferSize: number;
  readonly uncFileChangesPollingInterval: number;
  readonly gracefulShutdownTimeout: number;
  readonly logDirectory: string;
  readonly debuggingEnabled: boolean;
  readonly debuggerExtensionDll: string;
  readonly debugHeaderEnabled: boolean;
  readonly debuggerVirtualDir: string;
  readonly debuggerPathSegment: string;
  readonly debuggerPortRange: string;
  readonly maxLogFileSizeInKB: number;
  readonly maxTotalLogFileSizeInKB: number;
  readonly maxLogFiles: number;
  readonly loggingEnabled: boolean;
  readonly devErrorsEnabled: boolean;
  readonly flushResponse: boolean;
  readonly watchedFiles: string;
  readonly enableXFF: boolean;
  readonly promoteServerVars: string;
  readonly configOverrides: string;
  readonly recycleSignalEnabled: boolean;
  readonly idlePageOutTimePeriod: number;
  readonly nodeProcessStickySessions: boolean;
}

/** The row that fits a setting's type. */
type AttributeFor<Value> = Value extends string
  ? StringAttribute
  : Value extends number
    ? NumberAttribute
    : BooleanAttribute;

const string = (value: string): StringAttribute => ({ type: 'string', default: value });
const uint = (value: number): NumberAttribute => ({ type: 'uint', default: value });
const bool = (value: boolean): BooleanAttribute => ({ type: 'bool', default: value });

/**
 * The schema of `<iisnode>`: all 34 attributes with iisnode's own defaults. IIS refuses a web.config with any other
 * attribute (500.19).
 *
 * @see https://github.com/Azure/iisnode/blob/master/src/config/iisnode_schema.xml
 */
export const IISNODE_ATTRIBUTES: { readonly [Name in keyof IisnodeSettings]: AttributeFor<IisnodeSettings[Name]> } = {
  node_env: string('%node_env%'),
  asyncCompletionThreadCount: uint(0),
  nodeProcessCountPerApplication: uint(1),
  nodeProcessCommandLine: string('node.exe'),
  interceptor: string('"%programfiles%\\iisnode\\interceptor.js"'),
  maxConcurrentRequestsPerProcess: { type: 'uint or infinite', default: 1024 },
  maxNamedPipeConnectionRetry: uint(100),
  namedPipeConnectionRetryDelay: uint(250),
  maxNamedPipeConnectionPoolSize: uint(512),
  maxNamedPipePooledConnectionAge: uint(30_000),
  initialRequestBufferSize: uint(4096),
  maxRequestBufferSize: uint(65_536),
  uncFileChangesPollingInterval: uint(5000),
  gracefulShutdownTimeout: uint(60_000),
  logDirectory: string('iisnode'),
  debuggingEnabled: bool(true),
  debuggerExtensionDll: string('iisnode-inspector-0.7.3.dll'),
  debugHeaderEnabled: bool(false),
  debuggerVirtualDir: string(''),
  debuggerPathSegment: string('debug'),
  debuggerPortRange: string('5058-6058'),
  maxLogFileSizeInKB: uint(128),
  maxTotalLogFileSizeInKB: uint(1024),
  maxLogFiles: uint(20),
  loggingEnabled: bool(true),
  devErrorsEnabled: bool(true),
  flushResponse: bool(false),
  watchedFiles: string('*.js;iisnode.yml'),
  enableXFF: bool(false),
  promoteServerVars: string(''),
  configOverrides: string('iisnode.yml'),
  recycleSignalEnabled: bool(false),
  idlePageOutTimePeriod: uint(0),
  nodeProcessStickySessions: bool(false),
};

/**
 * An attribute's text as its value.
 * @returns undefined where the text is not of the attribute's type
 */
export function parseIisnodeAttribute(
  attribute: IisnodeAttribute,
  text: string,
): string | number | boolean | undefined {
  switch (attribute.type) {
    case 'string':
      return text;
    case 'bool':
      return parseBoolean(text);
    case 'uint':
      return parseUint(text);
    case 'uint or infinite':
      return text.toLowerCase() === 'infinite' ? Infinity : parseUint(text);
  }
}

/** An IIS boolean: `true` or `false` in any letter case; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  const folded = text.toLowerCase();
  return folded === 'true' ? true : folded === 'false' ? false : undefined;
}

/** An IIS uint: decimal, at most 32 bits; undefined for anything else. */
export function parseUint(text: string): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value <= 0xffff_ffff ? value : undefined;
}
