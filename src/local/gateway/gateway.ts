import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, type OptionNames, wholeNumber } from '../../core/options';
import { closeServer, listenOnLoopback } from '../loopback';
import { withoutTokens } from '../without-tokens';
import { openAccessLog } from './access-log';
import { createAuthorize, type Authorize, type AuthorizerFunction } from './authorizer';
import { readDefinition, type GatewayKind, type OperationDefinition } from './definition';
import type { ApiFacts } from './exchange';
import { integrationUriProblem } from './integration-uri';
import { compileMappings } from './parameter-mapping';
import { handleRequest, type CompiledOperation } from './request-handler';
import { createThrottle, type ThrottlingSettings } from './throttle';

/** What {@link startGateway} is told. */
export interface GatewayOptions {
  /** An OpenAPI 3 document with `x-amazon-apigateway-*` extensions, the same that is deployed. */
  readonly definition: object;
  /** `rest` plays a REST API, `http` an HTTP API: events, answers, headers and errors differ. */
  readonly kind: GatewayKind;
  /** The authorizers' Lambda handlers, by their name in `components.securitySchemes`. */
  readonly authorizers: Readonly<Record<string, AuthorizerFunction>>;
  /** For `${stageVariables.name}` in the definition. `origin` is host and port, without a scheme. */
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Default `prod` on REST; `$default`, which has no part in the path, on HTTP APIs. */
  readonly stage?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Where the access log goes; one line of JSON a request. */
  readonly accessLogFile: string;
  /** Default: the machine's clock. It dates requests, kept results and latencies; time limits run on real timers. */
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Overrules the definition's `authorizerResultTtlInSeconds`, 0 to 3600. */
  readonly authorizerResultTtlSeconds?: number;
  /** The stage's limits. Default: none. */
  readonly throttling?: ThrottlingSettings;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `localapi01`. */
  readonly apiId?: string;
}

/** A gateway that runs. */
export interface LocalGateway {
  /** Where clients call it, the stage included. */
  readonly url: string;
  readonly port: number;
  readonly accessLogFile: string;
  /** How often an authorizer's function was called; kept results are not counted. */
  readonly authorizerCalls: number;
  stop(): Promise<void>;
}

const OPTION_NAMES: OptionNames<GatewayOptions> = {
  definition: true,
  kind: true,
  authorizers: true,
  stageVariables: true,
  stage: true,
  port: true,
  accessLogFile: true,
  clock: true,
  logger: true,
  authorizerResultTtlSeconds: true,
  throttling: true,
  accountId: true,
  region: true,
  apiId: true,
};

/**
 * Starts an API Gateway on loopback that does with an OpenAPI definition what AWS does with it: routes, authorizer events
 * and results, kept results, parameter mapping, header rules, limits, errors, access log.
 *
 * @example
 * ```ts
 * const gateway = await startGateway({
 *   kind: 'rest', definition, authorizers: { baton: handler },
 *   stageVariables: { origin: '127.0.0.1:8080' }, accessLogFile: 'logs/gateway.log',
 * });
 * await fetch(`${gateway.url}/invoices/7`, { headers: { Authorization: `Bearer ${token}` } });
 * ```
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a definition that cannot be played and for a
 * port that cannot be had
 */
export async function startGateway(options: GatewayOptions): Promise<LocalGateway> {
  checkOptionNames('startGateway()', options, OPTION_NAMES);
  checkOptions(options);
  const api = apiFacts(options);
  let authorizerCalls = 0;
  const operations = readDefinition(api.kind, options.definition, options.authorizerResultTtlSeconds);
  const compiled = compileOperations(operations, options, api, () => authorizerCalls++);
  // Short of the 5 s after which Node servers close an idle connection: one that is just being closed fails the request.
  const agent = new Agent({ keepAlive: true, timeout: 3_000 });
  const clock = options.clock ?? systemClock;
  const state = {
    api,
    operations,
    compiled,
    agent,
    clock,
    throttle: createThrottle(options.throttling ?? {}, operations, clock),
    logger: options.logger,
    writeAccessLog: openAccessLog(options.accessLogFile),
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    handleRequest(state, request, response).catch((thrown: unknown) => {
      options.logger?.error(`The local gateway failed: ${withoutTokens(String(thrown))}`);
      response.destroy();
    });
  };
  // The header budget is checked by the gateway itself, so Node's own limit must be well above it.
  const server = createServer({ maxHeaderSize: 128 * 1024, requestTimeout: 0 }, onRequest);
  const port = await listenOnLoopback(server, options.port ?? 0, 'The local gateway');
  return {
    url: `http://127.0.0.1:${String(port)}${api.stage === '$default' ? '' : `/${api.stage}`}`,
    port,
    accessLogFile: options.accessLogFile,
    get authorizerCalls() {
      return authorizerCalls;
    },
    async stop() {
      await closeServer(server);
      agent.destroy();
    },
  };
}

function checkOptions(options: GatewayOptions): void {
  const owner = 'startGateway()';
  if (options.kind !== 'rest' && options.kind !== 'http') {
    throw new BatonError('option_invalid', `${owner}: option "kind" must be "rest" or "http".`);
  }
  if (typeof options.definition !== 'object' || options.definition === null) {
    throw new BatonError('option_invalid', `${owner}: option "definition" must be an OpenAPI document as an object.`);
  }
  if (options.stageVariables['origin']?.includes('://')) {
    throw new BatonError(
      'option_invalid',
      `${owner}: stage variable "origin" must be host and port without a scheme, as API Gateway demands.`,
    );
  }
  wholeNumber(owner, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
}

function apiFacts(options: GatewayOptions): ApiFacts {
  const { kind, region = 'eu-west-1', apiId = 'localapi01', accountId = '123456789012' } = options;
  const stage = options.stage ?? (kind === 'rest' ? 'prod' : '$default');
  const domainName = `${apiId}.execute-api.${region}.amazonaws.com`;
  return { kind, accountId, region, apiId, stage, stageVariables: { ...options.stageVariables }, domainName };
}

function compileOperations(
  operations: readonly OperationDefinition[],
  options: GatewayOptions,
  api: ApiFacts,
  onCall: () => void,
): ReadonlyMap<OperationDefinition, CompiledOperation> {
  const { clock = systemClock, logger } = options;
  const authorizeByName = new Map<string, Authorize>();
  const compiled = new Map<OperationDefinition, CompiledOperation>();
  for (const operation of operations) {
    const { authorizer, integration } = operation;
    const uriProblem = integrationUriProblem(api.kind, operation, api.stageVariables);
    if (uriProblem !== undefined) {
      throw new BatonError(
        'relay_failed',
        `The gateway's definition cannot be played: ${integration.pointer}/uri ${uriProblem}.`,
      );
    }
    const mappings = compileMappings(api.kind, integration);
    if (authorizer === undefined) {
      compiled.set(operation, { authorize: undefined, mappings });
      continue;
    }
    const authorizerFunction = options.authorizers[authorizer.name];
    if (authorizerFunction === undefined) {
      throw new BatonError('option_invalid', `startGateway(): option "authorizers" lacks "${authorizer.name}".`);
    }
    // One for all operations: what it keeps is shared by every route, as in AWS.
    const authorize =
      authorizeByName.get(authorizer.name) ??
      createAuthorize(authorizer, { api, authorizerFunction, clock, logger, onCall });
    authorizeByName.set(authorizer.name, authorize);
    compiled.set(operation, { authorize, mappings });
  }
  return compiled;
}
