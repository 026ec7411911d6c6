import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import { readTextFile } from '../core/text-file';
import { generateEs256KeyPair } from '../jws/sign';
import { authorizerFunction } from './authorizer-function';
import { startGateway, type LocalGateway } from './gateway/gateway';
import { startIdentityProvider, type IdentityProvider } from './identity-provider';
import { startIisSite, type IisSite } from './iis/site';
import { startKeyServer } from './key-server';
import { startLambdaEndpoint, type LambdaEndpoint } from './lambda/endpoint';
import { fillRelayNames, readRelayConfig, type RelayConfig } from './relay-config';

/** What {@link startRelay} is told. */
export interface RelayOptions {
  /** The configuration, `baton.dev.json`. */
  readonly configFile: string;
  /** Where all logs go. Default: a new folder for temporary files. */
  readonly logDirectory?: string;
  readonly logger?: Logger;
}

/** The whole relay, running on this machine. */
export interface Relay {
  readonly config: RelayConfig;
  readonly identityProvider: IdentityProvider;
  /** The gateways of the configuration, by kind. */
  readonly gateways: Readonly<Partial<Record<'http' | 'rest', LocalGateway>>>;
  readonly iis: IisSite;
  readonly lambda: LambdaEndpoint;
  readonly logDirectory: string;
  /** The app's own log, JSON lines. */
  readonly appLogFile: string;
  /** Ends every process and server, and takes the private keys off the disk. */
  stop(): Promise<void>;
}

/** The authorizer is one of the Lambda functions here, as in AWS. */
const AUTHORIZER = 'baton-authorizer';

/** What is started, to be ended in reverse, however far the start came. */
class Started {
  readonly #stops: (() => Promise<void> | void)[] = [];

  keep<T extends { stop(): Promise<void> }>(part: T): T {
    this.#stops.push(() => part.stop());
    return part;
  }

  onStop(stop: () => void): void {
    this.#stops.push(stop);
  }

  /** Everything is ended, also when ending one part fails; the first failure is told then. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw new BatonError('relay_failed', 'A part of the relay could not be ended.', { cause: failures[0] });
    }
  }
}

interface RelayKeys {
  /** Environment of the authorizer, and of nobody else: its private key. */
  readonly authorizer: Readonly<Record<string, string>>;
  /** Environment of the app, and of nobody else: the path of its private key. */
  readonly app: Readonly<Record<string, string>>;
  readonly urls: Readonly<Record<'gatewayKeys' | 'appKeys', string>>;
}

async function startKeys(started: Started, port: number | undefined): Promise<RelayKeys> {
  const [gateway, app] = await Promise.all([generateEs256KeyPair(), generateEs256KeyPair()]);
  const server = started.keep(await startKeyServer({ gateway: gateway.publicJwk, app: app.publicJwk }, port));
  const secrets = mkdtempSync(join(tmpdir(), 'baton-keys-'));
  started.onStop(() => {
    rmSync(secrets, { recursive: true, force: true });
  });
  const appKeyFile = join(secrets, 'hand-over.private.jwk.json');
  writeFileSync(appKeyFile, JSON.stringify(app.privateJwk), { mode: 0o600 });
  return {
    authorizer: { BATON_SIGNING_KEY: JSON.stringify(gateway.privateJwk) },
    app: { BATON_HAND_OVER_KEY_FILE: appKeyFile },
    urls: { gatewayKeys: server.urlOf('gateway'), appKeys: server.urlOf('app') },
  };
}

/**
 * Points the AWS SDK at this machine. Every variable through which it could find real credentials is taken away: what
 * runs here must not reach an account.
 */
