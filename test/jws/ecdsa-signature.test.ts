import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { jwsSignatureOfDer } from '../../src/jws/ecdsa-signature';
import { codeOf } from '../support/errors';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** An integer of `bytes` bytes, all of them `fill`. */
const integer = (bytes: number, fill = '11', prefix = ''): string => {
  const body = prefix + fill.repeat(bytes);
  return `02 ${(body.length / 2).toString(16).padStart(2, '0')} ${body}`;
};
const sequence = (body: string): string => {
  const bytes = body.replaceAll(' ', '');
  return `30 ${(bytes.length / 2).toString(16).padStart(2, '0')} ${bytes}`;
};
const convert = (der: string): string => Buffer.from(jwsSignatureOfDer(hex(der), 32)).toString('hex');

it.each([
  ['P-256', 'sha256', 32],
  ['P-384', 'sha384', 48],
  ['P-521', 'sha512', 66],
])('what node signs in DER for %s verifies as a JWS signature', (namedCurve, digest, size) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  // 300 signatures: some two of them have a number that is a byte short, half of them one with a leading zero.
  for (let n = 0; n < 300; n++) {
    const data = createHash('sha256').update(`${n}`).digest();
    const raw = jwsSignatureOfDer(sign(digest, data, privateKey), size);
    expect(raw).toHaveLength(2 * size);
    expect(verify(digest, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw)).toBe(true);
  }
});

it.each([
  ['two full numbers', sequence(integer(32) + integer(32, '22')), '11'.repeat(32) + '22'.repeat(32)],
  ['a number with its sign byte', sequence(integer(32, 'ff', '00') + integer(32)), 'ff'.repeat(32) + '11'.repeat(32)],
  ['a short number', sequence(integer(1) + integer(31)), `${'00'.repeat(31)}1100${'11'.repeat(31)}`],
  [
    'a short number with its sign byte',
    sequence(integer(1, '80', '00') + integer(32)),
    `${'00'.repeat(31)}80${'11'.repeat(32)}`,
  ],
])('takes %s', (_, der, expected) => {
  expect(convert(der)).toBe(expected);
});

it('takes a length of 128, the first that needs a byte more', () => {
  const der = `30 81 80 ${integer(62)}${integer(62)}`;
  expect(Buffer.from(jwsSignatureOfDer(hex(der), 66)).toString('hex')).toBe(
    `${'00'.repeat(4)}${'11'.repeat(62)}`.repeat(2),
  );
});

const good = sequence(integer(32) + integer(32));
it.each([
  ['nothing', ''],
  ['only a type', '30'],
  ['another type', good.replace('30', '31')],
  ['another type inside', sequence(integer(32).replace('02', '03') + integer(32))],
  ['bytes after it', `${good} 00`],
  ['bytes after the two numbers', sequence(integer(32) + integer(32) + '0500')],
  ['one number', sequence(integer(32))],
  ['three numbers', sequence(integer(8) + integer(8) + integer(8))],
  ['a cut end', good.slice(0, -2)],
  ['an outer length that is too short', good.replace('30 44', '30 43')],
  ['an outer length that is too long', good.replace('30 44', '30 45')],
  ['an inner length beyond the end', sequence(`${integer(32)} 02 7f ${'11'.repeat(32)}`)],
  ['a long length where a short one does', good.replace('30 44', '30 81 44')],
  ['a length in two bytes', good.replace('30 44', '30 82 00 44')],
  ['an open length', `30 80 ${good.slice(6)} 00 00`],
  ['a length of nine bytes', good.replace('30 44', '30 89 00 00 00 00 00 00 00 00 44')],
  ['a negative number', sequence(integer(32, 'ff') + integer(32))],
  ['the largest negative number', sequence(integer(1, '80') + integer(32))],
  ['a zero too many', sequence(integer(32, '11', '00') + integer(32))],
  ['two zeros too many', sequence(integer(31, '11', '0000') + integer(32))],
  ['the number 0', sequence(`02 01 00 ${integer(32)}`)],
  ['a number without a byte', sequence(`02 00 ${integer(32)}`)],
  ['a number that is too large', sequence(integer(33) + integer(31))],
  ['a number of 33 bytes with its sign byte', sequence(integer(33, 'ff', '00') + integer(31))],
  ['a JWS signature', '11'.repeat(64)],
])('refuses %s', async (_, der) => {
  expect(await codeOf(() => convert(der))).toBe('signer_unavailable');
});
