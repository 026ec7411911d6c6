import type { PomeriumEdge } from '../../policy/edge-document';
import type { Profile } from '../profile';

/**
 * The profile `pomerium`: issuer and audience are the route's host, without a scheme, and the keys are served on it.
 *
 * Source: Pomerium documentation, "Getting the user's identity".
 */
export const pomerium: Profile<PomeriumEdge> = {
  name: 'pomerium',
  header: 'X-Pomerium-Jwt-Assertion',
  algorithms: ['ES256'],
  types: ['JWT', undefined],
  padding: 'none',
  claimsIn: 'payload',
  clockToleranceSeconds: 30,
  // Documented: five minutes.
  maxLifetimeSeconds: 600,
  claims: { subject: '/sub', name: '/name', roles: '/groups' },
  expect: ({ audience, issuer = audience }) => ({
    issuer,
    audience,
    keys: { jwksUri: `https://${audience}/.well-known/pomerium/jwks.json` },
  }),
};
