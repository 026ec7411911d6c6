import * as peers from '../../src/core/peers';
import { kmsSigner } from '../../src/keys/kms-signer';
import { secretsManagerSigner } from '../../src/keys/secret-signer';
import { keySourceAt } from '../../src/keys/source';
import { codeOf, thrownBy } from '../support/errors';

const missing = new Set<string>();
jest.mock('../../src/core/peers', () => {
  const actual = jest.requireActual<typeof peers>('../../src/core/peers');
  return {
    ...actual,
    checkUnbundledPeer: (name: string, purpose: string) =>
      actual.checkUnbundledPeer(missing.has(name) ? `${name}-that-is-not-there` : name, purpose),
  };
});
afterEach(() => missing.clear());

it.each<[string, string, () => unknown]>([
  [
    'keys in a secret',
    '@aws-sdk/client-secrets-manager',
    () => keySourceAt({ secretId: 's' }, { algorithms: ['ES256'] }),
  ],
  ['a signer in a secret', '@aws-sdk/client-secrets-manager', () => secretsManagerSigner({ secretId: 's' })],
  ['a signer in KMS', '@aws-sdk/client-kms', () => kmsSigner({ key: 'alias/k', kid: 'k' })],
])('%s need their package at the start, and not with the first token', async (_, name, make) => {
  expect(make).not.toThrow();
  missing.add(name);
  expect(await codeOf(make)).toBe('peer_missing');
});

it('what is missing is named, with how to install it', async () => {
  const error = await thrownBy(() => peers.checkUnbundledPeer('no-such-package', 'This'));
  expect(error.message).toBe('This needs the package "no-such-package". Install it: npm install no-such-package');
});
