import { randomUUID } from 'node:crypto';

import type { Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { lambdaContext, type LambdaContext } from '../lambda/context';
import { withoutTokens } from '../without-tokens';
import { httpAuthorizerEvent, restAuthorizerEvent } from './authorizer-event';
import { readAuthorizerResult, type AuthorizerResult } from './authorizer-result';
import type { AuthorizerDefinition, GatewayKind } from './definition';
import { executionArn, type ApiFacts, type Exchange } from './exchange';
import type { ResponseType } from './gateway-response';
import { evaluatePolicy } from './iam-policy';
import { ResultCache } from './result-cache';
import { valueSource, type ValueSource } from './value-source';

/** An authorizer's Lambda handler. */
export type AuthorizerFunction = (event: unknown, context: LambdaContext) => Promise<unknown>;

/** Lets a request pass (`undefined`) or names the gateway's answer; fills `exchange.authorizer`. */
export type Authorize = (exchange: Exchange) => Promise<ResponseType | undefined>;

/** What {@link createAuthorize} needs besides the definition. */
export interface AuthorizeOptions {
  readonly api: ApiFacts;
  readonly authorizerFunction: AuthorizerFunction;
  readonly clock: Clock;
  readonly logger: Logger | undefined;
  /** Told of every call of the function, not of results that were kept. */
  readonly onCall: () => void;
}

/** How long an authorizer may take: fixed at 10 s on HTTP APIs; REST's is not documented, its integration's limit is. */
const TIMEOUT_MS = { rest: 29_000, http: 10_000 } as const;

/** The answer of an authorizer's function: its result, or why there is none. */
type Answer = AuthorizerResult | { readonly failed: ResponseType; readonly error: string };

/**
 * Makes the check that runs before an operation's integration: identity sources, kept results, the function, its policy.
 *
 * A kept result is the whole answer, context included: another route gets the same context and the same policy, evaluated
 * for its own ARN. Failures are not kept.
 *
 * @throws BatonError `relay_failed` for an identity source that this gateway does not know
 */
export function createAuthorize(definition: AuthorizerDefinition, options: AuthorizeOptions): Authorize {
  const { api, clock } = options;
  const sources = definition.identitySources.map((expression) => compileSource(api.kind, definition, expression));
  const cache = new ResultCache<AuthorizerResult>(definition.ttlSeconds, clock);

  return async function authorize(exchange: Exchange): Promise<ResponseType | undefined> {
    const identity = sources.map((source) => source(exchange));
    if (!identity.every((value) => value !== undefined && value !== '')) return 'UNAUTHORIZED';
    const key = JSON.stringify(identity);
    const kept = cache.get(key);
    if (kept !== undefined) return decide(exchange, kept);

    const startedAt = clock();
    const answer = await ask(definition, options, exchange, identity as string[]);
    exchange.authorizer.latencyMs = clock() - startedAt;
    if ('failed' in answer) {
      exchange.authorizer.error = answer.error;
      return answer.failed;
    }
    cache.set(key, answer);
    return decide(exchange, answer);
  };
}

function compileSource(kind: GatewayKind, definition: AuthorizerDefinition, expression: string): ValueSource {
  const dollar = kind === 'http' ? '$' : '';
  const source = expression.startsWith(dollar) ? valueSource(kind, expression.slice(dollar.length)) : undefined;
  if (source !== undefined && !/(?:method\.)?request\.path\b/.test(expression)) return source;
  throw new BatonError(
    'relay_failed',
    `The gateway's definition cannot be played: authorizer "${definition.name}" has the identity source "${expression}".`,
  );
}

function decide(exchange: Exchange, { decision, context }: AuthorizerResult): ResponseType | undefined {
  exchange.authorizer.context = context;
  if (typeof decision === 'boolean') return decision ? undefined : 'ACCESS_DENIED';
  switch (evaluatePolicy(decision, 'execute-api:Invoke', executionArn(exchange))) {
    case 'allow':
      return undefined;
    case 'explicit-deny':
      return 'ACCESS_DENIED_EXPLICIT';
    case 'implicit-deny':
      return 'ACCESS_DENIED';
  }
}

async function ask(
  definition: AuthorizerDefinition,
  options: AuthorizeOptions,
  exchange: Exchange,
  identity: readonly string[],
): Promise<Answer> {
  const { api, logger } = options;
  const event = api.kind === 'rest' ? restAuthorizerEvent(exchange) : httpAuthorizerEvent(exchange, identity);
  options.onCall();
  let answer: unknown;
  try {
    answer = await call(definition, options, event);
  } catch (thrown) {
    return failure(api.kind, definition, thrown, logger);
  }
  const result = readAuthorizerResult(api.kind, definition.simpleResponses, answer);
  if (typeof result !== 'string') return result;
  logger?.error(`Authorizer "${definition.name}" gave an answer that API Gateway does not take: ${result}.`);
  return { failed: 'AUTHORIZER_CONFIGURATION_ERROR', error: result };
}

function failure(
  kind: GatewayKind,
  definition: AuthorizerDefinition,
  thrown: unknown,
  logger: Logger | undefined,
): Answer {
  const error = withoutTokens(thrown instanceof Error ? thrown.message : String(thrown));
  if (kind === 'rest' && error === 'Unauthorized') return { failed: 'UNAUTHORIZED', error };
  logger?.error(`Authorizer "${definition.name}" failed: ${error}`);
  return { failed: 'AUTHORIZER_FAILURE', error };
}

/** Calls the function as Lambda would: what goes in and out is JSON, and time is limited. */
async function call(definition: AuthorizerDefinition, options: AuthorizeOptions, event: unknown): Promise<unknown> {
  const { api, authorizerFunction, clock } = options;
  const timeoutMs = TIMEOUT_MS[api.kind];
  const context = lambdaContext(
    {
      awsRequestId: randomUUID(),
      functionName: definition.name,
      functionVersion: '$LATEST',
      invokedFunctionArn: `arn:aws:lambda:${api.region}:${api.accountId}:function:${definition.name}`,
      memoryMegabytes: 128,
      logGroupName: `/aws/lambda/${definition.name}`,
      logStreamName: 'local',
      deadline: clock() + timeoutMs,
    },
    clock,
  );
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Task timed out after ${String(timeoutMs / 1000)} seconds`)), timeoutMs);
  });
  try {
    const answer = await Promise.race([authorizerFunction(JSON.parse(JSON.stringify(event)), context), timeout]);
    return answer === undefined ? undefined : JSON.parse(JSON.stringify(answer));
  } finally {
    clearTimeout(timer);
  }
}
