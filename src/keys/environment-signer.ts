import { BatonError } from '../core/errors';
import { systemFault } from '../core/system-fault';
import { readTextFile } from '../core/text-file';
import { jwkSigner, type Signer } from '../jws/sign';
import { isKeyRing, readKeyRing } from './key-ring';
import { parseKeyText } from './key-ring-text';
import { ringSigner, signerOfRing } from './ring-signer';

function readKeyText(name: string, env: NodeJS.ProcessEnv): string {
  const { [name]: inPlace, [`${name}_FILE`]: file } = env;
  if (inPlace) return inPlace;
  if (!file) {
    throw new BatonError(
      'key_invalid',
      `No signing key: set ${name}_FILE to the path of a key ring or private JWK (npx baton keys create <ring> makes one), or ${name} to its text.`,
    );
  }
  try {
    return readTextFile(file);
  } catch (cause) {
    throw new BatonError(
      'key_invalid',
      `The signing key file that ${name}_FILE names cannot be read (${systemFault(cause)}).`,
      { cause },
    );
  }
}

/**
 * The signer whose private JSON Web Key, or key ring, stands in the environment variable `name`, or in the file that
 * `name`_FILE names. A ring in a file is watched.
 *
 * @throws BatonError `key_invalid`; its message never holds any part of the key
 */
export function signerFromEnvironment(name: string, env: NodeJS.ProcessEnv = process.env): Signer {
  const value = parseKeyText(readKeyText(name, env), `The signing key of ${name}`);
  if (!isKeyRing(value)) return jwkSigner(value ?? {});
  const file = env[`${name}_FILE`];
  return env[name] || !file ? signerOfRing(readKeyRing(value)) : ringSigner(file);
}
