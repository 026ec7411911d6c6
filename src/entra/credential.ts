import { nowSeconds, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { TokenSource } from '../core/token-source';
import { mintClientAssertion, type ClientCertificate } from '../token/client-assertion';

/** An assertion by which the application shows who it is (RFC 7523), and what it says, for messages. */
export interface ClientAssertion {
  readonly assertion: string;
  /** Issuer, subject and audience of a federated token: what the federated credential must say. */
  readonly presented?: string;
}

/** How the application shows who it is, without a secret. */
export type ClientCredential = () => Promise<ClientAssertion>;

/** Entra's one audience for federated credentials; letter by letter. */
export const FEDERATION_AUDIENCE = 'api://AzureADTokenExchange';

/** What a token of our own says of itself; it is not verified here, and need not be. */
function presentedBy(token: string): string | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as object;
    const { iss, sub, aud } = claims as Record<string, unknown>;
    return `issuer ${JSON.stringify(iss)}, subject ${JSON.stringify(sub)}, audience ${JSON.stringify(aud)}`;
  } catch {
    return undefined;
  }
}

/** A source of the app's own may fail in any way, and that is no fault of Baton's. */
function sourceFailed(cause: unknown): never {
  if (cause instanceof BatonError) throw cause;
  const message = 'The token source of the federated credential gave no token.';
  throw new BatonError('entra_unavailable', message, { cause, reason: 'federation' });
}

/** A token of somebody whom the application trusts by a federated credential. */
export function federatedCredential(source: TokenSource): ClientCredential {
  return async () => {
    const { token } = await source.token(FEDERATION_AUDIENCE).catch(sourceFailed);
    const presented = presentedBy(token);
    return { assertion: token, ...(presented !== undefined && { presented }) };
  };
}

/** An assertion that the application signs with its certificate's key. */
export function certificateCredential(
  certificate: ClientCertificate,
  clientId: string,
  endpoint: URL,
  clock: Clock,
): ClientCredential {
  const terms = { clientId, audience: endpoint.href };
  return async () => ({ assertion: await mintClientAssertion(certificate, terms, nowSeconds(clock)) });
}
