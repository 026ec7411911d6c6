/** Where Baton is stricter than a vector's authors: the reason, and the IDs of the vectors that it holds for. */
export type Deviations = Readonly<Record<string, readonly string[]>>;

const HMAC = 'HMAC: with a shared secret every verifier could sign';
const EMPTY = 'an empty payload: no claims, no token of ours';
const OTHER_ALGORITHM = 'the key says that it is for another algorithm';
const JSON_FORM = 'JSON serialisation: a header carries compact tokens only';
const ENCRYPTED = 'encrypted (JWE): never decrypted';
const DETACHED = 'a payload that is elsewhere: there would be no claims';
const UNENCODED = 'an unencoded payload (RFC 7797), by a critical header';
const LENIENT = 'valid for lenient base64 decoders only, and HMAC besides';

/** `1-3,7` as four IDs. */
const ids = (list: string): string[] =>
  list.split(',').flatMap((item) => {
    const [from = 0, to = from] = item.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
  });

const inJson = (example: string): string[] => [`${example} json`, `${example} json_flat`];

/** Held both ways: a vector that is refused and not listed fails the tests, and so does one listed that is accepted. */
export const deviations = {
  json_web_signature_test: {
    [HMAC]: ids('1,348,352,357-359,376-377'),
    [EMPTY]: ids('259,264,268,272,320,325'),
    [OTHER_ALGORITHM]: ids('346-347,350-351'),
    [LENIENT]: ids('372-373'),
  },
  json_web_crypto_test: { [HMAC]: ids('1,48'), [ENCRYPTED]: ids('50,67') },
  json_web_key_test: { [HMAC]: ids('2,13-15') },
  json_web_encryption_test: {
    [ENCRYPTED]: ids('1,23,28-35,52-62,66-93,100-105,112,121,128-135'),
  },
  ecdsa_secp256r1_sha256_p1363_test: {},
  ecdsa_secp384r1_sha384_p1363_test: {},
  ecdsa_secp521r1_sha512_p1363_test: {},
  ed25519_test: {},
  rfc7515: { [HMAC]: ['RFC 7515 A.1'] },
  rfc7520: {
    [HMAC]: ['4_4.hmac-sha2_integrity_protection compact'],
    [DETACHED]: ['4_5.signature_with_detached_content compact'],
    [JSON_FORM]: [
      ...inJson('4_1.rsa_v15_signature'),
      ...inJson('4_2.rsa-pss_signature'),
      ...inJson('4_3.ecdsa_signature'),
      ...inJson('4_4.hmac-sha2_integrity_protection'),
      ...inJson('4_5.signature_with_detached_content'),
      ...inJson('4_6.protecting_specific_header_fields'),
      ...inJson('4_7.protecting_content_only'),
      '4_8.multiple_signatures json',
    ],
  },
  rfc7797: {
    [UNENCODED]: ['hmac-sha2_b64_false compact'],
    [JSON_FORM]: [...inJson('hmac-sha2_b64_false'), ...inJson('4.2.hmac-sha2_b64_false')],
  },
  curve25519: { [JSON_FORM]: inJson('jws') },
} as const satisfies Readonly<Record<string, Deviations>>;
