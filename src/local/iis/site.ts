import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, wholeNumber, type OptionNames } from '../../core/options';
import { readWebConfig, type WebConfig } from '../../iis/web-config';
import { listenOnLoopback } from '../loopback';
import { W3cLogWriter } from './log-writer';
import { NodeApplication } from './node-application';
import { serveRequest, type SiteParts } from './site-request';
import { usableRules } from './url-rewrite';

export interface IisSiteOptions {
  /** The app's web.config; its directory is the site's root, as on IIS. */
  readonly webConfigPath: string;
  /**
   * Overrides the `<appSettings>` of web.config, so that the app can be pointed at servers on this machine without
   * touching the file. `undefined` takes a variable away, also one that is inherited.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets `W3SVC1/` with the log of IIS and `iisnode/` with the app's output; iisnode's own logDirectory is not used. */
  readonly logDirectory: string;
  /** TCP port on 127.0.0.1. Default: 0, any free one. */
  readonly port?: number;
  /** Told what the site does by itself. Default: nobody is told. */
  readonly logger?: Logger;
  /** Dates the log. Default: the machine's clock. */
  readonly clock?: Clock;
  /** Name of the site and its application pool. Default: `baton`. */
  readonly siteName?: string;
}

const OPTION_NAMES: OptionNames<IisSiteOptions> = {
  webConfigPath: true,
  environment: true,
  logDirectory: true,
  port: true,
  logger: true,
  clock: true,
  siteName: true,
};

/** A running site. */
export interface IisSite {
  /** Without trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Where the app's standard output and standard error go, where logging is on. */
  readonly iisnodeLogDirectory: string;
  /** Today's W3C log. Lines arrive a little later than the responses: see {@link IisSite.flushLog}. */
  w3cLogFile(): string;
  /** Replaces the app's processes: new requests meet new ones, old ones end when drained or after their grace time. */
  recycle(): Promise<void>;
  /** Terminates the app's processes without notice; the next request starts new ones. */
  kill(): Promise<void>;
  /** Resolves when every line so far is in the W3C log. */
  flushLog(): Promise<void>;
  /** Ends everything that the site started. */
  stop(): Promise<void>;
}

/**
 * Plays IIS with iisnode on this machine: takes HTTP requests on a loopback port, filters and rewrites them as the app's
 * web.config says, starts the app as iisnode starts it, speaks to it over a pipe as iisnode speaks, and writes the W3C
 * log that IIS writes. What an app cannot survive on IIS it does not survive here.
 *
 * Not emulated: Windows sign-in, static files, WebSockets, the debugger, sticky sessions, recycling when files change,
 * rewrite rules with conditions.
 *
 * @throws BatonError `option_invalid`, `option_unknown`; `peer_missing` without `@xmldom/xmldom`; `relay_failed` where the
 *   web.config asks for what cannot be done here, its script is missing, or the port cannot be had
 * @example
 * ```ts
 * const site = await startIisSite({ webConfigPath: 'web.config', environment: {}, logDirectory: '.demo/logs' });
 * const answer = await fetch(`${site.url}/health`);
 * await site.stop();
 * ```
 * @see https://github.com/Azure/iisnode
 */
export async function startIisSite(options: IisSiteOptions): Promise<IisSite> {
  checkOptionNames('startIisSite', options, OPTION_NAMES);
  const port = wholeNumber('startIisSite', 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const { logger } = options;
  const config = readWebConfig(options.webConfigPath);
  warnOfMissingParts(config, options);
  const rules = usableRules(config.rewriteRules, logger);
  const logDirectory = resolve(options.logDirectory);
  const iisnodeLogDirectory = join(logDirectory, 'iisnode');
  const site: SiteParts = {
    config,
    rules,
    applications: makeApplications(config, options, iisnodeLogDirectory),
    log: new W3cLogWriter(join(logDirectory, 'W3SVC1'), options.clock ?? systemClock, logger),
    iisnodeLogDirectory,
    logger,
  };
  return openSite(site, port);
}

async function openSite(site: SiteParts, port: number): Promise<IisSite> {
  const { log, iisnodeLogDirectory } = site;
  const applications = [...site.applications.values()];
  const inFlight = new Set<Promise<void>>();
  // As long as IIS keeps an idle connection (connectionTimeout).
  const server = createServer({ keepAliveTimeout: 120_000 }, (message, response) => {
    const served: Promise<void> = serveRequest(site, message, response).finally(() => inFlight.delete(served));
    inFlight.add(served);
  });
  const boundPort = await listenOnLoopback(server, port, 'The local IIS').catch(async (error: unknown) => {
    await Promise.all(applications.map((one) => one.dispose()));
    throw error;
  });
  return {
    url: `http://127.0.0.1:${boundPort}`,
    port: boundPort,
    iisnodeLogDirectory,
    w3cLogFile: () => log.file(),
    recycle: async () => {
      await Promise.all(applications.map((one) => one.recycle()));
    },
    kill: async () => {
      await Promise.all(applications.map((one) => one.kill()));
    },
    flushLog: () => log.flush(),
    stop: async () => {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await Promise.all(applications.map((one) => one.dispose()));
      await Promise.all([closed, ...inFlight]);
      await log.flush();
    },
  };
}

function makeApplications(
  config: WebConfig,
  options: IisSiteOptions,
  iisnodeLogDirectory: string,
): ReadonlyMap<string, NodeApplication> {
  const root = dirname(resolve(options.webConfigPath));
  if (config.handlers.length === 0) {
    throw new BatonError('relay_failed', `${options.webConfigPath} has no handler with modules="iisnode".`);
  }
  const interceptor = findInterceptor();
  const scripts = config.handlers.map(({ path, line }) => {
    const script = join(root, path);
    if (existsSync(script)) return { path, script };
    throw new BatonError('relay_failed', `web.config, line ${line}: the handler's script ${script} does not exist.`);
  });
  const sources = {
    iisnode: config.iisnode,
    appSettings: config.appSettings,
    overrides: options.environment,
    logDirectory: iisnodeLogDirectory,
    siteName: options.siteName ?? 'baton',
  };
  return new Map(scripts.map(({ path, script }) => [`/${path}`, new NodeApplication(script, interceptor, sources)]));
}

/** The compiled script, because node runs it directly; where this module runs from its source, that of the last build. */
function findInterceptor(): string {
  const candidates = [
    join(__dirname, '..', 'interceptor.js'),
    join(__dirname, '..', '..', '..', 'dist', 'local', 'interceptor.js'),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new BatonError('relay_failed', 'The script that starts apps is not built. Run: npm run build');
  }
  return found;
}

/** Says what the web.config switches on and this site does not do, so that nobody tests what is not there. */
function warnOfMissingParts({ iisnode }: WebConfig, { webConfigPath, logger }: IisSiteOptions): void {
  const missing = [
    iisnode.debuggingEnabled && 'debuggingEnabled',
    iisnode.debugHeaderEnabled && 'debugHeaderEnabled',
    iisnode.nodeProcessStickySessions && 'nodeProcessStickySessions',
    iisnode.recycleSignalEnabled && 'recycleSignalEnabled',
    iisnode.idlePageOutTimePeriod > 0 && 'idlePageOutTimePeriod',
    iisnode.configOverrides !== '' &&
      existsSync(join(dirname(webConfigPath), iisnode.configOverrides)) &&
      'configOverrides',
  ].filter((name) => name !== false);
  for (const setting of missing) {
    logger?.warn('This setting of iisnode is on, but the local IIS does not emulate it.', { setting });
  }
}
