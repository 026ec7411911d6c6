import { canonicalJson } from '../../src/token/canonical-json';
import { clientCertificate, mintClientAssertion } from '../../src/token/client-assertion';
import { readEnvelope } from '../../src/token/envelope';
import { checkRegisteredClaims, numericDate } from '../../src/token/registered-claims';
import { jwkSigner } from '../../src/jws/sign';
import { makeCertificate, pemOf } from '../support/certificates';
import { thrownBy } from '../support/errors';
import { makeKey, NOW } from '../support/tokens';

// What the log says of a token, and a start-up of a certificate: an operator has nothing else to go by.
const saysOf = async (act: () => unknown): Promise<string> => (await thrownBy(act)).message;

describe('registered claims', () => {
  const claims = { iss: 'https://a.example', aud: 'x', iat: NOW, exp: NOW + 60 };
  const expected = {
    issuer: claims.iss,
    audiences: ['x', 'y'],
    clockToleranceSeconds: 5,
    maxLifetimeSeconds: 60,
  };
  it.each<[string, object, number?]>([
    ['The token\'s iss is not "https://a.example".', { iss: 'https://b.example' }],
    ["The token's aud is neither a string nor a list of strings.", { aud: ['x', 7] }],
    ['The token\'s aud is not "x" or "y".', { aud: ['z'] }],
    ["The token's exp is missing or is not a NumericDate.", { exp: `${NOW}` }],
    ["The token's iat is missing or is not a NumericDate.", { iat: -1 }],
    ['The token expired 5 s ago.', {}, NOW + 64.5 + 0.5],
    ['The token expired 6 s ago.', {}, NOW + 65.5],
    ['The token was issued 6 s in the future; look at both clocks.', {}, NOW - 6],
    ['The token is not valid yet.', { nbf: NOW + 6 }],
    ['The token lives longer than 60 s, or not at all.', { exp: NOW + 61 }],
    ['The token lives longer than 60 s, or not at all.', { iat: NOW + 1, exp: NOW + 1 }],
  ])('%s', async (message, changes, now = NOW) => {
    expect(await saysOf(() => checkRegisteredClaims({ ...claims, ...changes }, expected, now))).toBe(message);
  });

  it('hold to the second', () => {
    for (const [changes, now] of [
      [{}, NOW + 64],
      [{}, NOW - 5],
      [{ nbf: NOW + 5 }, NOW],
      [{ iat: 0, exp: 60 }, 30],
    ] as const) {
      const { iat, exp } = { ...claims, ...changes };
      const read = checkRegisteredClaims({ ...claims, ...changes }, expected, now);
      expect(read).toEqual({ issuedAt: iat, expiresAt: exp });
    }
    expect(numericDate({ exp: 0 }, 'exp')).toBe(0);
  });

  it.each([undefined, null, '1', NaN, Infinity, -1, [1], {}])('a time is not %p', async (exp) => {
    expect(await thrownBy(() => numericDate({ exp }, 'exp'))).toMatchObject({
      code: 'token_invalid',
      reason: 'claims',
    });
  });
});

describe('an envelope', () => {
  const none = 'The event is no Baton envelope. Call the function with createOffload() of iis-baton/offload.';
  const lacks = 'The envelope lacks the hand-over token or the correlation ID.';
  it.each([
    [none, { id: 7 }],
    ['The envelope is of a version that this function does not know.', { baton: 2 }],
    [lacks, { baton: 1, handOver: 'a.b.c' }],
    [lacks, { baton: 1, correlationId: 'c' }],
  ])('%s', async (message, event) => {
    expect(await thrownBy(() => readEnvelope(event))).toMatchObject({ code: 'event_invalid', message });
  });

  it('carries the key of left work where it is a text', () => {
    const envelope = { baton: 1, handOver: 'a.b.c', correlationId: 'c', payload: 7 };
    expect(readEnvelope({ ...envelope, idempotencyKey: 'k' })).toEqual({ ...envelope, idempotencyKey: 'k' });
    expect(readEnvelope({ ...envelope, idempotencyKey: 7 })).toEqual(envelope);
  });
});

it.each([
  ['A text holds half a surrogate pair.', '\ud800'],
  ['A number is not finite.', NaN],
  ['JSON has no word for a function.', () => 1],
  ['JSON has no word for a bigint.', 1n],
])('canonical JSON: %s', (message, value) => {
  expect(() => canonicalJson(value)).toThrow(message);
});

describe('a certificate', () => {
  const key = makeKey('PS256');
  const pem = makeCertificate(key, NOW - 3600, NOW + 3600);
  const ec = makeKey('ES256');
  it.each<[string, () => unknown]>([
    [
      'The certificate is no X.509 certificate in PEM (-----BEGIN CERTIFICATE-----).',
      () => clientCertificate('nothing', pemOf(key.privateKey)),
    ],
    [
      "The certificate's private key is no private key in PEM, or one with a passphrase.",
      () => clientCertificate(pem, 'nothing'),
    ],
    [
      'The certificate has no RSA key, and PS256 needs one.',
      () => clientCertificate(makeCertificate(ec, NOW, NOW + 9, key.privateKey), jwkSigner(key.privateJwk)),
    ],
    [
      'A certificate signs PS256, and its signer RS256.',
      () => clientCertificate(pem, jwkSigner(makeKey('RS256').privateJwk)),
    ],
    ["The private key is not the certificate's.", () => clientCertificate(pem, pemOf(makeKey('PS256').privateKey))],
    [
      `The certificate was valid until ${new Date((NOW + 3600) * 1000).toISOString()}. Register a new one with the application, then use it here.`,
      () =>
        mintClientAssertion(
          clientCertificate(pem, pemOf(key.privateKey)),
          { clientId: 'c', audience: 'https://login.example.com' },
          NOW + 3601,
        ),
    ],
  ])('%s', async (message, act) => {
    expect(await saysOf(act)).toBe(message);
  });
});
