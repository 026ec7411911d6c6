import { devNull } from 'node:os';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { listOf, mapOf, objectOf, text, wholeNumber, type Shape } from '../policy/shape';
import type { IdentityProvider, LocalClient } from './identity-provider';
import { isRecord } from './is-record';
import { startManagedIdentity, type ManagedIdentity } from './managed-identity';
import { startStsEndpoint, type RoleDefinition, type StsAction, type StsEndpoint } from './sts/endpoint';

/** `sts` of `baton.dev.json`: what of IAM the relay has. With it the app gets no AWS key. */
export interface RelayStsDocument {
  /** Audiences of the IAM OIDC provider that stands for the local identity provider. */
  readonly audiences: readonly string[];
  /** Roles by their ARN, with the documents that are deployed; `${relay.…}` stands for addresses there, too. */
  readonly roles: Readonly<Record<string, RoleDefinition>>;
  /** The client of the identity provider that this machine is, as an Azure managed identity; it needs a secret there. */
  readonly managedIdentity?: { readonly clientId: string };
}

/** A JSON document of AWS's, which is read where it is used. */
const awsDocument: Shape = {
  schema: { type: 'object' },
  check(value, pointer, problems) {
    if (!isRecord(value)) problems.push({ pointer, message: 'must be an object' });
  },
};

const role = objectOf('An IAM role.', {
  required: { trustPolicy: awsDocument, policy: awsDocument },
  optional: { maxSessionDurationSeconds: wholeNumber('How long its sessions may last.', 3600, 43_200) },
});

/** The shape of {@link RelayStsDocument}. */
export const relayStsShape: Shape = objectOf('AWS STS and the roles of the account.', {
  required: {
    audiences: listOf(text('An audience.'), 'Audiences of the IAM OIDC provider.', 1),
    roles: mapOf(role, 'IAM roles by ARN.', /^arn:aws:iam::\d{12}:role\/.+$/, 'the ARN of a role'),
  },
  optional: {
    managedIdentity: objectOf('What the machine is.', { required: { clientId: text('A client of the provider.') } }),
  },
});

/** STS as the relay runs it, and what the app's environment gets of it. */
export interface RelaySts {
  readonly sts: StsEndpoint;
  /** Undefined values take a variable away. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  stop(): Promise<void>;
}

/** What STS of a relay is started with. */
export interface RelayStsParts {
  readonly port?: number | undefined;
  /** What it answers besides. */
  readonly actions?: Readonly<Record<string, StsAction>> | undefined;
  readonly logger?: Logger | undefined;
}

async function identityOf(
  { managedIdentity }: RelayStsDocument,
  provider: IdentityProvider,
  clients: readonly LocalClient[],
): Promise<ManagedIdentity | undefined> {
  if (managedIdentity === undefined) return undefined;
  const { clientId } = managedIdentity;
  const clientSecret = clients.find((client) => client.clientId === clientId)?.clientSecret;
  if (clientSecret === undefined) {
    const message = `/sts/managedIdentity: the identity provider has no client "${clientId}" with a clientSecret.`;
    throw new BatonError('relay_failed', message);
  }
  return startManagedIdentity({ tokenEndpoint: provider.tokenEndpoint, clientId, clientSecret });
}

/**
 * Starts STS and the managed identity of a relay. The app's environment gets their addresses, and no AWS key.
 *
 * @throws BatonError `relay_failed`, `option_invalid`
 */
export async function startRelaySts(
  document: RelayStsDocument,
  provider: IdentityProvider,
  clients: readonly LocalClient[],
  { port = 0, actions = {}, logger }: RelayStsParts,
): Promise<RelaySts> {
  const { audiences, roles } = document;
  const providers = [{ url: provider.issuer, audiences }];
  const sts = await startStsEndpoint({ providers, roles, actions, port, ...(logger && { logger }) });
  try {
    const identity = await identityOf(document, provider, clients);
    return {
      sts,
      environment: {
        AWS_ENDPOINT_URL_STS: sts.url,
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
        // The files of whoever develops here hold real keys.
        AWS_SHARED_CREDENTIALS_FILE: devNull,
        AWS_CONFIG_FILE: devNull,
        ...identity?.environment,
      },
      async stop() {
        await Promise.all([sts.stop(), identity?.stop()]);
      },
    };
  } catch (error) {
    await sts.stop();
    throw error;
  }
}
