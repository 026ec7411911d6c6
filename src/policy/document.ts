import type { LoginRequirement } from '../core/access';
import type { Algorithm } from '../jws/algorithms';
import type { ClaimsDocument, KindClaimDocument, ListClaim, ListClaimDocument } from './claims-document';
import type { EdgeDocument } from './edge-document';
import type { KeysDocument } from './keys-document';
import type { ApprovalDocument, StepDocument, WorkflowDocument } from './workflow-document';

export type { ClaimsDocument, KindClaimDocument, ListClaim, ListClaimDocument, EdgeDocument, KeysDocument };
export type { ApprovalDocument, StepDocument, WorkflowDocument };

/** An OpenID provider or other issuer of JWT access tokens. */
export interface IdentityProviderDocument {
  readonly issuer: string;
  /** The only tenants whose tokens are accepted, where the issuer holds `{tenantid}`. */
  readonly tenants?: readonly string[];
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
  /** What its callers are in AWS. */
  readonly aws?: { readonly roleArn: string };
}

/** What an actor (RFC 8693 `act`) may do at most, whoever it acts for. */
export interface ActorDocument {
  readonly members?: readonly string[];
  readonly permissions?: readonly string[];
  readonly deny?: readonly string[];
  /** Roles that count while this actor acts, where a rule asks for a role. */
  readonly roles?: readonly string[];
}

/** A field of the caller's identity that a path parameter can be held against. */
export type IdentityField = '/subject' | '/tenant' | '/actor/subject';

/** What a path parameter must equal; `prefix` is put in front of the parameter before they are compared. */
export type WhereDocument = IdentityField | { readonly field: IdentityField; readonly prefix?: string };

/** What a route asks of its caller. */
export interface RouteDocument {
  readonly path: string;
  /** Any method where it is left out. */
  readonly method?: string;
  readonly public?: true;
  readonly authenticated?: true;
  /** All of them. */
  readonly permission?: string | readonly string[];
  /** One of them. */
  readonly anyPermission?: string | readonly string[];
  /** One of them. */
  readonly role?: string | readonly string[];
  /** All of them. */
  readonly allRoles?: string | readonly string[];
  /** All of them. */
  readonly scope?: string | readonly string[];
  /** One of them. */
  readonly anyScope?: string | readonly string[];
  /** Path parameters by name, and what of the caller's identity each must equal. */
  readonly where?: Readonly<Record<string, WhereDocument>>;
  /** How lately, and how, the user must have signed in (RFC 9470). */
  readonly recentLogin?: LoginRequirement;
}

/** A Lambda function that the application calls as its caller. */
export interface FunctionDocument {
  /** ARN of the function, with version or alias where wanted. Also the audience of its hand-over tokens. */
  readonly target: string;
  readonly permission: string;
  readonly timeoutSeconds?: number;
  /** Where it is called through API Gateway, and how the gateway knows who calls. */
  readonly https?: { readonly url: string; readonly auth?: 'bearer' | 'sigv4' };
  /** Whether it may run twice for one call. */
  readonly idempotent?: boolean;
  readonly maxRetries?: number;
  readonly maxConcurrent?: number;
  readonly maxWaiting?: number;
  /** How work that is left behind for it gets there. */
  readonly delivery?: 'event' | 'sqs';
  /** The queue that it reads, where delivery is `sqs`. */
  readonly queueUrl?: string;
  /** How long after it was left behind such work may begin at most. */
  readonly deadlineSeconds?: number;
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
  readonly workflows?: Readonly<Record<string, WorkflowDocument>>;
}
