import { BatonError } from '../core/errors';

const SEQUENCE = 0x30;
const INTEGER = 0x02;

const refuse = (what: string): BatonError =>
  new BatonError('signer_unavailable', `The signature that came back is no ECDSA signature in DER: ${what}.`);

/** The value of the element at `at`, of that type and in the only encoding that DER allows, and where it ends. */
function element(der: Uint8Array, at: number, tag: number): { readonly value: Uint8Array; readonly end: number } {
  if (der[at] !== tag) throw refuse('another type');
  let length = der[at + 1] ?? 0x80;
  let start = at + 2;
  if (length === 0x81) {
    length = der[start++] ?? 0;
    if (length < 0x80) throw refuse('a length that is longer than needed');
  } else if (length >= 0x80) throw refuse('a length that is too long, or left open');
  const end = start + length;
  if (end > der.length) throw refuse('it is cut off');
  return { value: der.subarray(start, end), end };
}

/** A positive integer (X.690, section 8.3) as `size` bytes, the highest first. */
function fixedWidth(integer: Uint8Array, size: number): Uint8Array {
  const [first, second] = integer;
  if (first === undefined) throw refuse('an integer without a byte');
  if (first >= 0x80) throw refuse('a negative integer');
  if (first === 0 && second !== undefined && second < 0x80) throw refuse('an integer with a zero too many');
  const digits = first === 0 ? integer.subarray(1) : integer;
  if (digits.length === 0) throw refuse('the integer 0');
  if (digits.length > size) throw refuse('an integer that is too large');
  const fixed = new Uint8Array(size);
  fixed.set(digits, size - digits.length);
  return fixed;
}

/**
 * An ECDSA signature in DER (RFC 3279, section 2.2.3), as AWS KMS gives it, in the form of a JWS: r and s side by side,
 * `size` bytes each (RFC 7518, section 3.4). Strict: what DER does not allow is refused, bytes that are left over too.
 *
 * @param size of one number: 32 for P-256, 48 for P-384, 66 for P-521
 * @throws BatonError `signer_unavailable`
 */
export function jwsSignatureOfDer(der: Uint8Array, size: number): Uint8Array {
  const sequence = element(der, 0, SEQUENCE);
  if (sequence.end !== der.length) throw refuse('bytes follow it');
  const r = element(sequence.value, 0, INTEGER);
  const s = element(sequence.value, r.end, INTEGER);
  if (s.end !== sequence.value.length) throw refuse('bytes follow its two integers');
  return Buffer.concat([fixedWidth(r.value, size), fixedWidth(s.value, size)]);
}
