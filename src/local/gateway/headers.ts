/** Headers in the order and spelling of the wire; a name may occur more than once. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** `rawHeaders` of Node, which alternates names and values, as pairs. */
export function headerPairs(rawHeaders: readonly string[]): HeaderList {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return pairs;
}

/** Every value of a header, whatever the spelling of its name. */
export function headerValues(headers: HeaderList, name: string): string[] {
  const wanted = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() === wanted).map(([, value]) => value);
}

/** The list without the header, whatever the spelling of its name. */
export function withoutHeader(headers: HeaderList, name: string): HeaderList {
  const unwanted = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() !== unwanted);
}

/** The list with this one value instead of all that were there, whatever the spelling of their name. */
export function withHeader(headers: HeaderList, name: string, value: string): HeaderList {
  return [...withoutHeader(headers, name), [name, value]];
}

/** Lower-cased names, the values of one name joined by commas: how an HTTP API hands headers on. */
export function joinedHeaders(headers: HeaderList): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const before = joined.get(key);
    joined.set(key, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

/** Headers that belong to one connection (RFC 9110, section 7.6.1): never passed on, in either direction. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);
