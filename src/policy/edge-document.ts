import type { Algorithm } from '../jws/algorithms';
import type { ClaimsDocument } from './claims-document';
import type { KeysDocument } from './keys-document';

/** API Gateway with Baton's own authorizer, which signs Transaction Tokens. */
export interface TxnTokenEdge {
  readonly profile: 'txn-token';
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeysDocument;
  readonly clockToleranceSeconds?: number;
  readonly maxLifetimeSeconds?: number;
  /** `reject`: a token works once. Needs a gateway that caches no authorizer results. */
  readonly replay?: 'reject';
  /** `route`: a token works for the method and path that it was minted for. Needs a gateway that caches no results. */
  readonly bind?: 'route';
}

/** What every edge may say whose assertion is not made by Baton. */
interface ForeignEdge {
  /** What the edge's own values and subjects are called in the policy; the profile's name where it is left out. */
  readonly provider?: string;
  /** Where the assertion says what; the profile knows where it is left out. */
  readonly claims?: ClaimsDocument;
}

/** What every edge may say that signs in a way of its own. */
interface SignedForeignEdge extends ForeignEdge {
  /** Where the edge's public keys are; the profile knows where it is left out. */
  readonly keys?: KeysDocument;
  readonly clockToleranceSeconds?: number;
  readonly maxLifetimeSeconds?: number;
}

/** AWS Application Load Balancer with an `authenticate-oidc` or `authenticate-cognito` rule. */
export interface AwsAlbEdge extends SignedForeignEdge {
  readonly profile: 'aws-alb';
  /** ARN of the load balancer. */
  readonly signer: string;
  /** The identity provider's issuer. */
  readonly issuer: string;
  /** The client ID that the load balancer has at the identity provider. */
  readonly client: string;
}

/** AWS Verified Access. */
export interface AwsVerifiedAccessEdge extends SignedForeignEdge {
  readonly profile: 'aws-verified-access';
  /** ARN of the Verified Access instance. */
  readonly signer: string;
  /** The trust provider's issuer, or its ARN. */
  readonly issuer: string;
}

/** Google Identity-Aware Proxy. */
export interface GoogleIapEdge extends SignedForeignEdge {
  readonly profile: 'google-iap';
  readonly audience: string;
}

/** Cloudflare Access. */
export interface CloudflareAccessEdge extends SignedForeignEdge {
  readonly profile: 'cloudflare-access';
  /** `https://<team>.cloudflareaccess.com` */
  readonly issuer: string;
  /** The application's AUD tag. */
  readonly audience: string;
}

/** Pomerium. */
export interface PomeriumEdge extends SignedForeignEdge {
  readonly profile: 'pomerium';
  /** Host of the route: issuer, audience, and where the keys are. */
  readonly audience: string;
  /** Where Pomerium writes the issuer as a URL (`jwt_issuer_format`). */
  readonly issuer?: string;
}

/** No edge at all: the identity provider's access token reaches the app. */
export interface OidcEdge {
  readonly profile: 'oidc';
}

/** IIS's own Windows sign-in. */
export interface WindowsEdge {
  readonly profile: 'windows';
}

/** A header that nobody signed. */
export interface UnsignedEdge extends ForeignEdge {
  readonly profile: 'unsigned';
  readonly header: string;
  readonly encoding: 'json' | 'base64' | 'base64url';
  readonly claims: ClaimsDocument;
}

/** Edges with a signature of their own kind, each one a profile for the same verifier. */
export type SignedEdge = AwsAlbEdge | AwsVerifiedAccessEdge | GoogleIapEdge | CloudflareAccessEdge | PomeriumEdge;

/** Who says who the callers are, by the member `profile`. */
export type EdgeDocument = TxnTokenEdge | SignedEdge | OidcEdge | WindowsEdge | UnsignedEdge;

/**
 * The name under which the edge's subjects and values stand in the policy; undefined where they are those of the
 * `identityProviders`.
 */
export function edgeProvider(edge: EdgeDocument): string | undefined {
  if (edge.profile === 'txn-token' || edge.profile === 'oidc') return undefined;
  return edge.profile === 'windows' ? 'windows' : (edge.provider ?? edge.profile);
}
