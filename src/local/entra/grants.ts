import { BatonError } from '../../core/errors';
import { parseCompact, unverifiedIssuer } from '../../jws/compact';
import { verifyJws } from '../../jws/verify';
import type { Application, LocalResource } from './applications';
import { EntraError, missing } from './entra-error';
import type { FederationKeys } from './federation';

/** What a token will say, beside the claims that all have. */
export interface GrantedClaims {
  readonly audience: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What is told in the answer, too. */
  readonly scope?: string;
}

type Resources = readonly LocalResource[];

/** The one resource of a scope, and the names behind it. */
function split(scope: string, resources: Resources): { resource: LocalResource; names: string[] } {
  const parts = scope.split(' ').map((part) => {
    const end = part.lastIndexOf('/');
    return { uri: part.slice(0, Math.max(0, end)), name: part.slice(end + 1) };
  });
  const [first] = parts;
  if (first === undefined || first.uri === '' || parts.some(({ name }) => name === '')) {
    throw new EntraError('invalid_scope', 70011, `The provided value for the input parameter 'scope' is not valid.`);
  }
  if (parts.some(({ uri }) => uri !== first.uri)) {
    throw new EntraError('invalid_scope', 28002, 'The scopes are of more than one resource.');
  }
  const resource = resources.find(({ appIdUri }) => appIdUri === first.uri);
  if (resource === undefined) {
    throw new EntraError('invalid_resource', 500011, `The resource principal named ${first.uri} was not found.`);
  }
  return { resource, names: parts.map(({ name }) => name) };
}

/** Client credentials: all application roles of one resource, which can be none (RFC 6749, section 4.4). */
export function grantToApplication(
  scope: string,
  { clientId, objectId = clientId }: Application,
  resources: Resources,
): GrantedClaims {
  const { resource, names } = split(scope, resources);
  if (names.length !== 1 || names[0] !== '.default') {
    throw new EntraError('invalid_scope', 70011, 'The scope of client credentials must end in /.default.');
  }
  const roles = resource.roles?.[clientId] ?? [];
  return {
    audience: resource.audience ?? resource.appIdUri,
    claims: { sub: objectId, oid: objectId, idtyp: 'app', ...(roles.length > 0 && { roles }) },
  };
}

const invalidGrant = (aadsts: number, message: string, suberror?: string): EntraError =>
  new EntraError('invalid_grant', aadsts, message, suberror);

/** What users' tokens are held against. */
export interface UserTokenRules {
  /** Issuers of users' tokens: the local identity provider. */
  readonly issuers: readonly string[];
  readonly keys: FederationKeys;
  /** Seconds since the epoch. */
  readonly now: number;
}

async function verifyUserToken(
  token: string,
  { clientId, appIdUri }: Application,
  { issuers, keys, now }: UserTokenRules,
): Promise<Readonly<Record<string, unknown>>> {
  let claims: Readonly<Record<string, unknown>>;
  try {
    const jws = parseCompact(token, 16_384);
    const issuer = unverifiedIssuer(jws);
    if (!issuers.includes(issuer)) throw invalidGrant(50013, 'Assertion failed signature validation: another issuer.');
    claims = await verifyJws(jws, { algorithms: ['RS256'], keys: keys.of(issuer), types: ['JWT', 'at+jwt'] });
  } catch (error) {
    if (error instanceof EntraError) throw error;
    if (error instanceof BatonError && error.kind === 'dependency') {
      throw new EntraError('temporarily_unavailable', 90033, "The issuer's keys cannot be had.");
    }
    throw invalidGrant(50013, 'Assertion failed signature validation.');
  }
  if (typeof claims.exp !== 'number' || now >= claims.exp) {
    throw invalidGrant(500133, 'Assertion is not within its valid time range.');
  }
  if (claims.aud !== clientId && claims.aud !== appIdUri) {
    throw invalidGrant(500131, 'Assertion audience does not match the Client app presenting the assertion.');
  }
  if (claims.idtyp === 'app') throw invalidGrant(50013, 'Assertion is an application token, and not a user’s.');
  return claims;
}

/** Conditional Access, as far as it is played here. */
function checkMfa({ amr }: Readonly<Record<string, unknown>>, { requiresMfa, appIdUri }: LocalResource): void {
  if (requiresMfa !== true || (Array.isArray(amr) && amr.includes('mfa'))) return;
  const message = `You must use multi-factor authentication to access '${appIdUri}'.`;
  throw new EntraError('interaction_required', 50076, message, 'basic_action');
}

/** On behalf of a user, whose own token is shown (Microsoft identity platform, "On-Behalf-Of flow"). */
export async function grantOnBehalfOf(
  form: URLSearchParams,
  scope: string,
  application: Application,
  resources: Resources,
  rules: UserTokenRules,
): Promise<GrantedClaims> {
  const assertion = form.get('assertion');
  if (!assertion) throw missing('assertion');
  if (form.get('requested_token_use') !== 'on_behalf_of') throw missing('requested_token_use');
  const user = await verifyUserToken(assertion, application, rules);
  const { resource, names } = split(scope, resources);
  const consented = resource.consents?.[application.clientId] ?? [];
  const granted = names.includes('.default') ? consented : names;
  if (granted.length === 0 || granted.some((name) => !consented.includes(name))) {
    const message = `The user or administrator has not consented to use the application with ID '${application.clientId}'.`;
    throw invalidGrant(65001, message, 'consent_required');
  }
  checkMfa(user, resource);
  const { sub, oid = sub, name, preferred_username: username, amr } = user;
  return {
    audience: resource.audience ?? resource.appIdUri,
    claims: JSON.parse(
      JSON.stringify({ sub, oid, name, preferred_username: username, amr, scp: granted.join(' ') }),
    ) as GrantedClaims['claims'],
    scope: granted.map((item) => `${resource.appIdUri}/${item}`).join(' '),
  };
}
