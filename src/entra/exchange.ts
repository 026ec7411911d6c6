import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock';
import { asBatonError, BatonError } from '../core/errors';
import type { Fetch } from '../keys/fetch-text';
import type { ClientCredential } from './credential';
import type { Grant } from './grant';
import { refusalOf, unreachable, type Refusal } from './refusal';
import { askTokenEndpoint, type EndpointAnswer } from './token-endpoint';

/** The application, and how it reaches Entra. */
export interface EntraClient {
  readonly clientId: string;
  readonly endpoint: URL;
  readonly credential: ClientCredential;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A token, as it was given. */
export interface GrantedToken {
  readonly token: string;
  /** From the moment of the request on. */
  readonly lifetimeSeconds: number;
  /** When Entra would like to be asked again, for tokens that live long. */
  readonly refreshInSeconds?: number;
  /** What was granted, where Entra says it. */
  readonly scopes?: readonly string[];
}

/** How an exchange ended, and what the audit trail says of it. */
export interface Exchange {
  readonly result: GrantedToken | Refusal;
  readonly attempts: number;
  /** By which Entra's sign-in log has the last attempt. */
  readonly requestId: string;
}

const CLIENT_ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const FIRST_WAIT_MS = 1000;
/** Longest that is waited between attempts, all together: somebody waits for the answer. */
const WAIT_BUDGET_MS = 10_000;
const MAX_ATTEMPTS = 5;

/** @throws BatonError `entra_unavailable` for an answer that says 200 and is no token */
function readToken(body: EndpointAnswer['body']): GrantedToken {
  const { access_token: token, token_type: type, expires_in: lifetime, refresh_in: refresh, scope } = body;
  const isBearer = typeof type === 'string' && type.toLowerCase() === 'bearer';
  const seconds = Number(lifetime);
  if (typeof token !== 'string' || token === '' || !isBearer || !(seconds > 0 && Number.isFinite(seconds))) {
    throw new BatonError('entra_unavailable', 'Entra answered 200, and not with a bearer token.', { reason: 'answer' });
  }
  const refreshIn = Number(refresh);
  return {
    token,
    lifetimeSeconds: Math.floor(seconds),
    ...(refreshIn > 0 && Number.isFinite(refreshIn) && { refreshInSeconds: refreshIn }),
    ...(typeof scope === 'string' && scope !== '' && { scopes: scope.split(' ') }),
  };
}

async function attempt(client: EntraClient, grant: Grant, requestId: string): Promise<GrantedToken | Refusal> {
  const { assertion, presented } = await client.credential();
  const form = {
    ...grant.parameters,
    client_id: client.clientId,
    scope: grant.scope,
    client_assertion_type: CLIENT_ASSERTION_TYPE,
    client_assertion: assertion,
  };
  let answer: EndpointAnswer;
  try {
    answer = await askTokenEndpoint(client.endpoint, form, requestId, client);
  } catch (cause) {
    return unreachable(client.endpoint, cause);
  }
  return answer.status === 200 ? readToken(answer.body) : refusalOf(answer, grant, presented);
}

/** What Entra asked for, or twice as long each time; half of it by chance, so that many clients do not come at once. */
function waitMs({ error }: Refusal, attempts: number): number {
  if (error.retryAfterSeconds) return error.retryAfterSeconds * 1000;
  const longest = FIRST_WAIT_MS * 2 ** (attempts - 1);
  return Math.round(longest * (0.5 + Math.random() / 2));
}

const failed = (thrown: unknown): Refusal => ({ error: asBatonError(thrown), passing: false, aadsts: [] });

/**
 * One exchange: asks, and asks again where that can help: throttling, outages, a federated credential that is not known
 * everywhere yet. Never rejects; each attempt has an assertion of its own.
 */
export async function exchange(client: EntraClient, grant: Grant): Promise<Exchange> {
  let waited = 0;
  for (let attempts = 1; ; attempts++) {
    const requestId = randomUUID();
    const result = await attempt(client, grant, requestId).catch(failed);
    if ('token' in result || !result.passing) return { result, attempts, requestId };
    const next = waitMs(result, attempts);
    if (attempts === MAX_ATTEMPTS || waited + next > WAIT_BUDGET_MS) return { result, attempts, requestId };
    waited += next;
    await client.sleep(next);
  }
}
