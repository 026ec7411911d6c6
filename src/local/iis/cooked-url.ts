/** A request target as http.sys hands it on: the path decoded and canonical, the query untouched. */
export interface CookedUrl {
  readonly path: string;
  /** Without its question mark; empty where there is none. */
  readonly query: string;
}

/**
 * Cooks a raw request target as http.sys does: percent-encoding of the path decoded, backslashes turned, dot segments
 * resolved. This is why an app under iisnode cannot see how its URL was really spelt.
 *
 * @param rawTarget as it stands in the request line, one character a byte
 * @returns undefined where http.sys refuses the URL: broken percent-encoding, or control characters once decoded
 */
export function cookUrl(rawTarget: string): CookedUrl | undefined {
  const [rawPath = '', ...rest] = rawTarget.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  const decoded = decodePath(rawPath);
  if (decoded === undefined) return undefined;
  return { path: decoded === '*' ? '*' : resolveDots(decoded.replaceAll('\\', '/')), query: rest.join('?') };
}

/** Percent-decoding once; undefined where it is broken or yields control characters. */
export function decodePath(rawPath: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(rawPath)) return undefined;
  const bytes = Buffer.from(
    rawPath.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  const text = decodeUtf8(bytes) ?? bytes.toString('latin1');
  return /[\u0000-\u001f]/.test(text) ? undefined : text;
}

/** http.sys takes bytes that are no UTF-8 as text in the ANSI code page (EnableNonUTF8 is 1 by default). */
function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function resolveDots(path: string): string {
  const segments: string[] = [];
  const parts = path.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === '..') segments.pop();
    else if (part !== '.') segments.push(part);
    if (last && (part === '.' || part === '..')) segments.push('');
  }
  return `/${segments.join('/')}`;
}
