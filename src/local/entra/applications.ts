import { createHash, X509Certificate } from 'node:crypto';
import { BatonError } from '../../core/errors';

/** Whose tokens an application trusts as its own: compared letter by letter. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  /** Entra takes one, and the one is `api://AzureADTokenExchange`. */
  readonly audience: string;
}

/** An application that is registered in the tenant. */
export interface LocalApplication {
  readonly clientId: string;
  /** Object ID of its service principal. Default: the client ID. */
  readonly objectId?: string;
  /** Its application ID URI, where it is an API that users' tokens are for. */
  readonly appIdUri?: string;
  /** In PEM; with which it may sign. */
  readonly certificates?: readonly string[];
  readonly federatedCredentials?: readonly FederatedCredential[];
}

/** An API that tokens are for. */
export interface LocalResource {
  /** What stands before `/.default`. */
  readonly appIdUri: string;
  /** `aud` of its tokens. Default: the application ID URI; real v2.0 tokens have the client ID. */
  readonly audience?: string;
  /** Application roles that were given, by client ID. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** Scopes that were consented to, by client ID. */
  readonly consents?: Readonly<Record<string, readonly string[]>>;
  /** Conditional Access: users must have signed in with a second factor (`mfa` among their `amr`). */
  readonly requiresMfa?: boolean;
}

/** A certificate of an application, by its thumbprint. */
export interface RegisteredCertificate {
  readonly thumbprint: string;
  readonly certificate: X509Certificate;
}

/** An application, ready for its requests. */
export interface Application extends LocalApplication {
  readonly registered: readonly RegisteredCertificate[];
  readonly federated: FederatedCredential[];
}

function register(pem: string): RegisteredCertificate {
  try {
    const certificate = new X509Certificate(pem);
    return { certificate, thumbprint: createHash('sha256').update(certificate.raw).digest('base64url') };
  } catch (cause) {
    throw new BatonError('option_invalid', 'startEntraEndpoint(): a certificate is none in PEM.', { cause });
  }
}

/** @throws BatonError `option_invalid` for a certificate that is none */
export function readApplication(application: LocalApplication): Application {
  const { certificates = [], federatedCredentials = [] } = application;
  return { ...application, registered: certificates.map(register), federated: [...federatedCredentials] };
}
