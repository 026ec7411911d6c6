import { createHash } from 'node:crypto';
import { currentRecord } from '../context/storage';
import { nowSeconds, systemClock } from '../core/clock';
import { asBatonError, BatonError } from '../core/errors';
import type { TokenSource } from '../core/token-source';
import { environmentTrail } from '../logging/audit-environment';
import { createJsonLogger } from '../logging/json-logger';
import { sinksOf, type Sinks } from '../logging/sinks';
import { clientCertificate } from '../token/client-assertion';
import { auditExchange, auditRefusal } from './audit';
import { exchangeableToken } from './caller-token';
import { certificateCredential, federatedCredential, type ClientCredential } from './credential';
import { exchange, type EntraClient, type GrantedToken } from './exchange';
import { applicationGrant, onBehalfOfGrant, type Grant } from './grant';
import { checkOptions, OWNER, type EntraOptions, type EntraPlace } from './options';
import { TokenCache, type EntraToken } from './token-cache';
import { endedBy } from './waiting';
import { awsTokenSource } from './web-identity-token';

/** Options of one token. */
export interface EntraTokenOptions {
  /** Ends the wait; the exchange goes on for whoever else waits for it. */
  readonly signal?: AbortSignal;
}

/** Access tokens of Microsoft Entra ID for one application. */
export interface EntraTokens extends TokenSource {
  /**
   * A token for the application's own service principal, with what it was given on one resource.
   *
   * @param resource the resource's application ID URI, such as `https://graph.microsoft.com`; `/.default` is added
   * @throws BatonError `entra_refused`, `entra_unavailable`, `key_invalid`, `signer_unavailable`, `option_invalid`
   */
  token(resource: string, options?: EntraTokenOptions): Promise<EntraToken>;
  /**
   * A token with which the app acts for the caller at hand, from the caller's own bearer token: only in an app whose policy
   * has the edge profile `oidc`. Never for an actor, for an application, or for a token of another issuer.
   *
   * @param scopes such as `https://graph.microsoft.com/User.Read`; all of one resource
   * @throws BatonError `identity_missing`, `permission_denied`, `authentication_insufficient` (the user must sign in again),
   *   `token_invalid` (the caller's identity has ended), `entra_refused`, `entra_unavailable`, `key_invalid`,
   *   `signer_unavailable`, `option_invalid`
   */
  onBehalfOf(scopes: string | readonly string[], options?: EntraTokenOptions): Promise<EntraToken>;
}

function credentialOf(options: EntraOptions, { tokenEndpoint }: EntraPlace): ClientCredential {
  const { certificate: given, clientId, federation, clock = systemClock } = options;
  if (given === undefined) return federatedCredential(federation ?? awsTokenSource());
  const certificate = clientCertificate(given.certificate, given.signer ?? given.privateKey ?? '');
  return certificateCredential(certificate, clientId, tokenEndpoint, clock);
}

function checkScope(value: unknown, what: string): string {
  if (typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) return value;
  throw new BatonError(
    'option_invalid',
    `${OWNER}: ${what} must be a text without spaces, such as https://graph.microsoft.com.`,
  );
}

const sleepFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The sinks of the work at hand; of the process, where there is none. */
const sinksHere = (own: Sinks): Sinks => currentRecord() ?? own;

/** Each exchange leaves its line, whichever way it ends; whoever loads in the background is told by it, too. */
async function load(client: EntraClient, tenant: string, grant: Grant, own: Sinks): Promise<GrantedToken> {
  const askedAt = nowSeconds(client.clock);
  const ended = await exchange(client, grant);
  const { audit, logger } = sinksHere(own);
  auditExchange(audit, { tenant, clientId: client.clientId }, grant, ended, askedAt);
  const { result } = ended;
  if ('token' in result) return result;
  const { code, message, kind } = result.error;
  logger[kind === 'caller' ? 'info' : 'warn'](message, { type: 'error', code, error: result.error });
  throw result.error;
}

/** Another token of the same user is another entry: it may say other things, such as how the user signed in. */
const nameOf = ({ flow, scope }: Grant, callerToken = ''): string =>
  JSON.stringify([flow, scope, callerToken && createHash('sha256').update(callerToken).digest('base64url')]);

/**
 * Makes what gets access tokens of Microsoft Entra ID for one application, without a stored secret: by a federated
 * credential that trusts the AWS role of this process, or by a certificate whose key may stay in AWS KMS. Make one and keep
 * it: tokens are remembered in it, renewed before they end, and asked for once however many wait.
 *
 * A token source, too: where something takes a `TokenSource`, it can be this.
 *
 * Sources: Microsoft identity platform, "OAuth 2.0 client credentials flow", "On-Behalf-Of flow", "Workload identity
 * federation".
 *
 * @throws BatonError at start: `option_invalid`, `option_unknown`, `key_invalid`, `peer_missing`
 *
 * @example
 * ```ts
 * const entra = createEntraTokens({ tenant: process.env.TENANT ?? '', clientId: process.env.CLIENT_ID ?? '' });
 * export const handler = withBaton(async () => {
 *   const { token } = await entra.token('https://graph.microsoft.com');
 *   return fetch('https://graph.microsoft.com/v1.0/users', { headers: { authorization: `Bearer ${token}` } });
 * });
 * ```
 */
export function createEntraTokens(options: EntraOptions): EntraTokens {
  const place = checkOptions(options);
  const { tenant, clientId, clock = systemClock, sleep = sleepFor } = options;
  const sinks = sinksOf(options, createJsonLogger, environmentTrail);
  const client: EntraClient = {
    clientId,
    endpoint: place.tokenEndpoint,
    credential: credentialOf(options, place),
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    clock,
    sleep,
  };
  const cache = new TokenCache(clock);
  const take = (grant: Grant, name: string): Promise<EntraToken> =>
    cache.get(name, () => load(client, tenant, grant, sinks));

  const callerTokenFor = (scope: string): string => {
    try {
      return exchangeableToken(place.issuers, nowSeconds(clock));
    } catch (thrown) {
      const error = asBatonError(thrown);
      if (error.kind === 'caller') auditRefusal(sinksHere(sinks).audit, { tenant, clientId }, scope, error);
      throw error;
    }
  };

  return {
    async token(resource, { signal } = {}) {
      const grant = applicationGrant(checkScope(resource, 'the resource'));
      return endedBy(signal, take(grant, nameOf(grant)));
    },

    async onBehalfOf(scopes, { signal } = {}) {
      const list = (typeof scopes === 'string' ? scopes.split(' ') : scopes).map((scope) =>
        checkScope(scope, 'a scope'),
      );
      if (list.length === 0) throw new BatonError('option_invalid', `${OWNER}: onBehalfOf() needs a scope.`);
      const callerToken = callerTokenFor(list.join(' '));
      const grant = onBehalfOfGrant(list, callerToken);
      return endedBy(signal, take(grant, nameOf(grant, callerToken)));
    },
  };
}
