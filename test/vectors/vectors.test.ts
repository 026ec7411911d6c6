import { readProtected, splitCompact } from '../../src/jws/compact';
import type { JwkSet } from '../../src/jws/keys';
import { ALGORITHMS, type Algorithm } from '../../src/jws/algorithms';
import { indexKeys } from '../../src/keys/fixed';
import { deviations, type Deviations } from './deviations';
import { faultOf } from '../support/errors';
import { cookbookVectors, readData, rfc7515Vectors, signatureVectors, tokenVectors, type Vector } from './vectors';

/** A key set as a key server would send it: what cannot be used is left out, not fatal. */
const servedKeys = ({ keys }: JwkSet): ReturnType<typeof indexKeys> =>
  indexKeys(keys, Object.keys(ALGORITHMS) as Algorithm[]);

type Suite = [name: string, vectors: () => Vector[], accepted: number, deviations: Deviations];

const suites: readonly Suite[] = [
  ['json_web_signature_test', () => tokenVectors('json_web_signature_test'), 26, deviations.json_web_signature_test],
  ['json_web_crypto_test', () => tokenVectors('json_web_crypto_test'), 2, deviations.json_web_crypto_test],
  ['json_web_key_test', () => tokenVectors('json_web_key_test'), 1, deviations.json_web_key_test],
  [
    'json_web_key_test, its keys from a server',
    () => tokenVectors('json_web_key_test', servedKeys),
    1,
    deviations.json_web_key_test,
  ],
  ['json_web_encryption_test', () => tokenVectors('json_web_encryption_test'), 0, deviations.json_web_encryption_test],
  ...(
    [
      ['ecdsa_secp256r1_sha256_p1363_test', 'ES256', 173],
      ['ecdsa_secp384r1_sha384_p1363_test', 'ES384', 193],
      ['ecdsa_secp521r1_sha512_p1363_test', 'ES512', 231],
      ['ed25519_test', 'EdDSA', 88],
    ] as const
  ).map(([name, algorithm, accepted]): Suite => [
    name,
    () => signatureVectors(name, algorithm),
    accepted,
    deviations[name],
  ]),
  ['the examples of RFC 7515 and RFC 8037', rfc7515Vectors, 3, deviations.rfc7515],
  ['the examples of RFC 7520', () => cookbookVectors('rfc7520/jws'), 3, deviations.rfc7520],
  ['the examples of RFC 7797', () => cookbookVectors('rfc7520/rfc7797'), 0, deviations.rfc7797],
  ['the Ed25519 example of RFC 8037', () => cookbookVectors('rfc7520/curve25519'), 1, deviations.curve25519],
];

describe.each(suites)('%s', (_name, vectorsOf, acceptedCount, listed) => {
  const vectors = vectorsOf();
  let accepted: Vector[];

  beforeAll(async () => {
    const verdicts = await Promise.all(vectors.map((vector) => vector.accepted()));
    accepted = vectors.filter((_, index) => verdicts[index]);
  });

  it('accepts nothing that is wrong', () => {
    expect(accepted.filter(({ valid }) => !valid).map(({ id }) => id)).toEqual([]);
  });

  it('refuses of what is right exactly the listed vectors', () => {
    const refused = vectors.filter((vector) => vector.valid && !accepted.includes(vector)).map(({ id }) => id);
    expect(refused.sort()).toEqual(Object.values(listed).flat().sort());
  });

  it(`accepts ${acceptedCount}`, () => {
    expect(accepted).toHaveLength(acceptedCount);
  });
});

describe('the base64 vectors of json_web_signature_test', () => {
  const { testGroups } = readData<{
    testGroups: { comment: string; tests: { tcId: number; result: string; comment: string; jws: string }[] }[];
  }>('wycheproof/json_web_signature_test.json');
  const tests = testGroups.filter(({ comment }) => comment === 'base64').flatMap((group) => group.tests);
  const right = new Set(tests.filter(({ result }) => result === 'valid').map(({ jws }) => jws));
  // 367 and 370 lost their padding on the way into the file: letter by letter they are 357, which is right.
  const wrong = tests.filter(({ result, jws }) => result === 'invalid' && !right.has(jws));

  it('are those that are about the form, without the two', () => {
    const numbers = wrong.map(({ tcId }) => tcId);
    expect(numbers).toEqual([360, 361, 362, 363, 364, 365, 366, 368, 369, 371, 374, 375]);
  });

  // All are signed with an HMAC, which is refused for itself: what they are about must be seen without the key.
  it.each(wrong)('$tcId is refused by its form', async ({ jws }) => {
    expect(await faultOf(() => readProtected(splitCompact(jws, 8192)))).toBe('malformed');
  });
});
