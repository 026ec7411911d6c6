import { BatonError } from '../core/errors';
import { unknownName } from '../core/options';
import type { EdgeDocument } from '../policy/edge-document';

/** An edge as a new policy has it. */
export interface EdgeChoice {
  readonly profile: EdgeDocument['profile'];
  /** The policy's section; what differs between environments as `${NAME}`. */
  readonly document: object;
  /** What `members` of roles begin with. */
  readonly provider: string;
  /** A value for each `${NAME}`: right in form, and to be replaced. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What an edge's placeholder values are made of. */
export interface EdgeFacts {
  readonly name: string;
  readonly host: string;
  readonly region: string;
  readonly account: string;
}

type Maker = (facts: EdgeFacts) => Omit<EdgeChoice, 'profile'>;

/** The provider of access tokens that clients bring along themselves. */
const TOKEN_PROVIDER = 'entra';

const signed = (provider: string, document: object, settings: Readonly<Record<string, string>>) => ({
  document: { profile: provider, ...document },
  provider,
  settings,
});

const EDGES: Readonly<Record<string, Maker>> = {
  'txn-token': ({ host }) => ({
    document: {
      profile: 'txn-token',
      issuer: '${GATEWAY_ISSUER}',
      audience: host,
      algorithms: ['ES256'],
      keys: { jwksUri: '${GATEWAY_JWKS_URI}' },
    },
    provider: TOKEN_PROVIDER,
    settings: {
      GATEWAY_ISSUER: 'https://gateway.example.com',
      GATEWAY_JWKS_URI: 'https://keys.example.com/gateway.jwks.json',
    },
  }),
  oidc: () => ({ document: { profile: 'oidc' }, provider: TOKEN_PROVIDER, settings: {} }),
  'aws-alb': ({ name, region, account }) =>
    signed(
      'aws-alb',
      { signer: '${EDGE_SIGNER}', issuer: '${EDGE_ISSUER}', client: '${EDGE_CLIENT}' },
      {
        EDGE_SIGNER: `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/app/${name}/0000000000000000`,
        EDGE_ISSUER: 'https://login.example.com',
        EDGE_CLIENT: 'client-id-of-the-listener-rule',
      },
    ),
  'aws-verified-access': ({ region, account }) =>
    signed(
      'aws-verified-access',
      { signer: '${EDGE_SIGNER}', issuer: '${EDGE_ISSUER}' },
      {
        EDGE_SIGNER: `arn:aws:ec2:${region}:${account}:verified-access-instance/vai-00000000000000000`,
        EDGE_ISSUER: 'https://login.example.com',
      },
    ),
  'google-iap': () =>
    signed(
      'google-iap',
      { audience: '${EDGE_AUDIENCE}' },
      { EDGE_AUDIENCE: '/projects/000000000000/global/backendServices/0000000000000000000' },
    ),
  'cloudflare-access': () =>
    signed(
      'cloudflare-access',
      { issuer: '${EDGE_ISSUER}', audience: '${EDGE_AUDIENCE}' },
      { EDGE_ISSUER: 'https://team.cloudflareaccess.com', EDGE_AUDIENCE: '0'.repeat(64) },
    ),
  pomerium: ({ host }) => signed('pomerium', { audience: '${EDGE_AUDIENCE}' }, { EDGE_AUDIENCE: host }),
};

/** The edges that a policy can begin with. The others need a word in the code as well. */
export const EDGE_NAMES: readonly string[] = Object.keys(EDGES);

/**
 * The edge of a new policy.
 * @throws BatonError `option_invalid` for one that is not known, or that a command cannot set up
 */
export function chooseEdge(profile: string, facts: EdgeFacts): EdgeChoice {
  const maker = Object.hasOwn(EDGES, profile) ? EDGES[profile] : undefined;
  if (maker !== undefined) return { profile: profile as EdgeDocument['profile'], ...maker(facts) };
  const byHand = profile === 'windows' || profile === 'unsigned';
  const why = byHand
    ? `"${profile}" proves nothing by itself and has to be switched on in the code: docs/edges.md says how`
    : unknownName(profile, EDGE_NAMES);
  throw new BatonError('option_invalid', `The edge ${why}.`);
}
