import { runInContext } from '../context/storage';
import { nowSeconds, systemClock, type Clock } from '../core/clock';
import { asBatonError, BatonError, formatProblems, tokenInvalid } from '../core/errors';
import type { AuditSink, Logger } from '../core/logger';
import { checkOptionNames, wholeNumber } from '../core/options';
import { isCorrelationId, newCorrelationId } from '../correlation/correlation-id';
import { identityFrom } from '../identity/from-transaction';
import { DEFAULT_MAX_TOKEN_BYTES } from '../jws/compact';
import type { Signer } from '../jws/sign';
import { signerFromEnvironment } from '../keys/environment-signer';
import type { Fetch } from '../keys/fetch-json';
import { createJsonLogger } from '../logging/json-logger';
import { sinksOf } from '../logging/sinks';
import { resolvePolicy } from '../policy/process-policy';
import type { TxnTokenEdge } from '../policy/edge-document';
import type { Policy } from '../policy/policy';
import { mintTransactionToken, TRANSACTION_TOKEN_TYPE } from '../token/transaction-token';
import { boundTo } from './bound-transaction';
import { readAuthorizerEvent, type AuthorizerRequest } from './event';
import { lifetimeUnder } from './lifetime';
import { providerVerifier } from '../identity/provider-verifier';
import {
  iamRefusal,
  iamResult,
  simpleResult,
  type AuthorizerContext,
  type IamResult,
  type SimpleResult,
} from './result';
import { transactionOf } from '../identity/provider-transaction';

/** Options of {@link createAuthorizer}. */
export interface AuthorizerOptions {
  /** The policy, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | Policy;
  /** Signs the Transaction Tokens. Default: the private JWK in `BATON_SIGNING_KEY`, or in the file `BATON_SIGNING_KEY_FILE`. */
  readonly signer?: Signer;
  /**
   * The gateway's `authorizerResultTtlInSeconds`, which this must equal: 0 to 3600, default 300 (the default of REST
   * APIs). Tokens live this long and a minute more, so that none ends while it is cached.
   */
  readonly cacheTtlSeconds?: number;
  /** The requesting workload (`req_wl`) that tokens name. Default `apigateway`. */
  readonly requestingWorkload?: string;
  /** What the gateway's paths have in front of the policy's, for example `/invoices`; letter case counts. */
  readonly basePath?: string;
  readonly logger?: Logger;
  readonly audit?: AuditSink;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /** Fetches key sets and discovery documents. Default: the global `fetch`. */
  readonly fetch?: Fetch;
}

/** A Lambda handler for API Gateway's Lambda authorizers. */
export type AuthorizerHandler = (event: unknown) => Promise<IamResult | SimpleResult>;

interface Settings {
  readonly policy: Policy;
  readonly edge: TxnTokenEdge;
  readonly signer: Signer;
  readonly cacheTtlSeconds: number;
  readonly lifetimeSeconds: number;
  readonly requestingWorkload: string;
  readonly basePath: string;
  readonly clock: Clock;
}

/** It becomes part of ARNs: a wildcard in it would open what the policy does not. */
function readBasePath(basePath = ''): string {
  if (/^(?:\/[A-Za-z0-9._~-]+)*\/?$/.test(basePath)) return basePath.replace(/\/$/, '');
  throw new BatonError('option_invalid', 'createAuthorizer(): option "basePath" must look like "/invoices".');
}

function readRequestingWorkload(name = 'apigateway'): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new BatonError('option_invalid', 'createAuthorizer(): option "requestingWorkload" must be a non-empty text.');
}

/** Only one kind of edge has an authorizer. */
function edgeOf({ edge }: Policy): TxnTokenEdge {
  if (edge.profile === 'txn-token') return edge;
  const problems = [
    { pointer: '/edge/profile', message: 'must be "txn-token": the authorizer signs those and no other' },
  ];
  throw new BatonError('policy_invalid', `The policy is for another edge:\n${formatProblems(problems)}`, { problems });
}

function readSettings(options: AuthorizerOptions): Settings {
  const policy = resolvePolicy(options.policy);
  const edge = edgeOf(policy);
  if (Object.keys(policy.identityProviders).length === 0) {
    const problems = [{ pointer: '/identityProviders', message: 'is missing: the authorizer would refuse everybody' }];
    throw new BatonError('policy_invalid', `The policy names no identity provider:\n${formatProblems(problems)}`, {
      problems,
    });
  }
  const signer = options.signer ?? signerFromEnvironment('BATON_SIGNING_KEY');
  if (!edge.algorithms.includes(signer.algorithm)) {
    throw new BatonError(
      'key_invalid',
      `The signing key is for ${signer.algorithm}, which /edge/algorithms does not name.`,
    );
  }
  const bounds = { fallback: 300, min: 0, max: 3600 };
  const cacheTtlSeconds = wholeNumber('createAuthorizer()', 'cacheTtlSeconds', options.cacheTtlSeconds, bounds);
  return {
    policy,
    edge,
    signer,
    cacheTtlSeconds,
    lifetimeSeconds: lifetimeUnder(cacheTtlSeconds, edge),
    requestingWorkload: readRequestingWorkload(options.requestingWorkload),
    basePath: readBasePath(options.basePath),
    clock: options.clock ?? systemClock,
  };
}

