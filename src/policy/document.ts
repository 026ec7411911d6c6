import type { Algorithm } from '../jws/algorithms';
import type { ClaimsDocument } from './claims-document';
import type { EdgeDocument } from './edge-document';
import type { KeysDocument } from './keys-document';

export type { ClaimsDocument, EdgeDocument, KeysDocument };

/** An OpenID provider or other issuer of JWT access tokens. */
export interface IdentityProviderDocument {
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly algorithms: readonly Algorithm[];
  /** Found by OpenID Connect Discovery where it is left out. */
  readonly keys?: KeysDocument;
  /** Accepted `typ` values. */
  readonly types?: readonly string[];
  readonly clockToleranceSeconds?: number;
  readonly maxLifetimeSeconds?: number;
  readonly claims: ClaimsDocument;
}

/** Who signs hand-over tokens: this application. */
export interface HandOverDocument {
  readonly issuer: string;
  readonly algorithms: readonly Algorithm[];
  readonly keys: KeysDocument;
  readonly clockToleranceSeconds?: number;
}

/** A role: who has it and what it may do. */
export interface RoleDocument {
  /** `provider:value`: whoever that provider says this of. */
  readonly members?: readonly string[];
  readonly inherits?: readonly string[];
  readonly permissions?: readonly string[];
  /** Taken away again, whatever other roles grant. */
  readonly deny?: readonly string[];
}

/** What an actor (RFC 8693 `act`) may do at most, whoever it acts for. */
export interface ActorDocument {
  readonly members?: readonly string[];
  readonly permissions?: readonly string[];
  readonly deny?: readonly string[];
  /** Roles that count while this actor acts, where a rule asks for a role. */
  readonly roles?: readonly string[];
}

/** What a route asks of its caller. */
export interface RouteDocument {
  readonly path: string;
  /** Any method where it is left out. */
  readonly method?: string;
  readonly public?: true;
  readonly authenticated?: true;
  readonly permission?: string | readonly string[];
  readonly role?: string | readonly string[];
  readonly scope?: string | readonly string[];
}

/** A Lambda function that the application calls as its caller. */
export interface FunctionDocument {
  /** ARN of the function, with version or alias where wanted. Also the audience of its hand-over tokens. */
  readonly target: string;
  readonly permission: string;
  readonly timeoutSeconds?: number;
}

/** The policy file, as `policy.schema.json` describes it. */
export interface PolicyDocument {
  readonly $schema?: string;
  readonly application: string;
  readonly edge: EdgeDocument;
  readonly identityProviders?: Readonly<Record<string, IdentityProviderDocument>>;
  readonly handOver?: HandOverDocument;
  readonly roles: Readonly<Record<string, RoleDocument>>;
  readonly actors?: Readonly<Record<string, ActorDocument>>;
  readonly routes?: readonly RouteDocument[];
  readonly unlistedRoutes?: 'deny' | 'authenticated';
  readonly functions?: Readonly<Record<string, FunctionDocument>>;
}
