import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { checkOptionNames } from '../core/options';
import { readTextFile } from '../core/text-file';
import { authorizerFunction } from './authorizer-function';
import { startGateway, type LocalGateway } from './gateway/gateway';
import { startIdentityProvider, type IdentityProvider } from './identity-provider';
import { startIisSite, type IisSite } from './iis/site';
import { startLambdaEndpoint, type LambdaEndpoint } from './lambda/endpoint';
import { fillRelayDocument, fillRelayNames, readRelayConfig, type RelayConfig } from './relay-config';
import type { EntraEndpoint } from './entra/endpoint';
import { startRelayEntra, type RelayEntra } from './relay-entra';
import { FaultLine, type RelayFaults } from './relay-faults';
import { readRelayFunction } from './relay-function';
import { startRelayKeys, type RelayKeys } from './relay-keys';
import { startRelayEventSources, startRelayQueues } from './relay-sqs';
import { startLogsEndpoint, type LogsEndpoint } from './logs/endpoint';
import { startRelayStates } from './relay-states';
import { startRelaySts, type RelaySts } from './relay-sts';
import type { SqsEndpoint } from './sqs/endpoint';
import { Started } from './started';
import type { StepFunctionsEndpoint } from './step-functions/endpoint';
import { startStsEndpoint, type StsEndpoint } from './sts/endpoint';

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
  /** Where the configuration has `sts`. */
  readonly sts: StsEndpoint | undefined;
  /** Where the configuration has `entra`. */
  readonly entra: EntraEndpoint | undefined;
  /** Where the configuration has `sqs`. */
  readonly sqs: SqsEndpoint | undefined;
  /** Where the configuration has `stateMachines`. */
  readonly stepFunctions: StepFunctionsEndpoint | undefined;
  /** CloudWatch Logs, where a state machine logs. */
  readonly logs: LogsEndpoint | undefined;
  /** What can be made to go wrong, by service, while it runs. */
  readonly faults: RelayFaults;
  readonly logDirectory: string;
  /** The app's own log, JSON lines. */
  readonly appLogFile: string;
  /** Ends every process and server, and takes the private keys off the disk. */
  stop(): Promise<void>;
}

/** The authorizer is one of the Lambda functions here, as in AWS. */
const AUTHORIZER = 'baton-authorizer';

/** Where the app finds AWS: the fault proxies before the endpoints. */
interface AwsUrls {
  readonly lambda: string;
  readonly stepFunctions: string | undefined;
  readonly logs: string | undefined;
  readonly sqs: string | undefined;
  readonly sts: string | undefined;
}

/**
 * Points the AWS SDK at this machine. Every variable through which it could find real credentials is taken away: what
 * runs here must not reach an account.
 */
