import { BatonError } from '../core/errors';
import { secureUrl } from '../core/options';
import { fetchJson, type Fetch } from './fetch-json';

/**
 * Finds an issuer's JWK Set (OpenID Connect Discovery 1.0, sections 4.1 and 4.3): the metadata must be the issuer's own,
 * to the letter, or one issuer could hand out another's keys.
 *
 * @throws BatonError `keys_unavailable`, `option_invalid` where the issuer is no https URL
 */
export async function discoverJwksUri(issuer: string, fetchOf: Fetch): Promise<URL> {
  const base = secureUrl('discovery', issuer);
  const path = base.pathname.replace(/\/$/, '');
  const metadata = await fetchJson(new URL(`${base.origin}${path}/.well-known/openid-configuration`), fetchOf);
  const refuse = (what: string): BatonError =>
    new BatonError('keys_unavailable', `The OpenID configuration of ${issuer} names ${what}.`, {
      retryAfterSeconds: 5,
    });
  if (metadata.issuer !== issuer) throw refuse('another issuer');
  if (typeof metadata.jwks_uri !== 'string') throw refuse('no jwks_uri');
  const jwksUri = secureUrl('discovery', metadata.jwks_uri);
  // http is for issuers on this machine; one elsewhere has no business there.
  if (base.protocol === 'https:' && jwksUri.protocol !== 'https:') throw refuse('a jwks_uri without https');
  return jwksUri;
}
