import { listOf, mapOf, objectOf, oneOf, text, type Shape } from '../policy/shape';
import type { Logger } from '../core/logger';
import type { LocalResource } from './entra/applications';
import { startEntraEndpoint, type EntraEndpoint } from './entra/endpoint';
import { Started } from './started';
import type { StsAction } from './sts/endpoint';
import { startWebIdentityIssuer } from './sts/web-identity-token';

/** `entra` of `baton.dev.json`: functions that go to APIs of Entra as themselves, and those APIs. */
export interface RelayEntraDocument {
  /** By function: the role that it runs as, and the application that trusts the role. */
  readonly functions: Readonly<Record<string, { readonly roleArn: string; readonly clientId: string }>>;
  readonly resources: readonly LocalResource[];
}

const lists = (what: string): Shape => mapOf(listOf(text('A name.'), what), `${what} By client ID.`, /^[\w.-]{1,253}$/);

const resource = objectOf('An API that tokens are for.', {
  required: { appIdUri: text('Its application ID URI.') },
  optional: {
    audience: text('The audience of its tokens. Default: the URI.'),
    roles: lists('Application roles that were given.'),
    consents: lists('Scopes that were consented to.'),
    requiresMfa: oneOf('Whether users must have signed in with a second factor.', [true, false]),
  },
});

const workload = objectOf('Who a function is.', {
  required: { roleArn: text('The IAM role that it runs as.'), clientId: text('The application that trusts the role.') },
});

/** The shape of {@link RelayEntraDocument}. */
export const relayEntraShape: Shape = objectOf('Applications and APIs of Entra.', {
  required: {
    functions: mapOf(workload, 'By function.', /^[A-Za-z0-9_-]{1,64}$/, 'up to 64 letters, digits, "-" and "_"'),
    resources: listOf(resource, 'APIs.'),
  },
});

/** Entra as the relay runs it, and what the functions' environments get of it. */
export interface RelayEntra {
  readonly entra: EntraEndpoint;
  /** What STS answers to the functions: tokens that say as which role they run. */
  readonly actions: Readonly<Record<string, StsAction>>;
  /** What a function needs to be its role, with STS there; nothing for one that is not listed. */
  environmentOf(name: string, stsUrl: string): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const AUDIENCE = 'api://AzureADTokenExchange';
const accessKeyOf = (index: number): string => `AKIALOCAL${String(index).padStart(7, '0')}`;

/**
 * Starts Entra's token endpoint of a relay, and the issuer of the tokens by which functions show who they are; STS gives them
 * out. Each function that is listed gets credentials of its own, which stand for its role; Entra's applications trust the roles.
 *
 * @throws BatonError `relay_failed`, `option_invalid`
 */
export async function startRelayEntra(
  { functions, resources }: RelayEntraDocument,
  { tenant, userIssuer, port = 0 }: { readonly tenant: string; readonly userIssuer: string; readonly port?: number },
  logger?: Logger,
): Promise<RelayEntra> {
  const started = new Started();
  const log = logger && { logger };
  const names = Object.keys(functions);
  const keyOf = (name: string): string => accessKeyOf(names.indexOf(name));
  try {
    const roles = Object.fromEntries(Object.entries(functions).map(([name, { roleArn }]) => [keyOf(name), roleArn]));
    const issuer = started.keep(await startWebIdentityIssuer({ roles }));
    const applications = Object.values(functions).map(({ roleArn, clientId }) => ({
      clientId,
      federatedCredentials: [{ issuer: issuer.issuer, subject: roleArn, audience: AUDIENCE }],
    }));
    const userIssuers = [userIssuer];
    const entra = started.keep(
      await startEntraEndpoint({ tenant, applications, resources, userIssuers, port, ...log }),
    );
    return {
      entra,
      actions: { GetWebIdentityToken: issuer.action },
      environmentOf(name, stsUrl): Readonly<Record<string, string>> {
        if (!Object.hasOwn(functions, name)) return {};
        return { AWS_ACCESS_KEY_ID: keyOf(name), AWS_SECRET_ACCESS_KEY: 'local', AWS_ENDPOINT_URL_STS: stsUrl };
      },
      stop: () => started.stop(),
    };
  } catch (error) {
    // Why the start failed is worth more than what could not be cleaned up after it.
    await started.stop().catch(() => undefined);
    throw error;
  }
}