/** Verifies, mints, and puts the result together. */
function authorizeWith(
  settings: Settings,
  keyOptions: { readonly logger: Logger; readonly fetch?: Fetch },
): (request: AuthorizerRequest) => Promise<IamResult | SimpleResult> {
  const { policy, edge, signer, clock } = settings;
  const verify = providerVerifier(policy.identityProviders, { clock, ...keyOptions });
  const terms = {
    issuer: edge.issuer,
    audience: edge.audience,
    requestingWorkload: settings.requestingWorkload,
    lifetimeSeconds: settings.lifetimeSeconds,
  };
  return async (request) => {
    const token = await verify(request.bearerToken);
    const now = nowSeconds(clock);
    // A cached result serves later requests of the same caller, from wherever: the first one's address is not theirs.
    const sourceIp = settings.cacheTtlSeconds === 0 ? request.sourceIp : undefined;
    const unbound = transactionOf(token, policy, sourceIp);
    const transaction = edge.bind === 'route' ? boundTo(unbound, request.route, settings.basePath) : unbound;
    const txnToken = await mintTransactionToken(transaction, terms, signer, now);
    if (txnToken.length > DEFAULT_MAX_TOKEN_BYTES) {
      throw tokenInvalid('too_large', 'The Transaction Token for this caller would be larger than the app accepts.');
    }
    const verified = {
      transaction,
      requestingWorkload: terms.requestingWorkload,
      issuedAt: now,
      expiresAt: token.expiresAt,
    };
    const identity = identityFrom(verified, edge);
    const context: AuthorizerContext = { txnToken, subject: identity.subject, policy: policy.digest };
    return request.format === 'simple'
      ? simpleResult(policy, identity, context)
      : iamResult(policy, identity, context, { methodArn: request.arn, basePath: settings.basePath });
  };
}

/**
 * A refusal in the words that the gateway understands. REST answers 401 only to an error whose message is exactly
 * "Unauthorized"; HTTP APIs answer 500 to any error, so there a refusal is "no", in the form of the payload format. An
 * outage is never a refusal.
 */
function refusal(error: BatonError, event: unknown): SimpleResult | IamResult {
  if (error.code === 'event_invalid' || error.kind !== 'caller') throw error;
  const { version, methodArn } = (event ?? {}) as { version?: unknown; methodArn?: unknown };
  if (version === '2.0') return { isAuthorized: false };
  // REST events name no version: this is an HTTP API's format 1.0, which takes IAM policies only.
  if (version === '1.0') return iamRefusal(String(methodArn));
  throw new Error('Unauthorized');
}

/**
 * A Lambda authorizer for API Gateway, REST (type REQUEST) and HTTP API (payload format 2.0 with simple responses, or
 * 1.0): verifies the caller's token at the policy's identity providers, maps its claims to policy roles and signs a
 * Transaction Token, which the gateway maps to the header `Txn-Token`. Its result stays right when the gateway caches it.
 *
 * The gateway's identity source must be the Authorization header and nothing that varies less.
 *
 * Sources: API Gateway developer guide, "Use API Gateway Lambda authorizers" and "Lambda authorizers for HTTP APIs";
 * draft-ietf-oauth-transaction-tokens-10.
 *
 * @throws BatonError at start: `policy_missing`, `policy_unreadable`, `policy_invalid`, `key_invalid`, `option_invalid`,
 *   `option_unknown`. In a call: `event_invalid`, `keys_unavailable` (the gateway answers 500), or `Unauthorized`.
 *
 * @example
 * ```ts
 * export const handler = createAuthorizer({ cacheTtlSeconds: 300 });
 * ```
 */
export function createAuthorizer(options: AuthorizerOptions = {}): AuthorizerHandler {
  checkOptionNames('createAuthorizer()', options, {
    policy: true,
    signer: true,
    cacheTtlSeconds: true,
    requestingWorkload: true,
    basePath: true,
    logger: true,
    audit: true,
    clock: true,
    fetch: true,
  });
  const settings = readSettings(options);
  const sinks = sinksOf(options, createJsonLogger);
  const { logger, audit } = sinks;
  settings.signer.reportTo?.(() => logger);
  const authorize = authorizeWith(settings, { logger, ...(options.fetch && { fetch: options.fetch }) });

  const decide = async (event: unknown): Promise<IamResult | SimpleResult> => {
    try {
      const result = await authorize(readAuthorizerEvent(event));
      const allowed =
        'isAuthorized' in result ? result.isAuthorized : result.policyDocument.Statement[0]?.Effect === 'Allow';
      const subject = result.context?.subject;
      const facts = {
        minted: TRANSACTION_TOKEN_TYPE,
        policy: settings.policy.digest,
        ...(subject !== undefined && { subject }),
      };
      audit.record({ event: 'authenticate', outcome: allowed ? 'allowed' : 'denied', ...facts });
      return result;
    } catch (thrown) {
      const error = asBatonError(thrown);
      const { code, reason } = error;
      if (error.kind === 'caller')
        audit.record({ event: 'authenticate', outcome: 'denied', code, ...(reason !== undefined && { reason }) });
      else logger.error(error.message, { type: 'error', code, error });
      return refusal(error, event);
    }
  };
  return (event) => {
    const correlationId = gatewayRequestId(event);
    return runInContext({ context: { correlationId }, ...sinks }, () => decide(event));
  };
}

/** The gateway's own ID for the request: extendedRequestId on REST (a client can set requestId), requestId on HTTP API. */
function gatewayRequestId(event: unknown): string {
  const { requestContext } = (event ?? {}) as { requestContext?: { requestId?: unknown; extendedRequestId?: unknown } };
  const id = requestContext?.extendedRequestId ?? requestContext?.requestId;
  return isCorrelationId(id) ? id : newCorrelationId();
}
