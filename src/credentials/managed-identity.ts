import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import type { TokenSource } from '../core/token-source';
import { readArcSecret } from './arc-secret';
import { tokenOf } from './entra-answer';
import { attempts, exchange, machineWire, unavailable, type Answer, type Wire } from './http';

/** Options of {@link managedIdentityToken}. */
export interface ManagedIdentityOptions {
  /** The client ID of a user-assigned identity. Default: the system-assigned one. */
  readonly clientId?: string;
  /**
   * Default `process.env`.
   * @internal
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Sends requests and waits; for tests.
   * @internal
   */
  readonly wire?: Partial<Wire>;
}

/** Where a machine's identity is asked for, and how. */
interface Host {
  readonly name: 'App Service' | 'Azure Arc' | 'a virtual machine';
  readonly url: string;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
}

const METADATA_SERVICE = 'http://169.254.169.254/metadata/identity/oauth2/token';

/** What the environment says of the machine: App Service and Azure Arc set variables, a virtual machine has none. */
function hostOf(env: Readonly<Record<string, string | undefined>>): Host {
  const { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: secret, IMDS_ENDPOINT: arc } = env;
  if (url && secret)
    return { name: 'App Service', url, version: '2019-08-01', headers: { 'x-identity-header': secret } };
  if (url && arc) return { name: 'Azure Arc', url, version: '2020-06-01', headers: { metadata: 'true' } };
  return {
    name: 'a virtual machine',
    url: METADATA_SERVICE,
    version: '2018-02-01',
    headers: { metadata: 'true' },
  };
}

function addressOf({ url, version }: Host, audience: string, clientId: string | undefined): URL {
  let address: URL;
  try {
    address = new URL(url);
  } catch (cause) {
    throw new BatonError('option_invalid', 'managedIdentityToken(): IDENTITY_ENDPOINT is not a URL.', { cause });
  }
  address.searchParams.set('resource', audience);
  address.searchParams.set('api-version', version);
  if (clientId !== undefined) address.searchParams.set('client_id', clientId);
  return address;
}

async function ask(wire: Wire, host: Host, address: URL, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  try {
    return await exchange(wire, address, { headers: { ...host.headers, ...more } });
  } catch (cause) {
    throw unavailable(
      'managed_identity',
      `The managed identity of ${host.name} could not be asked for at ${address.host}. Give the machine an identity: in Azure its own, elsewhere by Azure Arc; or use a certificate (entraCertificateToken).`,
      cause,
    );
  }
}

/**
 * Tokens of the managed identity that the machine has in Microsoft Entra ID: in Azure App Service, on a virtual machine of
 * Azure, and by Azure Arc on any other Windows server. There is no secret on the server at all.
 *
 * The audience is the App ID URI, or the ID, of an API of your own. On Azure Arc the identity of the application pool must be a
 * member of the local group "Hybrid agent extension applications".
 *
 * @throws BatonError at start `option_invalid`, `option_unknown`; later `credentials_refused` and `credentials_unavailable`, both
 *   with reason `managed_identity` or the AADSTS number
 * @see https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 * @see https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 *
 * @example
 * ```ts
 * webIdentityCredentials({ token: managedIdentityToken(), audience: 'api://invoices-aws' });
 * ```
 */
export function managedIdentityToken(options: ManagedIdentityOptions = {}): TokenSource {
  checkOptionNames('managedIdentityToken()', options, { clientId: true, env: true, wire: true });
  const { clientId, env = process.env } = options;
  const host = hostOf(env);
  addressOf(host, 'api://checked-at-start', clientId);
  const wire = { ...machineWire, ...options.wire };
  return {
    token: (audience) =>
      attempts(wire, async () => {
        const address = addressOf(host, audience, clientId);
        let answer = await ask(wire, host, address);
        if (host.name === 'Azure Arc' && answer.status === 401) {
          const secret = await readArcSecret(answer.headers.get('www-authenticate') ?? '', env);
          answer = await ask(wire, host, address, { authorization: `Basic ${secret}` });
        }
        return tokenOf(answer, 'managed_identity', `The managed identity of ${host.name}`);
      }),
  };
}
