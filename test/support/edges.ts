import type { Fetch } from '../../src/keys/fetch-json';
import type { EdgeDocument, PolicyDocument } from '../../src/policy/document';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { makeKey, NOW, PROVIDER_AUDIENCE, rawSignature, type TestKey } from './tokens';

type Json = Readonly<Record<string, unknown>>;

/** What a test changes about a good assertion. A member that is undefined is left out. */
export interface AssertionChanges {
  readonly header?: Json;
  readonly claims?: Json;
  readonly key?: TestKey;
  /** Padded the other way round than this edge does. */
  readonly otherPadding?: boolean;
}

/** An edge that signs as the real one does, by node:crypto alone. */
export interface EdgeStandIn {
  readonly profile: EdgeDocument['profile'];
  /** As the real edge spells it. */
  readonly header: string;
  readonly key: TestKey;
  /** The edge in the policy, without anything that the profile knows by itself. */
  readonly edge: EdgeDocument;
  readonly identityProviders?: PolicyDocument['identityProviders'];
  /** Under which name the policy knows its subjects. */
  readonly provider: string;
  /** The role value of the good assertion. */
  readonly member: string;
  /** The only address that may be asked for `kid`. */
  keyUrl(kid: string): string;
  /** Where `iss` and `exp` are. */
  readonly claimsIn: 'header' | 'payload';
  /** Changes that name another audience; none where there is no such thing. */
  readonly otherAudience?: AssertionChanges;
  readonly padded: boolean;
  /** In front of the assertion, in the header. */
  readonly scheme: string;
  /** What the good assertion says. */
  readonly subject: string;
  readonly lifetimeSeconds: number;
  readonly headerMembers: Json;
  readonly claims: Json;
}

const UUID = '5f1c9d0e-3b1a-4c55-9a3e-0d5a1d6f7b21';
const KID = 'edge-key-1';
export const ALB = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/invoices/50dc6c495c0c9188';
export const VAI = 'arn:aws:ec2:eu-west-1:123456789012:verified-access-instance/vai-0123456789abcdef0';
const IDP = 'https://login.example.com/tenant-1';
const TEAM = 'https://example.cloudflareaccess.com';
const AUD_TAG = 'f70ff985a4ef1d643db5c10c6e1d0f4b7c9a0d7e6f5b4c3a2918070605040302';
const IAP_AUDIENCE = '/projects/123456789/global/backendServices/987654321';
const HOST = 'invoices.example.com';
const times = (seconds: number): Json => ({ iat: NOW, exp: NOW + seconds });

export const standIns: readonly EdgeStandIn[] = [
  {
    profile: 'aws-alb',
    header: 'x-amzn-oidc-data',
    key: makeKey('ES256', { kid: UUID }),
    edge: {
      profile: 'aws-alb',
      signer: ALB,
      issuer: IDP,
      client: 'client-1',
      claims: { subject: '/sub', roles: '/groups' },
    },
    provider: 'aws-alb',
    member: 'Clerks',
    keyUrl: (kid) => `https://public-keys.auth.elb.eu-west-1.amazonaws.com/${kid}`,
    claimsIn: 'header',
    otherAudience: { header: { client: 'client-2' } },
    padded: true,
    scheme: '',
    subject: 'u-1',
    lifetimeSeconds: 120,
    headerMembers: { typ: 'JWT', iss: IDP, client: 'client-1', signer: ALB, exp: NOW + 120 },
    claims: { sub: 'u-1', email_verified: 'true', groups: ['Clerks'], exp: NOW + 120, iss: IDP },
  },
  {
    profile: 'aws-verified-access',
    header: 'x-amzn-ava-user-context',
    key: makeKey('ES384', { kid: UUID }),
    edge: { profile: 'aws-verified-access', signer: VAI, issuer: IDP, provider: 'idc' },
    provider: 'idc',
    member: 'Clerks',
    keyUrl: (kid) => `https://public-keys.prod.verified-access.eu-west-1.amazonaws.com/${kid}`,
    claimsIn: 'header',
    padded: true,
    scheme: '',
    subject: 'u-1',
    lifetimeSeconds: 120,
    headerMembers: { iss: IDP, signer: VAI, exp: NOW + 120 },
    claims: { sub: 'u-1', email: 'ada@example.com', email_verified: true, groups: ['Clerks'] },
  },
  {
    profile: 'google-iap',
    header: 'x-goog-iap-jwt-assertion',
    key: makeKey('ES256', { kid: KID }),
    edge: { profile: 'google-iap', audience: IAP_AUDIENCE },
    provider: 'google-iap',
    member: 'ada@example.com',
    keyUrl: () => 'https://www.gstatic.com/iap/verify/public_key-jwk',
    claimsIn: 'payload',
    otherAudience: { claims: { aud: '/projects/123456789/apps/other' } },
    padded: false,
    scheme: '',
    subject: 'accounts.google.com:1057',
    lifetimeSeconds: 600,
    headerMembers: { typ: 'JWT' },
    claims: {
      iss: 'https://cloud.google.com/iap',
      aud: IAP_AUDIENCE,
      ...times(600),
      sub: 'accounts.google.com:1057',
      email: 'ada@example.com',
      hd: 'example.com',
      google: { access_levels: ['accessPolicies/1/accessLevels/office'] },
    },
  },
  {
    profile: 'cloudflare-access',
    header: 'Cf-Access-Jwt-Assertion',
    key: makeKey('RS256', { kid: KID }),
    edge: { profile: 'cloudflare-access', issuer: TEAM, audience: AUD_TAG },
    provider: 'cloudflare-access',
    member: 'ada@example.com',
    keyUrl: () => `${TEAM}/cdn-cgi/access/certs`,
    claimsIn: 'payload',
    otherAudience: { claims: { aud: [AUD_TAG.replace('f7', 'a0')] } },
    padded: false,
    scheme: '',
    subject: '7335d417-61da-459d-899c-0a01c76a2f94',
    lifetimeSeconds: 86_400,
    headerMembers: { typ: 'JWT' },
    claims: {
      iss: TEAM,
      aud: [AUD_TAG],
      ...times(86_400),
      nbf: NOW,
      sub: '7335d417-61da-459d-899c-0a01c76a2f94',
      email: 'ada@example.com',
      type: 'app',
      country: 'GB',
      identity_nonce: '6ei69kawdKzMIAPF',
    },
  },
  {
    profile: 'pomerium',
    header: 'X-Pomerium-Jwt-Assertion',
    key: makeKey('ES256', { kid: KID }),
    edge: { profile: 'pomerium', audience: HOST },
    provider: 'pomerium',
    member: 'Clerks',
    keyUrl: () => `https://${HOST}/.well-known/pomerium/jwks.json`,
    claimsIn: 'payload',
    otherAudience: { claims: { aud: 'other.example.com' } },
    padded: false,
    scheme: '',
    subject: 'u-1',
    lifetimeSeconds: 300,
    headerMembers: {},
    claims: {
      iss: HOST,
      aud: HOST,
      ...times(300),
      sub: 'u-1',
      user: 'u-1',
      name: 'Ada',
      groups: ['Clerks'],
      jti: 'j-1',
    },
  },
  {
    profile: 'oidc',
    header: 'Authorization',
    key: makeKey('RS256', { kid: KID }),
    edge: { profile: 'oidc' },
    identityProviders: {
      entra: {
        issuer: IDP,
        audience: PROVIDER_AUDIENCE,
        algorithms: ['RS256'],
        keys: { jwksUri: `${IDP}/keys` },
        claims: { subject: '/sub', roles: '/roles' },
      },
    },
    provider: 'entra',
    member: 'Clerks',
    keyUrl: () => `${IDP}/keys`,
    claimsIn: 'payload',
    otherAudience: { claims: { aud: 'api://other' } },
    padded: false,
    scheme: 'Bearer ',
    subject: 'u-1',
    lifetimeSeconds: 28 * 3600,
    headerMembers: { typ: 'at+jwt' },
    claims: { iss: IDP, aud: PROVIDER_AUDIENCE, ...times(3600), sub: 'u-1', roles: ['Clerks'] },
  },
];

