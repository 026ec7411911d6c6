import { randomUUID } from 'node:crypto';
import type { RouteRequest } from '../core/access';
import { nowSeconds, systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { Identity } from '../core/identity';
import { checkOptionNames, unknownName } from '../core/options';
import type { TransactionClaims } from '../core/transaction';
import type { JwkSet } from '../jws/keys';
import type { Signer } from '../jws/sign';
import { standInForJose } from '../jws/without-jose';
import type { TxnTokenEdge } from '../policy/edge-document';
import type { Policy } from '../policy/policy';
import { mintHandOverToken } from '../token/hand-over-token';
import { requestBinding } from '../token/request-binding';
import { mintTransactionToken, TRANSACTION_TOKEN_HEADER } from '../token/transaction-token';
import { makeTestKey, type TestKey } from './test-key';
import { testPolicy } from './test-policy';
import { requireTestRun } from './test-run';
import { transactionOfUser } from './test-user';

/** Options of {@link createTestGateway}. */
export interface TestGatewayOptions {
  /** The policy document, or the path of its file. Default: the file that `BATON_POLICY` names. */
  readonly policy?: string | object;
  /** Where the policy's `${NAME}`s are filled from. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Tells the time at which tokens are minted. */
  readonly clock?: Clock;
}

/** Options of one token. */
export interface TestTokenOptions {
  /** Default 60. 0 and less make a token that has expired as soon as it is made, tolerance aside. */
  readonly lifetimeSeconds?: number;
  /** The request that the token is for; needed where the policy binds tokens to their request. */
  readonly route?: RouteRequest;
}

/** Options of one invocation. */
export interface TestInvocationOptions {
  /** The function's name in the policy. Default: the only one. */
  readonly function?: string;
  /** What the handler gets as Lambda's own context. */
  readonly lambdaContext?: unknown;
  readonly correlationId?: string;
}

/** A gateway for tests, with keys of its own: it signs, and {@link TestGateway.policy} trusts it and nobody else. */
export interface TestGateway {
  /** Hand it to `baton()`, `withBaton()` and `createOffload()` in place of the real one. */
  readonly policy: Policy;
  /** The public keys that Transaction Tokens are verified with. */
  readonly jwks: JwkSet;
  /** For `createOffload({ signer })`. */
  readonly handOverSigner: Signer;
  /** A real Transaction Token of this user, with a transaction ID of its own. */
  token(user: Identity, options?: TestTokenOptions): Promise<string>;
  /** The header that carries one, for a test client's request. */
  headers(user: Identity, options?: TestTokenOptions): Promise<Record<string, string>>;
  /** Calls a handler wrapped by `withBaton()` as Lambda would for this user, with a real hand-over token. */
  invokeAs<Answer>(
    handler: (event: unknown, lambdaContext?: unknown) => Promise<Answer>,
    user: Identity,
    payload: unknown,
    options?: TestInvocationOptions,
  ): Promise<Answer>;
}

const LIFETIME_SECONDS = 60;
const HAND_OVER_SECONDS = 30;

/** What the gateway knows of a user, in a transaction of its own. */
function transactionAt(policy: Policy, user: Identity, route?: RouteRequest): TransactionClaims {
  const { rctx, tctx, ...claims } = transactionOfUser(user);
  return {
    ...claims,
    txn: randomUUID(),
    tctx: { policy: policy.digest, ...tctx },
    rctx: { ...rctx, ...(route && { req_bind: requestBinding(route) }) },
  };
}

function functionOf({ functions }: Policy, name: string | undefined): string {
  const names = Object.keys(functions);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const document = chosen !== undefined && Object.hasOwn(functions, chosen) ? functions[chosen] : undefined;
  if (document !== undefined) return document.target;
  const what = name === undefined ? `has ${names.length}; name one with "function"` : unknownName(name, names);
  throw new BatonError('function_unknown', `invokeAs(): of functions, the policy: ${what}.`);
}

function gatewayEdgeOf({ edge }: Policy): TxnTokenEdge {
  if (edge.profile === 'txn-token') return edge;
  throw new BatonError('internal', 'The policy of the test is for another edge.');
}

function tokenMaker(policy: Policy, key: TestKey, clock: Clock): TestGateway['token'] {
  const edge = gatewayEdgeOf(policy);
  return async (user, options = {}) => {
    checkOptionNames('token()', options, { lifetimeSeconds: true, route: true });
    const { lifetimeSeconds = LIFETIME_SECONDS, route } = options;
    if (edge.bind === 'route' && route === undefined) {
      throw new BatonError('option_invalid', 'token(): the policy binds tokens to their request; give it as "route".');
    }
    const { issuer, audience } = edge;
    const terms = { issuer, audience, requestingWorkload: 'iis-baton/testing', lifetimeSeconds };
    return mintTransactionToken(transactionAt(policy, user, route), terms, key.signer, nowSeconds(clock));
  };
}

function invoker(policy: Policy, key: TestKey, clock: Clock): TestGateway['invokeAs'] {
  return async (handler, user, payload, options = {}) => {
    checkOptionNames('invokeAs()', options, { function: true, lambdaContext: true, correlationId: true });
    const { handOver } = policy;
    if (handOver === undefined) {
      throw new BatonError('policy_invalid', 'The policy says nothing of hand-overs: invokeAs() needs /handOver.');
    }
    const now = nowSeconds(clock);
    const terms = {
      issuer: handOver.issuer,
      audience: functionOf(policy, options.function),
      requestingWorkload: policy.application,
      expiresAt: now + HAND_OVER_SECONDS,
    };
    const token = await mintHandOverToken(transactionAt(policy, user), terms, key.signer, now);
    // Through JSON, as on the way to Lambda: what JSON leaves out does not arrive.
    const sent: unknown = JSON.parse(JSON.stringify({ payload: payload ?? null }));
    const { correlationId = randomUUID(), lambdaContext } = options;
    return handler({ baton: 1, handOver: token, correlationId, ...(sent as object) }, lambdaContext);
  };
}

/**
 * A gateway for tests of the real thing: real tokens, signed with a key of this run, and a policy that trusts that key,
 * so that the app under test verifies, decides and refuses as in production. Works in a Jest project without any setting.
 *
 * @throws BatonError `policy_missing`, `policy_unreadable`, `policy_invalid`, `option_unknown`; `option_invalid` under IIS,
 *   on Lambda and where `NODE_ENV` is `production`
 *
 * @example
 * ```ts
 * const gateway = createTestGateway({ policy: 'baton.policy.json' });
 * app.use(baton({ policy: gateway.policy }));
 * // fetch(url, { headers: await gateway.headers(testUser({ roles: ['clerk'] })) })
 * ```
 */
export function createTestGateway(options: TestGatewayOptions = {}): TestGateway {
  requireTestRun('createTestGateway()');
  checkOptionNames('createTestGateway()', options, { policy: true, env: true, clock: true });
  const { env = process.env, clock = systemClock } = options;
  standInForJose();
  const [gateway, handOver] = [makeTestKey(), makeTestKey()];
  const policy = testPolicy(options.policy, { gateway: gateway.publicJwk, handOver: handOver.publicJwk }, env);
  const token = tokenMaker(policy, gateway, clock);
  return {
    policy,
    jwks: { keys: [gateway.publicJwk] },
    handOverSigner: handOver.signer,
    token,
    headers: async (user, tokenOptions) => ({ [TRANSACTION_TOKEN_HEADER]: await token(user, tokenOptions) }),
    invokeAs: invoker(policy, handOver, clock),
  };
}
