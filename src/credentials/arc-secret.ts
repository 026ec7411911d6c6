import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { BatonError } from '../core/errors';

/** Larger files are none of the agent's. */
const MAX_BYTES = 4096;

type Environment = Readonly<Record<string, string | undefined>>;

/** The one folder in which the agent puts its secrets. */
function secretFolder(env: Environment): string {
  const { ProgramData: programData } = env;
  return programData
    ? path.win32.join(programData, 'AzureConnectedMachineAgent', 'Tokens')
    : '/var/opt/azcmagent/tokens';
}

const refused = (message: string, cause?: unknown): BatonError =>
  new BatonError('credentials_refused', `The managed identity of Azure Arc cannot be used: ${message}`, {
    reason: 'managed_identity',
    cause,
  });

/**
 * What the agent of Azure Arc wants to see: the text of a file that only its group can read, and whose path it answers with.
 * Whoever listens in the agent's place must not be able to have other files read: only the agent's own folder counts.
 *
 * @param challenge `WWW-Authenticate: Basic realm=<path>`
 * @param folder the agent's; for tests
 * @throws BatonError `credentials_refused`, reason `managed_identity`
 * @see https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication
 */
export async function readArcSecret(
  challenge: string,
  env: Environment,
  folder: string = secretFolder(env),
): Promise<string> {
  const file = /^Basic realm="?([^"]+?)"?$/i.exec(challenge.trim())?.[1] ?? '';
  const paths = env.ProgramData ? path.win32 : path.posix;
  const isOurs =
    paths.normalize(file) === file &&
    paths.dirname(file).toLowerCase() === folder.toLowerCase() &&
    paths.extname(file) === '.key';
  if (!isOurs) throw refused('its endpoint named no key file of the agent.');
  try {
    if ((await stat(file)).size > MAX_BYTES) throw refused('its key file is too large.');
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof BatonError) throw cause;
    const group =
      'make the identity of the application pool a member of the local group "Hybrid agent extension applications"';
    throw refused(`its key file cannot be read; ${group}, and restart the pool.`, cause);
  }
}
