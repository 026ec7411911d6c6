import type { AwsVerifiedAccessEdge } from '../../policy/edge-document';
import type { Profile } from '../profile';

/**
 * The profile `aws-verified-access`: what the trust provider said of the user, signed by the Verified Access instance.
 * No `aud` and no `iat`. AWS's own sample decodes padded parts; whether all instances pad is not said, so both are taken.
 *
 * Source: AWS Verified Access user guide, "User claims passing and signature verification".
 */
export const awsVerifiedAccess: Profile<AwsVerifiedAccessEdge> = {
  name: 'aws-verified-access',
  header: 'X-Amzn-Ava-User-Context',
  algorithms: ['ES384'],
  types: ['JWT', undefined],
  padding: 'optional',
  claimsIn: 'header',
  clockToleranceSeconds: 30,
  // Documented: 120 s.
  maxLifetimeSeconds: 300,
  claims: { subject: '/sub', name: '/email', roles: '/groups' },
  expect({ issuer, signer }) {
    const region = signer.split(':')[3] ?? '';
    const pemUrl = `https://public-keys.prod.verified-access.${region}.amazonaws.com`;
    return { issuer, signer, keys: { pemUrl } };
  },
};