/** The stand-in of a profile. */
export function standInOf(profile: string): EdgeStandIn {
  const found = standIns.find((item) => item.profile === profile);
  if (found === undefined) throw new Error(`There is no stand-in for ${profile}.`);
  return found;
}

function encode(bytes: Buffer, padded: boolean): string {
  const text = bytes.toString('base64url');
  return padded ? text.padEnd(Math.ceil(text.length / 4) * 4, '=') : text;
}

/** An assertion as this edge signs it: whatever padding there is lies inside of what is signed. */
export function assertionOf(standIn: EdgeStandIn, changes: AssertionChanges = {}): string {
  const { key = standIn.key, otherPadding = false } = changes;
  const padded = standIn.padded !== otherPadding;
  const header = { alg: standIn.key.alg, kid: standIn.key.kid, ...standIn.headerMembers, ...changes.header };
  const parts = [header, { ...standIn.claims, ...changes.claims }];
  const input = parts.map((part) => encode(Buffer.from(JSON.stringify(part)), padded)).join('.');
  return `${standIn.scheme}${input}.${encode(rawSignature(key.alg, input, key.privateKey), padded)}`;
}

/** Assertions with other headers, none signed anew: for floods of what is refused before its signature. */
export function headerChanger(standIn: EdgeStandIn): (header: Json) => string {
  const [, ...rest] = assertionOf(standIn).split('.');
  const members = { alg: standIn.key.alg, kid: standIn.key.kid, ...standIn.headerMembers };
  return (header) => {
    const encoded = encode(Buffer.from(JSON.stringify({ ...members, ...header })), standIn.padded);
    return [standIn.scheme + encoded, ...rest].join('.');
  };
}

/** The request's headers, names and values in turn. */
export const headersOf = (standIn: EdgeStandIn, changes: AssertionChanges = {}): [string, string] => [
  standIn.header,
  assertionOf(standIn, changes),
];

/** The key server of an edge: gives the edge's key at the edge's own address, and writes down every address asked. */
export function keyServerOf({ key, keyUrl, claimsIn }: EdgeStandIn, asked: string[]): Fetch {
  const pem = String(key.publicKey.export({ format: 'pem', type: 'spki' }));
  return async (url) => {
    asked.push(url.href);
    if (url.href === keyUrl(key.kid))
      return claimsIn === 'header' ? new Response(pem) : Response.json({ keys: [key.publicJwk] });
    return new Response(null, { status: 403 });
  };
}

/** A policy whose only edge is this one; its clerk may read invoices. */
export function policyBehind(standIn: EdgeStandIn, edge: Json = {}): Policy {
  const { identityProviders, provider, member } = standIn;
  return compilePolicy(
    {
      application: 'invoices',
      edge: { ...standIn.edge, ...edge },
      ...(identityProviders && { identityProviders }),
      roles: { clerk: { members: [`${provider}:${member}`], permissions: ['invoice:read'] } },
      routes: [{ method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' }],
    },
    {},
  );
}
