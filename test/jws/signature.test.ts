import { generateKeyPairSync, sign } from 'node:crypto';
import { verifySignature } from '../../src/jws/signature';

const data = Buffer.from('header.claims');
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

// What Node would find right: it goes by the kind of the key, whatever the algorithm is called.
it.each([
  ['an elliptic key that signed by its own way', 'RS256', elliptic, 'sha256'],
  ['an elliptic key that signed by its own way', 'PS256', elliptic, 'sha256'],
  ['an elliptic key that signed by its own way', 'EdDSA', elliptic, null],
  ['an RSA key that signed by its own way', 'EdDSA', rsa, null],
  ['an RSA key that signed by its own way', 'ES256', rsa, 'sha256'],
] as const)('%s is none for %s', async (_name, algorithm, { publicKey, privateKey }, digest) => {
  const signature = sign(digest, data, privateKey);
  const key = { kid: 'k', algorithm, key: publicKey };
  await expect(verifySignature(data, signature, key)).rejects.toThrow(
    new TypeError(`The key is none for ${algorithm}.`),
  );
});
