import type { AwsAlbEdge } from '../../policy/edge-document';
import type { Profile } from '../profile';

/** Where a region's load balancers have their public keys, by ID. GovCloud has buckets instead. */
function keyServer(signer: string): string {
  const [, partition = '', , region = ''] = signer.split(':');
  return partition === 'aws-us-gov'
    ? `https://s3-${region}.amazonaws.com/aws-elb-public-keys-prod-${region}`
    : `https://public-keys.auth.elb.${region}.amazonaws.com`;
}

/**
 * The profile `aws-alb`: an Application Load Balancer that signed the user in and passes on what the identity provider's
 * userinfo endpoint said. No `aud` and no `iat`; `client` is what comes closest to an audience.
 *
 * Source: Elastic Load Balancing user guide, "Authenticate users using an Application Load Balancer".
 */
export const awsAlb: Profile<AwsAlbEdge> = {
  name: 'aws-alb',
  header: 'X-Amzn-Oidc-Data',
  algorithms: ['ES256'],
  types: ['JWT', undefined],
  padding: 'required',
  claimsIn: 'header',
  clockToleranceSeconds: 30,
  // The load balancer makes one for each request, with two minutes to live.
  maxLifetimeSeconds: 300,
  claims: { subject: '/sub', name: '/name' },
  expect: ({ issuer, signer, client }) => ({ issuer, signer, client, keys: { pemUrl: keyServer(signer) } }),
};
