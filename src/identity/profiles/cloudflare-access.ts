import type { CloudflareAccessEdge } from '../../policy/edge-document';
import type { Profile } from '../profile';

/**
 * The profile `cloudflare-access`: a user by e-mail address, or a service token by its client ID (`common_name`, with an
 * empty subject). The token lives as long as the session, a day unless set otherwise.
 *
 * Source: Cloudflare One, "Validate JWTs" and "Application token".
 */
export const cloudflareAccess: Profile<CloudflareAccessEdge> = {
  name: 'cloudflare-access',
  header: 'Cf-Access-Jwt-Assertion',
  algorithms: ['RS256'],
  types: ['JWT', undefined],
  padding: 'none',
  claimsIn: 'payload',
  // The session token of the whole team ("org") is signed with the same keys.
  fixed: { type: 'app' },
  clockToleranceSeconds: 30,
  maxLifetimeSeconds: 86_400,
  claims: { subject: '/sub', name: '/email', roles: ['/email', '/custom/groups'] },
  applicationClaim: 'common_name',
  expect: ({ issuer, audience }) => ({ issuer, audience, keys: { jwksUri: `${issuer}/cdn-cgi/access/certs` } }),
};
