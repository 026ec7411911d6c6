import { startEntraEndpoint, type EntraEndpoint } from '../../src/local/entra/endpoint';
import type { LocalApplication, LocalResource } from '../../src/local/entra/applications';
import { startStsEndpoint, type StsEndpoint } from '../../src/local/sts/endpoint';
import { startWebIdentityIssuer, type WebIdentityIssuer } from '../../src/local/sts/web-identity-token';

export const TENANT = '72f988bf-0000-4000-8000-2d7cd011db47';
export const CLIENT = 'invoices-renderer';
export const ROLE = 'arn:aws:iam::123456789012:role/render-invoice';
export const ARCHIVE = 'api://archive';
export const FEDERATION = 'api://AzureADTokenExchange';
const ACCESS_KEY = 'AKIARENDERINVOICE';

/** AWS and Entra on loopback: a role, an application that trusts it, and an API. */
export interface EntraWorld {
  readonly issuer: WebIdentityIssuer;
  readonly sts: StsEndpoint;
  readonly entra: EntraEndpoint;
  /** What the SDK's STS client of the role's process is made with. */
  readonly clientConfig: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface EntraWorldOptions {
  readonly clock?: () => number;
  readonly application?: Partial<LocalApplication>;
  readonly resource?: Partial<LocalResource>;
  readonly userIssuers?: readonly string[];
  readonly tokenLifetimeSeconds?: number;
  /** Whether the AWS account gives tokens to the outside. */
  readonly enabled?: boolean;
}

export async function startEntraWorld(options: EntraWorldOptions = {}): Promise<EntraWorld> {
  const { clock, application, resource, enabled, ...rest } = options;
  const time = clock && { clock };
  const issuer = await startWebIdentityIssuer({
    roles: { [ACCESS_KEY]: ROLE },
    ...time,
    ...(enabled !== undefined && { enabled }),
  });
  const actions = { GetWebIdentityToken: issuer.action };
  const sts = await startStsEndpoint({ providers: [], roles: {}, actions, ...time });
  const trusted = { issuer: issuer.issuer, subject: ROLE, audience: FEDERATION };
  const entra = await startEntraEndpoint({
    tenant: TENANT,
    applications: [{ clientId: CLIENT, federatedCredentials: [trusted], ...application }],
    resources: [{ appIdUri: ARCHIVE, roles: { [CLIENT]: ['Archive.Write'] }, ...resource }],
    ...time,
    ...rest,
  });
  const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey: 'local' };
  return {
    issuer,
    sts,
    entra,
    clientConfig: { endpoint: sts.url, region: 'eu-west-1', credentials, maxAttempts: 1 },
    async stop() {
      await Promise.all([issuer.stop(), sts.stop(), entra.stop()]);
    },
  };
}

/** The claims of a token; its signature is not looked at. */
export const claimsIn = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
