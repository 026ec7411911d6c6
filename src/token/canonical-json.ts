import { createHash } from 'node:crypto';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * JSON data as the one text that it has by the JSON Canonicalization Scheme: no blanks, members in the order of their
 * UTF-16 code units, numbers and texts as ECMAScript writes them. Two programs that mean the same write the same bytes.
 *
 * @param value JSON data, as `JSON.parse` gives it
 * @throws TypeError for what JSON has no word for: NaN, undefined, functions, half a surrogate pair
 * @see https://www.rfc-editor.org/rfc/rfc8785
 *
 * @example
 * ```ts
 * canonicalJson({ b: 1e2, a: 'é' }); // '{"a":"é","b":100}'
 * ```
 */
export function canonicalJson(value: unknown): string {
  return write(value as Json);
}

function write(value: Json): string {
  switch (typeof value) {
    case 'string':
      // RFC 8785, section 3.2.2.2: an error, and not the escape that JSON.stringify would write.
      if (/\p{Surrogate}/u.test(value)) throw new TypeError('A text holds half a surrogate pair.');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('A number is not finite.');
      return JSON.stringify(value);
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? writeList(value as readonly Json[]) : writeMembers(value);
    default:
      throw new TypeError(`JSON has no word for a ${typeof value}.`);
  }
}

const writeList = (items: readonly Json[]): string => `[${items.map(write).join(',')}]`;

function writeMembers(members: object): string {
  // The order of sort() is that of UTF-16 code units, which section 3.2.3 asks for.
  const names = Object.keys(members).sort();
  return `{${names.map((name) => `${write(name)}:${write((members as Record<string, Json>)[name] as Json)}`).join(',')}}`;
}

/** SHA-256 of JSON data in its canonical text, in base64url. */
export function canonicalDigest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url');
}