function localAws(lambdaUrl: string): Record<string, string | undefined> {
  return {
    AWS_ENDPOINT_URL_LAMBDA: lambdaUrl,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
    AWS_ROLE_ARN: undefined,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/**
 * Reads an OpenAPI definition.
 * @throws BatonError `relay_failed`
 */
export function readDefinition(file: string): object {
  try {
    return JSON.parse(readTextFile(file)) as object;
  } catch (cause) {
    throw new BatonError('relay_failed', `The gateway definition ${file} cannot be read as JSON.`, { cause });
  }
}

interface Parts {
  readonly config: RelayConfig;
  readonly environment: Readonly<Record<string, string>>;
  readonly keys: RelayKeys;
  readonly logDirectory: string;
  readonly logger: Logger | undefined;
}

async function startFunctions({ config, environment, keys, logDirectory, logger }: Parts): Promise<LambdaEndpoint> {
  const handlers = Object.entries(config.functions ?? {}).map(
    ([name, file]) => [name, { handlerFile: resolve(config.folder, file), environment, timeoutSeconds: 30 }] as const,
  );
  const authorizer = {
    handlerFile: resolve(config.folder, config.authorizer),
    environment: { ...environment, ...keys.authorizer },
    timeoutSeconds: 10,
  };
  return startLambdaEndpoint({
    functions: { ...Object.fromEntries(handlers), [AUTHORIZER]: authorizer },
    logDirectory: join(logDirectory, 'functions'),
    port: config.ports?.lambda ?? 0,
    ...(logger && { logger }),
  });
}

async function startApp(parts: Parts, lambdaUrl: string, appLogFile: string): Promise<IisSite> {
  const { config, environment, keys, logDirectory, logger } = parts;
  return startIisSite({
    webConfigPath: resolve(config.folder, config.webConfig),
    environment: { ...environment, ...keys.app, ...localAws(lambdaUrl), BATON_LOG_FILE: appLogFile },
    logDirectory: join(logDirectory, 'iis'),
    port: config.ports?.iis ?? 0,
    ...(logger && { logger }),
  });
}

async function startApi(kind: 'http' | 'rest', parts: Parts, lambdaUrl: string, iisUrl: string): Promise<LocalGateway> {
  const { config, logDirectory, logger } = parts;
  const throttling = config.throttling?.[kind];
  return startGateway({
    kind,
    definition: readDefinition(resolve(config.folder, config.gateways[kind] ?? '')),
    authorizers: { baton: authorizerFunction(lambdaUrl, AUTHORIZER) },
    stageVariables: { origin: new URL(iisUrl).host },
    accessLogFile: join(logDirectory, `gateway-${kind}.jsonl`),
    port: config.ports?.[kind] ?? 0,
    ...(throttling && { throttling }),
    ...(logger && { logger }),
  });
}

async function startAll(started: Started, config: RelayConfig, options: RelayOptions): Promise<Relay> {
  const { logger } = options;
  const logDirectory = resolve(options.logDirectory ?? mkdtempSync(join(tmpdir(), 'baton-relay-')));
  mkdirSync(logDirectory, { recursive: true });
  const { ports, identityProvider: provider } = config;
  const identityProvider = started.keep(
    await startIdentityProvider({ ...provider, port: ports?.identityProvider ?? 0, ...(logger && { logger }) }),
  );
  const keys = await startKeys(started, ports?.keys);
  const names = { folder: config.folder, identityProvider: identityProvider.issuer, ...keys.urls };
  const environment = fillRelayNames(config.environment, names);
  const parts: Parts = { config, environment, keys, logDirectory, logger };
  const lambda = started.keep(await startFunctions(parts));
  const appLogFile = join(logDirectory, 'app.jsonl');
  const iis = started.keep(await startApp(parts, lambda.url, appLogFile));
  const gateways: Partial<Record<'http' | 'rest', LocalGateway>> = {};
  for (const kind of ['http', 'rest'] as const) {
    if (config.gateways[kind] !== undefined) {
      gateways[kind] = started.keep(await startApi(kind, parts, lambda.url, iis.url));
    }
  }
  return { config, identityProvider, gateways, iis, lambda, logDirectory, appLogFile, stop: () => started.stop() };
}

/**
 * Starts the whole relay on this machine: an OpenID provider, the gateways with the real authorizer, IIS with the app as
 * iisnode runs it, and Lambda with the functions. Everything listens on loopback and ends with `stop()`.
 *
 * Private keys are made for each run: the authorizer's reaches only the authorizer's process, the app's only the app.
 *
 * @throws BatonError `relay_failed`, `option_invalid`, `option_unknown`, `peer_missing`, `listen_failed`
 *
 * @example
 * ```ts
 * const relay = await startRelay({ configFile: 'baton.dev.json' });
 * console.log(relay.gateways.http?.url);
 * await relay.stop();
 * ```
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  checkOptionNames('startRelay()', options, { configFile: true, logDirectory: true, logger: true });
  const config = readRelayConfig(options.configFile);
  const started = new Started();
  try {
    return await startAll(started, config, options);
  } catch (error) {
    // Why the start failed is worth more than what could not be cleaned up after it.
    await started.stop().catch(() => undefined);
    throw error;
  }
}
