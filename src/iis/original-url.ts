import { posix } from 'node:path';
import { BatonError } from '../core/errors';

/**
 * Checks that the URL which iisnode gave the app is the one that the client asked IIS for.
 *
 * iisnode takes it from `X-Original-URL`, which URL Rewrite writes; where no rule has rewritten, a client's own header
 * stays, and the app would serve another URL than the one that IIS filtered, authorised and logged.
 *
 * @param rawUrl `UNENCODED_URL`, as it was sent
 * @param url as iisnode wrote it: decoded
 * @throws BatonError `request_target_invalid`
 */
export function checkOriginalUrl(rawUrl: string, url: string): void {
  if (rawUrl === url) return;
  const question = rawUrl.indexOf('?');
  const path = question < 0 ? rawUrl : rawUrl.slice(0, question);
  const query = question < 0 ? '' : rawUrl.slice(question);
  if (url.endsWith(query) && folded(decoded(path)) === folded(url.slice(0, url.length - query.length))) return;
  throw new BatonError('request_target_invalid', 'X-Original-URL is not the URL that was sent to IIS.', {
    reason: 'original_url',
  });
}

/** As http.sys decodes: once, with `%uXXXX` as well. What is not ASCII becomes some text of the code page. */
function decoded(path: string): string {
  return path.replace(/%u([\da-f]{4})|%([\da-f]{2})/gi, (_, long?: string, short?: string) => {
    const code = Number.parseInt(long ?? short ?? '', 16);
    return code < 0x80 ? String.fromCharCode(code) : '\u0080';
  });
}

/** Canonical as http.sys makes it; letters beyond ASCII cannot be compared, since code pages replace them. */
function folded(path: string): string {
  return posix.normalize(path.replaceAll('\\', '/')).replace(/[?\u0080-\uffff]+/g, '?');
}