function localAws({ lambda, stepFunctions, logs, sqs }: AwsUrls): Record<string, string | undefined> {
  return {
    AWS_ENDPOINT_URL_LAMBDA: lambda,
    ...(stepFunctions !== undefined && { AWS_ENDPOINT_URL_SFN: stepFunctions }),
    ...(logs !== undefined && { AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs }),
    ...(sqs !== undefined && { AWS_ENDPOINT_URL_SQS: sqs }),
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
export function readApiDefinition(file: string): object {
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
  readonly sts: RelaySts | undefined;
  readonly entra: RelayEntra | undefined;
  readonly urls: Pick<AwsUrls, 'sqs' | 'sts'>;
  readonly logDirectory: string;
  readonly logger: Logger | undefined;
}

async function startFunctions({
  config,
  environment,
  keys,
  sts,
  entra,
  urls,
  logDirectory,
  logger,
}: Parts): Promise<LambdaEndpoint> {
  const handlers = Object.entries(config.functions ?? {}).map(([name, document]) => {
    const { file, timeoutSeconds } = readRelayFunction(document);
    const own = { ...environment, ...entra?.environmentOf(name, urls.sts ?? '') };
    return [name, { handlerFile: resolve(config.folder, file), environment: own, timeoutSeconds }] as const;
  });
  const authorizer = {
    handlerFile: resolve(config.folder, config.authorizer),
    environment: { ...environment, ...keys.authorizer },
    timeoutSeconds: 10,
  };
  return startLambdaEndpoint({
    functions: { ...Object.fromEntries(handlers), [AUTHORIZER]: authorizer },
    logDirectory: join(logDirectory, 'functions'),
    port: config.ports?.lambda ?? 0,
    ...(sts && { authorize: (call) => sts.sts.sessions.authorize(call) }),
    ...(logger && { logger }),
  });
}

async function startApp(parts: Parts, aws: AwsUrls, appLogFile: string): Promise<IisSite> {
  const { config, environment, keys, sts, logDirectory, logger } = parts;
  return startIisSite({
    webConfigPath: resolve(config.folder, config.webConfig),
    environment: {
      ...environment,
      ...keys.app,
      ...localAws(aws),
      ...sts?.environment,
      ...(aws.sts !== undefined && { AWS_ENDPOINT_URL_STS: aws.sts }),
      BATON_LOG_FILE: appLogFile,
    },
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
    definition: readApiDefinition(resolve(config.folder, config.gateways[kind] ?? '')),
    authorizers: { baton: authorizerFunction(lambdaUrl, AUTHORIZER) },
    stageVariables: { origin: new URL(iisUrl).host },
    accessLogFile: join(logDirectory, `gateway-${kind}.jsonl`),
    port: config.ports?.[kind] ?? 0,
    ...(throttling && { throttling }),
    ...(logger && { logger }),
  });
}

/** STS with the account's roles, for whoever has a token of the identity provider; functions ask it who they are. */
function startIam(
  document: NonNullable<RelayConfig['sts']>,
  identityProvider: IdentityProvider,
  { identityProvider: { clients }, ports }: RelayConfig,
  entra: RelayEntra | undefined,
  logger: Logger | undefined,
): Promise<RelaySts> {
  const parts = { port: ports?.sts, actions: entra?.actions, logger };
  return startRelaySts(document, identityProvider, clients, parts);
}

/** STS for functions alone, in an account that has no roles for anybody else. */
async function startFunctionsSts(
  entra: RelayEntra | undefined,
  { ports }: RelayConfig,
  logger: Logger | undefined,
): Promise<StsEndpoint | undefined> {
  if (entra === undefined) return undefined;
  const { actions } = entra;
  return startStsEndpoint({ providers: [], roles: {}, actions, port: ports?.sts ?? 0, ...(logger && { logger }) });
}

/** Entra, where the configuration has it: what functions are there, and the APIs that they go to. */
async function startEntra(
  { entra, identityProvider: { tenant }, ports }: RelayConfig,
  userIssuer: string,
  logger: Logger | undefined,
): Promise<RelayEntra | undefined> {
  return entra && startRelayEntra(entra, { tenant, userIssuer, port: ports?.entra ?? 0 }, logger);
}

/** What stands behind the app before it starts: keys, STS, Entra, queues, and where all that is. */
interface Services extends Pick<Parts, 'keys' | 'sts' | 'entra' | 'environment' | 'urls'> {
  readonly sqs: SqsEndpoint | undefined;
}

async function startServices(
  started: Started,
  config: RelayConfig,
  identityProvider: IdentityProvider,
  faults: FaultLine,
  logger: Logger | undefined,
): Promise<Services> {
  const { ports, folder } = config;
  const keys = await startRelayKeys(started, faults, ports?.keys);
  const { issuer } = identityProvider;
  const entra = started.keepAny(await startEntra(config, issuer, logger));
  // The queues are named to everybody else, so they are there first; nobody asks them before STS is there too.
  const late: { sts?: RelaySts | undefined } = {};
  const sessions = (): StsEndpoint['sessions'] | undefined => late.sts?.sts.sessions;
  const options = { port: ports?.sqs, logger };
  const sqs = started.keepAny(config.sqs && (await startRelayQueues(config.sqs, sessions, options)));
  const sqsUrl = sqs && (await faults.before('sqs', sqs.url));
  const entraUrl = entra && (await faults.before('entra', entra.entra.url));
  // Who asks through the proxy names the proxy in the assertion.
  if (entraUrl !== undefined) entra?.entra.alsoAt(entraUrl);
  const names = {
    folder,
    identityProvider: issuer,
    identityProviderHost: new URL(issuer).host,
    entra: entraUrl ?? '',
    queues: sqs && sqsUrl !== undefined ? `${sqsUrl}/${sqs.accountId}` : '',
    ...keys.urls,
  };
  const document = config.sts && fillRelayDocument(config.sts, names);
  const sts = started.keepAny(document && (await startIam(document, identityProvider, config, entra, logger)));
  late.sts = sts;
  const environment = fillRelayNames(config.environment, names);
  const anySts = sts?.sts ?? started.keepAny(await startFunctionsSts(entra, config, logger));
  const stsUrl = anySts && (await faults.before('sts', anySts.url));
  return { keys, sts, entra, sqs, environment, urls: { sqs: sqsUrl, sts: stsUrl } };
}

/** Lambda, and the queues that feed its functions. */
async function startCompute(started: Started, parts: Parts, sqs: SqsEndpoint | undefined): Promise<LambdaEndpoint> {
  // Sources end with the functions that they wait for, not before them.
  let ended: Promise<unknown> = Promise.resolve();
  started.onStop(async () => {
    await ended;
  });
  const lambda = started.keep(await startFunctions(parts));
  if (parts.config.sqs === undefined || sqs === undefined) return lambda;
  const { functions = {}, sqs: document } = parts.config;
  const timeoutSecondsOf = (name: string): number => readRelayFunction(functions[name] ?? name).timeoutSeconds;
  const sources = startRelayEventSources(document, sqs, { url: lambda.url, timeoutSecondsOf }, parts.logger);
  started.onStop(() => {
    ended = Promise.all(sources.map((source) => source.stop()));
  });
  return lambda;
}

/** CloudWatch Logs, where a state machine logs. */
async function startLogs({ config, sts, logger }: Parts): Promise<LogsEndpoint | undefined> {
  const machines = Object.values(config.stateMachines ?? {});
  if (!machines.some(({ logging }) => logging !== undefined && logging.level !== 'OFF')) return undefined;
  const sessions = sts?.sts.sessions;
  return startLogsEndpoint({ port: config.ports?.logs ?? 0, ...(sessions && { sessions }), ...(logger && { logger }) });
}

/** Step Functions, where the configuration has state machines. */
async function startStates(
  { config, sts, logDirectory, logger }: Parts,
  lambdaUrl: string,
  sqsUrl: string | undefined,
  logs: LogsEndpoint | undefined,
): Promise<StepFunctionsEndpoint | undefined> {
  const { stateMachines, folder, ports, sts: document } = config;
  if (stateMachines === undefined) return undefined;
  const { roles } = document ?? {};
  const parts = { folder, lambdaUrl, sqsUrl, roles, sts: sts?.sts, port: ports?.stepFunctions, logger };
  const logGroups = logs?.groups;
  return startRelayStates(stateMachines, { ...parts, logGroups, logDirectory: join(logDirectory, 'workflows') });
}

async function startAll(started: Started, config: RelayConfig, options: RelayOptions): Promise<Relay> {
  const { logger } = options;
  const logDirectory = resolve(options.logDirectory ?? mkdtempSync(join(tmpdir(), 'baton-relay-')));
  mkdirSync(logDirectory, { recursive: true });
  const { ports, identityProvider: provider } = config;
  const identityProvider = started.keep(
    await startIdentityProvider({ ...provider, port: ports?.identityProvider ?? 0, ...(logger && { logger }) }),
  );
  const faults = started.keep(new FaultLine(config.faults));
  const services = await startServices(started, config, identityProvider, faults, logger);
  const { sts, entra, sqs, urls } = services;
  const parts: Parts = { ...services, config, logDirectory, logger };
  const lambda = await startCompute(started, parts, sqs);
  const appLogFile = join(logDirectory, 'app.jsonl');
  const logs = started.keepAny(await startLogs(parts));
  const stepFunctions = started.keepAny(await startStates(parts, lambda.url, sqs?.url, logs));
  const lambdaUrl = await faults.before('lambda', lambda.url);
  const statesUrl = stepFunctions && (await faults.before('states', stepFunctions.url));
  const aws = { ...urls, lambda: lambdaUrl, stepFunctions: statesUrl, logs: logs?.url };
  const iis = started.keep(await startApp(parts, aws, appLogFile));
  const gateways: Partial<Record<'http' | 'rest', LocalGateway>> = {};
  for (const kind of ['http', 'rest'] as const) {
    if (config.gateways[kind] !== undefined) {
      gateways[kind] = started.keep(await startApi(kind, parts, lambda.url, iis.url));
    }
  }
  return {
    config,
    identityProvider,
    gateways,
    iis,
    lambda,
    sts: sts?.sts,
    entra: entra?.entra,
    sqs,
    stepFunctions,
    logs,
    faults: faults.proxies,
    logDirectory,
    appLogFile,
    stop: () => started.stop(),
  };
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
