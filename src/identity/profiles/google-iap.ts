import type { GoogleIapEdge } from '../../policy/edge-document';
import type { Profile } from '../profile';

/**
 * The profile `google-iap`: Identity-Aware Proxy names the user by a stable ID and an e-mail address that Google has
 * verified; it knows no groups, so roles go by the address or by access level.
 *
 * Source: Google Cloud, "Securing your app with signed headers".
 */
export const googleIap: Profile<GoogleIapEdge> = {
  name: 'google-iap',
  header: 'X-Goog-IAP-JWT-Assertion',
  algorithms: ['ES256'],
  types: ['JWT'],
  padding: 'none',
  claimsIn: 'payload',
  clockToleranceSeconds: 30,
  // Documented: ten minutes, and 30 s of skew on either end.
  maxLifetimeSeconds: 660,
  claims: { subject: '/sub', name: '/email', tenant: '/hd', roles: ['/email', '/google/access_levels'] },
  expect: ({ audience }) => ({
    issuer: 'https://cloud.google.com/iap',
    audience,
    keys: { jwksUri: 'https://www.gstatic.com/iap/verify/public_key-jwk' },
  }),
};
