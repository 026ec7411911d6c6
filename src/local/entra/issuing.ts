import { randomUUID } from 'node:crypto';
import { nowSeconds, type Clock } from '../../core/clock';
import { signJws, type Signer } from '../../jws/sign';
import type { Application, LocalResource } from './applications';
import { verifyClientAssertion } from './client-assertion';
import { EntraError, missing } from './entra-error';
import type { FederationKeys } from './federation';
import { grantOnBehalfOf, grantToApplication, type GrantedClaims } from './grants';

/** A tenant with all that is registered in it. */
export interface Tenant {
  readonly tenant: string;
  readonly applications: ReadonlyMap<string, Application>;
  readonly resources: readonly LocalResource[];
  readonly userIssuers: readonly string[];
  /** Every address of its token endpoint: what assertions may name. */
  readonly tokenEndpoints: ReadonlySet<string>;
  /** Of its own tokens. */
  readonly issuer: string;
  readonly keys: FederationKeys;
  readonly signer: Signer;
  readonly lifetimeSeconds: number;
  readonly clock: Clock;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** The grant by which an application goes on for a user. */
export const ON_BEHALF_OF = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Only an assertion is taken: what this stands in for is used without secrets. */
async function authenticate(tenant: Tenant, form: URLSearchParams): Promise<Application> {
  const clientId = form.get('client_id');
  if (!clientId) throw missing('client_id');
  const application = tenant.applications.get(clientId);
  if (application === undefined) {
    throw new EntraError('unauthorized_client', 700016, `Application with identifier '${clientId}' was not found.`);
  }
  if (form.has('client_secret')) throw new EntraError('invalid_client', 7000215, 'Invalid client secret provided.');
  const assertion = form.get('client_assertion');
  if (!assertion) throw missing('client_assertion');
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) throw missing('client_assertion_type');
  const { keys, issuer: ownIssuer, tokenEndpoints, clock } = tenant;
  await verifyClientAssertion(assertion, application, { keys, ownIssuer, tokenEndpoints }, nowSeconds(clock));
  return application;
}

async function grant(tenant: Tenant, form: URLSearchParams, application: Application): Promise<GrantedClaims> {
  const { resources, userIssuers: issuers, keys, clock } = tenant;
  const grantType = form.get('grant_type');
  const scope = form.get('scope');
  if (!grantType) throw missing('grant_type');
  if (!scope) throw missing('scope');
  if (grantType === 'client_credentials') return grantToApplication(scope, application, resources);
  if (grantType !== ON_BEHALF_OF) {
    throw new EntraError('unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
  }
  const rules = { issuers, keys, now: nowSeconds(clock) };
  return grantOnBehalfOf(form, scope, application, resources, rules);
}

/**
 * Answers a token request whose path was the tenant's.
 * @throws EntraError
 */
export async function giveToken(tenant: Tenant, form: URLSearchParams): Promise<object> {
  const application = await authenticate(tenant, form);
  const { audience, claims, scope } = await grant(tenant, form, application);
  const now = nowSeconds(tenant.clock);
  const { lifetimeSeconds, issuer: iss, tenant: tid, signer } = tenant;
  const common = { iss, aud: audience, tid, ver: '2.0', azp: application.clientId, azpacr: '2' };
  const times = { iat: now, nbf: now, exp: now + lifetimeSeconds, uti: randomUUID() };
  return {
    token_type: 'Bearer',
    ...(scope !== undefined && { scope }),
    expires_in: lifetimeSeconds,
    ext_expires_in: lifetimeSeconds,
    access_token: await signJws('JWT', { ...common, ...claims, ...times }, signer),
  };
}
