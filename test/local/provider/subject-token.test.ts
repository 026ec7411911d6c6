import { generateKeyPairSync, sign } from 'node:crypto';

import { createSigningKey, type SigningKey } from '../../../src/local/provider/signing-key';
import { verifySubjectToken } from '../../../src/local/provider/subject-token';

const NOW = 1_794_000_000;
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key: SigningKey = { kid: 'k1', jwk: {}, publicKey };
const rules = { key, issuer: 'http://idp', audience: 'api://invoices', nowSeconds: NOW };

const header = { alg: 'RS256', typ: 'at+jwt', kid: 'k1' };
const payload = { iss: 'http://idp', aud: 'api://invoices', sub: 'ada', exp: NOW + 1, scp: 'a b', auth_time: NOW - 5 };
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function mint(headerChange: object = {}, payloadChange: object = {}, signer = privateKey): string {
  const input = `${encode({ ...header, ...headerChange })}.${encode({ ...payload, ...payloadChange })}`;
  return `${input}.${sign('RSA-SHA256', Buffer.from(input), signer).toString('base64url')}`;
}

it('reads a token that holds', () => {
  expect(verifySubjectToken(mint({}, { act: { sub: 'x' }, amr: ['pwd'], acr: '1' }), rules)).toEqual({
    sub: 'ada',
    exp: NOW + 1,
    scopes: ['a', 'b'],
    act: { sub: 'x' },
    acr: '1',
    amr: ['pwd'],
    authTime: NOW - 5,
  });
});

it.each([
  ['no JWT', 'garbage', 'no JWT'],
  ['an empty part', 'a..b', 'no JWT'],
  ['parts that are no JSON', 'AAAA.AAAA.AAAA', 'no JWT'],
  ['a fourth part', `${mint()}.x`, 'no JWT'],
  ['no algorithm', mint({ alg: 'none' }), 'no access token'],
  ['another algorithm', mint({ alg: 'HS256' }), 'no access token'],
  ['an ID token', mint({ typ: 'JWT' }), 'no access token'],
  ['an unknown key', mint({ kid: 'k2' }), 'key'],
  ['another signer', mint({}, {}, other.privateKey), 'signature'],
  ['no signature', mint().replace(/[^.]+$/, 'AA'), 'signature'],
  ['a changed payload', mint().replace(/\.[^.]+\./, `.${encode({ ...payload, sub: 'eve' })}.`), 'signature'],
  ['another issuer', mint({}, { iss: 'http://evil' }), 'issuer'],
  ['another audience', mint({}, { aud: 'api://other' }), 'audience'],
  ['a list of audiences', mint({}, { aud: ['api://invoices', 'x'] }), 'audience'],
  ['an expired token', mint({}, { exp: NOW }), 'expired'],
  ['no expiry', mint({}, { exp: undefined }), 'expired'],
  ['no subject', mint({}, { sub: undefined }), 'subject'],
])('refuses %s', (_name, token, reason) => {
  const result = verifySubjectToken(token, rules);
  expect(typeof result).toBe('string');
  expect(result).toContain(reason);
  expect(result).not.toContain('eyJ');
});

it('makes keys that differ from start to start and verify what they sign', async () => {
  const [first, second] = await Promise.all([createSigningKey(), createSigningKey()]);
  expect(first.kid).not.toBe(second.kid);
  expect(first.jwk).toMatchObject({ kty: 'RSA', kid: first.kid, use: 'sig', alg: 'RS256', d: expect.any(String) });
});
