import { nowSeconds, systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import { checkOptionNames, secureUrl } from '../core/options';
import type { TokenSource } from '../core/token-source';
import type { Signer } from '../jws/sign';
import { clientCertificate, mintClientAssertion } from '../token/client-assertion';
import { tokenOf } from './entra-answer';
import { attempts, exchange, machineWire, unavailable, type Answer, type Wire } from './http';

/** Options of {@link entraCertificateToken}. */
export interface EntraCertificateOptions {
  /** The tenant's ID, or one of its domains. */
  readonly tenant: string;
  /** The application's ID. */
  readonly clientId: string;
  /** The certificate that the application has in Entra, PEM. */
  readonly certificate: string;
  /** Its private key: PEM without a passphrase, or a signer for PS256, such as one whose key is in AWS KMS. */
  readonly key: string | Signer;
  /** Where tenants sign in. Default `https://login.microsoftonline.com`; national clouds have others. */
  readonly authority?: string;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
  /**
   * Sends requests and waits; for tests.
   * @internal
   */
  readonly wire?: Partial<Wire>;
}

const OWNER = 'entraCertificateToken()';

/** Segments of a URL's path: a tenant that holds more would ask somebody else. */
function checkTenant({ tenant, clientId }: EntraCertificateOptions): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/.test(tenant))
    throw new BatonError('option_invalid', `${OWNER}: option "tenant" must be the ID or a domain of a tenant.`);
  if (typeof clientId !== 'string' || clientId === '')
    throw new BatonError('option_invalid', `${OWNER}: option "clientId" must be a non-empty text.`);
}

/**
 * Tokens of Microsoft Entra ID for an application that shows the key of its certificate (client credentials with
 * `private_key_jwt`, PS256 and `x5t#S256`): for servers that have no managed identity. The key is the one secret on the server,
 * and never leaves it.
 *
 * @throws BatonError at start `key_invalid`, `option_invalid`, `option_unknown`; later `credentials_refused`,
 *   `credentials_unavailable`, both with reason `entra` or the AADSTS number, and `signer_unavailable`
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 *
 * @example
 * ```ts
 * const [certificate, key] = ['aws.crt', 'aws.key'].map((file) => readFileSync(file, 'utf8'));
 * const token = entraCertificateToken({ tenant, clientId, certificate, key });
 * ```
 */
export function entraCertificateToken(options: EntraCertificateOptions): TokenSource {
  checkOptionNames(OWNER, options, {
    tenant: true,
    clientId: true,
    certificate: true,
    key: true,
    authority: true,
    clock: true,
    wire: true,
  });
  checkTenant(options);
  const { tenant, clientId, authority = 'https://login.microsoftonline.com', clock = systemClock } = options;
  const wire = { ...machineWire, ...options.wire };
  const certificate = clientCertificate(options.certificate, options.key);
  const base = secureUrl(OWNER, authority);
  const endpoint = new URL(`${base.pathname.replace(/\/$/, '')}/${tenant}/oauth2/v2.0/token`, base);

  const ask = async (audience: string): Promise<{ token: string; expiresAt: number }> => {
    const assertion = await mintClientAssertion(certificate, { clientId, audience: endpoint.href }, nowSeconds(clock));
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope: `${audience}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    let answer: Answer;
    try {
      answer = await exchange(wire, endpoint, { method: 'POST', headers, body: form.toString() });
    } catch (cause) {
      throw unavailable('entra', `Entra could not be reached at ${endpoint.origin}.`, cause);
    }
    return tokenOf(answer, 'entra', `The application ${clientId}`);
  };
  // Each attempt with an assertion of its own: Entra may have seen the one before.
  return { token: (audience) => attempts(wire, () => ask(audience)) };
}
