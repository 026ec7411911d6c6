import { BatonError } from '../core/errors';
import { isKeyRing, readKeyRing, type KeyRing } from './key-ring';

/** @throws BatonError `key_invalid`; without a cause, because the parser's message quotes the text */
export function parseKeyText(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BatonError('key_invalid', `${what} is not JSON.`);
  }
}

/**
 * Reads the text of a key ring.
 * @param what names the ring in messages: its path
 * @throws BatonError `key_invalid`; its message never holds any part of a key
 */
export function parseKeyRing(text: string, what = 'The file'): KeyRing {
  const value = parseKeyText(text, what);
  if (!isKeyRing(value)) {
    throw new BatonError('key_invalid', `${what} is no key ring. Make one: npx baton keys create <ring>`);
  }
  return readKeyRing(value);
}
