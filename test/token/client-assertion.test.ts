import { constants, createHash, verify, X509Certificate } from 'node:crypto';
import { jwkSigner, type Signer } from '../../src/jws/sign';
import { clientCertificate, mintClientAssertion, type ClientCertificate } from '../../src/token/client-assertion';
import { makeCertificate, pemOf } from '../support/certificates';
import { codeOf, thrownBy } from '../support/errors';
import { leakOf } from '../support/recording-logger';
import { makeKey, NOW } from '../support/tokens';

const key = makeKey('PS256');
const other = makeKey('PS256');
const pem = makeCertificate(key, NOW - 3600, NOW + 3600);
const terms = { clientId: 'renderer', audience: 'https://login.example.com/t/oauth2/v2.0/token' };
const decode = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
const signerOf = ({ privateJwk }: typeof key): Signer => jwkSigner(privateJwk);

describe.each<[string, () => ClientCertificate]>([
  ['a key in PEM', () => clientCertificate(pem, pemOf(key.privateKey))],
  ['a signer', () => clientCertificate(pem, signerOf(key))],
  [
    'a signer whose key changes',
    () => clientCertificate(pem, { ...signerOf(key), current: async () => signerOf(key) }),
  ],
])('an assertion by %s', (_, make) => {
  it('is PS256 by the certificate, named by its SHA-256, for five minutes', async () => {
    const assertion = await mintClientAssertion(make(), terms, NOW);
    const [header, claims, signature] = assertion.split('.');
    const thumbprint = createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');
    expect(decode(header)).toEqual({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint });
    expect(decode(claims)).toEqual({
      aud: terms.audience,
      iss: 'renderer',
      sub: 'renderer',
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      nbf: NOW,
      iat: NOW,
      exp: NOW + 300,
    });
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
    const publicKey = { key: new X509Certificate(pem).publicKey, padding, saltLength };
    expect(verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature!, 'base64url'))).toBe(
      true,
    );
  });
});

it('two assertions are never the same', async () => {
  const certificate = clientCertificate(pem, pemOf(key.privateKey));
  const minted = await Promise.all([1, 2].map(() => mintClientAssertion(certificate, terms, NOW)));
  expect(new Set(minted).size).toBe(2);
});

const ec = makeKey('ES256');

it.each<[string, string, string | Signer]>([
  ['no certificate', 'nothing', pemOf(key.privateKey)],
  ['the key in place of the certificate', pemOf(key.privateKey), pemOf(key.privateKey)],
  ['a certificate for an elliptic curve', makeCertificate(ec, NOW, NOW + 9, key.privateKey), pemOf(ec.privateKey)],
  ['no key', pem, 'nothing'],
  ["another certificate's key", pem, pemOf(other.privateKey)],
  ['a signer for another algorithm', pem, jwkSigner(makeKey('RS256').privateJwk)],
])('%s is refused at the start, and no key is quoted', async (_, certificate, given) => {
  const error = await thrownBy(() => clientCertificate(certificate, given));
  expect([error.code, error.cause]).toEqual(['key_invalid', undefined]);
  expect(leakOf(pemOf(key.privateKey), error.message)).toBeUndefined();
});

it('a signer with another key is found before Entra sees its signature', async () => {
  const certificate = clientCertificate(pem, signerOf(other));
  const error = await thrownBy(() => mintClientAssertion(certificate, terms, NOW));
  expect(error).toMatchObject({ code: 'key_invalid', message: expect.stringContaining("is not the certificate's") });
});

it('a certificate serves until its last second', async () => {
  const certificate = clientCertificate(pem, pemOf(key.privateKey));
  await mintClientAssertion(certificate, terms, NOW + 3600);
  expect(await codeOf(() => mintClientAssertion(certificate, terms, NOW + 3601))).toBe('key_invalid');
});
