import { claims } from './claims-schema';
import { algorithms, clockToleranceSeconds, issuer, maxLifetimeSeconds } from './common-schema';
import { keys } from './keys-schema';
import { objectOf, oneOf, text, type Shape } from './shape';
import { variantOf } from './variant-shape';

const HOST = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;

const provider = text("What the edge's values and subjects are called here; the profile's name by default.", {
  pattern: /^[a-z][a-z0-9-]{0,31}$/,
  hint: 'a name of lower-case letters, digits and "-"',
});

const profile = (name: string): Shape => oneOf('What kind of edge it is.', [name]);

const signed = (name: string, description: string, members: Record<string, Shape>, more = {}): Shape =>
  objectOf(description, {
    required: { profile: profile(name), ...members },
    optional: { provider, claims, keys, clockToleranceSeconds, maxLifetimeSeconds, ...more },
  });

const arn = (what: string, pattern: RegExp): Shape => text(`ARN of ${what}.`, { pattern, hint: `the ARN of ${what}` });

const profiles = {
  'txn-token': objectOf("API Gateway with Baton's authorizer.", {
    required: {
      profile: profile('txn-token'),
      issuer,
      audience: text('The trust domain (aud) that tokens are for.'),
      algorithms,
      keys,
    },
    optional: {
      clockToleranceSeconds,
      maxLifetimeSeconds,
      replay: oneOf('"reject": a token works once. The gateway must cache no authorizer results.', ['reject']),
      bind: oneOf('"route": a token works for one method and path. The gateway must cache no results.', ['route']),
    },
  }),
  'aws-alb': signed('aws-alb', 'An Application Load Balancer that signs users in.', {
    signer: arn(
      'the load balancer',
      /^arn:aws(-us-gov|-cn)?:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer\/app\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{8,32}$/,
    ),
    issuer,
    client: text("The load balancer's client ID at the identity provider."),
  }),
  'aws-verified-access': signed('aws-verified-access', 'AWS Verified Access.', {
    signer: arn(
      'the Verified Access instance',
      /^arn:aws(-us-gov|-cn)?:ec2:[a-z0-9-]+:\d{12}:verified-access-instance\/vai-[0-9a-z]{8,32}$/,
    ),
    issuer,
  }),
  'google-iap': signed('google-iap', 'Google Identity-Aware Proxy.', {
    audience: text('The audience (aud), a path.', {
      pattern: /^\/projects\/\d+\/(apps\/[a-z0-9:.-]+|(global|locations\/[a-z0-9-]+)\/[A-Za-z]+\/[A-Za-z0-9-]+)$/,
      hint: 'a path such as "/projects/123/global/backendServices/456"',
    }),
  }),
  'cloudflare-access': signed('cloudflare-access', 'Cloudflare Access.', {
    issuer: text("The team's URL, compared to the letter.", {
      pattern: /^https:\/\/[^/?#\s]+$/,
      hint: 'a URL such as "https://team.cloudflareaccess.com", without a slash at the end',
    }),
    audience: text("The application's AUD tag.", {
      pattern: /^[0-9a-f]{64}$/,
      hint: 'the 64 hex digits of the AUD tag',
    }),
  }),
  pomerium: signed(
    'pomerium',
    'Pomerium.',
    { audience: text("The route's host.", { pattern: HOST, hint: 'a host such as "invoices.example.com"' }) },
    { issuer },
  ),
  oidc: objectOf("The identity provider's access token, in the header Authorization.", {
    required: { profile: profile('oidc') },
  }),
  windows: objectOf("IIS's own Windows sign-in.", { required: { profile: profile('windows') } }),
  unsigned: objectOf('A header that nobody signed. It proves nothing.', {
    required: {
      profile: profile('unsigned'),
      header: text('Name of the header.', { pattern: /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, hint: 'the name of a header' }),
      encoding: oneOf('How the claims are written.', ['json', 'base64', 'base64url']),
      claims,
    },
    optional: { provider },
  }),
} satisfies Record<string, Shape>;

/** The edge that says who the caller is. */
export const edge: Shape = variantOf('The edge that says who the caller is, by its profile.', 'profile', profiles);
