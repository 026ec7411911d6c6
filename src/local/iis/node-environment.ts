import { hostname } from 'node:os';
import type { IisnodeSettings } from '../../iis/iisnode-attributes';

/** The version that apps are told. 0.2.26 is the last that was released. */
const IISNODE_VERSION = '0.2.26';

type Environment = Record<string, string | undefined>;

/** What the environment of a node process is made of. */
export interface EnvironmentSources {
  readonly iisnode: IisnodeSettings;
  readonly appSettings: ReadonlyMap<string, string>;
  /** Overrides appSettings; undefined takes a variable away. */
  readonly overrides: Readonly<Record<string, string | undefined>>;
  readonly logDirectory: string;
  readonly siteName: string;
}

/**
 * The environment of a node process as iisnode makes it: all of the server's own, then iisnode's variables and the
 * `<appSettings>` of web.config; the caller's overrides come last, but for the pipe.
 */
export function nodeEnvironment(sources: EnvironmentSources, pipePath: string): Environment {
  const { iisnode, logDirectory } = sources;
  const inherited: Environment = { ...process.env };
  const nodeEnv = expandVariables(iisnode.node_env, inherited);
  return {
    ...inherited,
    COMPUTERNAME: inherited['COMPUTERNAME'] ?? (hostname().split('.')[0] ?? 'LOCALHOST').toUpperCase(),
    APP_POOL_ID: sources.siteName,
    NODE_PENDING_PIPE_INSTANCES: inherited['NODE_PENDING_PIPE_INSTANCES'] ?? '5000',
    IISNODE_VERSION,
    ...(nodeEnv !== '' && !/^%node_env%$/i.test(nodeEnv) && { NODE_ENV: nodeEnv }),
    ...(iisnode.loggingEnabled && loggingVariables(iisnode, logDirectory)),
    ...Object.fromEntries(sources.appSettings),
    ...sources.overrides,
    PORT: pipePath,
  };
}

function loggingVariables(iisnode: IisnodeSettings, logDirectory: string): Environment {
  return {
    IISNODE_LOGGINGENABLED: '1',
    // Windows takes both spellings for one variable; elsewhere iisnode's own script finds only the odd one.
    IISNODE_LOGDIRECTORY: logDirectory,
    IISNODE_logDirECTORY: logDirectory,
    IISNODE_MAXTOTALLOGFILESIZEINKB: String(iisnode.maxTotalLogFileSizeInKB),
    IISNODE_MAXLOGFILESIZEINKB: String(iisnode.maxLogFileSizeInKB),
    IISNODE_MAXLOGFILES: String(iisnode.maxLogFiles),
  };
}

/** `%NAME%` filled from the environment as Windows does it: in any letter case, and left alone where it is not set. */
function expandVariables(text: string, environment: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/%([^%]+)%/g, (whole, name: string) => {
    const key = Object.keys(environment).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
    return (key === undefined ? undefined : environment[key]) ?? whole;
  });
}

/** The flags after the executable of `nodeProcessCommandLine`; the executable itself is this machine's node. */
export function nodeFlags(commandLine: string): readonly string[] {
  const words = commandLine.match(/"[^"]*"|\S+/g) ?? [];
  return words.slice(1).map((word) => word.replace(/^"(.*)"$/, '$1'));
}
