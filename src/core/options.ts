import { BatonError } from './errors';

/** The closest of `names` to `name`, if it is close enough to be what was meant. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const folded = (text: string): string => text.toLowerCase().replace(/[-_.]/g, '');
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of names) {
    const distance = editDistance(folded(name), folded(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** More names than this are a wall of text, and no help. */
const MAX_LISTED = 30;

/** `name` in quotes, with the known name that was probably meant. */
export function unknownName(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant !== undefined) return `"${name}" is not known here; did you mean "${meant}"?`;
  return known.length > MAX_LISTED
    ? `"${name}" is not known here`
    : `"${name}" is not known here; known are: ${known.join(', ')}`;
}

/** Every option of `T`, by name: keeps the list of known options as complete as the type. */
export type OptionNames<T> = Readonly<Record<keyof Required<T>, true>>;

/**
 * Refuses options that `known` does not name: a misspelt security option that is ignored is an open door.
 *
 * @throws BatonError `option_invalid` where the options are no object, `option_unknown` for an unknown name
 */
export function checkOptionNames<T extends object>(owner: string, options: T, known: OptionNames<T>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new BatonError('option_invalid', `${owner}: the options must be an object.`);
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) {
      throw new BatonError('option_unknown', `${owner}: option ${unknownName(name, Object.keys(known))}`);
    }
  }
}

/**
 * A whole number between `min` and `max`, or `fallback` where it is undefined.
 * @throws BatonError `option_invalid`
 */
export function wholeNumber(
  owner: string,
  name: string,
  value: number | undefined,
  { fallback, min, max }: { fallback: number; min: number; max: number },
): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new BatonError(
      'option_invalid',
      `${owner}: option "${name}" must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}.`,
    );
  }
  return value;
}

/**
 * The URL, if it is one that secrets or trust may travel over: https, or http to this very machine. Without user and
 * password: `fetch` takes none, and its error would quote them.
 * @throws BatonError `option_invalid`
 */
export function secureUrl(owner: string, value: string): URL {
  let url: URL;
  try {
    url = new URL(value);
  } catch (cause) {
    throw new BatonError('option_invalid', `${owner}: "${value}" is not a URL such as https://example.com/path.`, {
      cause,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new BatonError('option_invalid', `${owner}: the URL of ${url.host} must not hold a user name or password.`);
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url;
  throw new BatonError('option_invalid', `${owner}: "${value}" must use https (http is only for loopback addresses).`);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
