import { BatonError } from '../core/errors';
import type { HttpRequest } from './http';

// What URL parsers on the way read differently: a backslash becomes a slash, "#" cuts, blanks end the target.
const AMBIGUOUS_PATH = /[\\#\s\u0000-\u001f\u007f]/;
// In the query too: they send Express to another parser, for which "//a@b/admin?#" is the path "/admin" of a host "b".
const AMBIGUOUS_TARGET = /[#\s\u0000-\u001f\u007f]/;

/**
 * The path that Express will route by: mount point and rest, without query, the base path taken off.
 *
 * @param basePath what IIS (virtual directory) or the gateway (stage) puts in front, lower case; empty for nothing
 * @throws BatonError `request_target_invalid` for anything but a plain origin-form target (RFC 9112, section 3.2.1)
 */
export function routePath(req: HttpRequest, basePath: string): string {
  const url = req.url ?? '';
  const query = url.indexOf('?');
  const path = `${req.baseUrl ?? ''}${query < 0 ? url : url.slice(0, query)}`;
  // The rest alone must begin with a slash: below a mount point an absolute-form target would hide behind it.
  if (!url.startsWith('/') || AMBIGUOUS_TARGET.test(url) || AMBIGUOUS_PATH.test(path)) {
    throw new BatonError('request_target_invalid', 'The request target is not a plain path.');
  }
  if (basePath === '' || !path.toLowerCase().startsWith(basePath)) return path;
  const rest = path.slice(basePath.length);
  if (rest === '') return '/';
  return rest.startsWith('/') ? rest : path;
}

/**
 * A base path as {@link routePath} takes it: lower case, a slash in front and none behind.
 * @throws BatonError `option_invalid`
 */
export function checkBasePath(basePath: string | undefined): string {
  if (basePath === undefined || basePath === '' || basePath === '/') return '';
  if (typeof basePath !== 'string' || !/^\/[^\s?#\\]*[^\s?#\\/]$/.test(basePath)) {
    throw new BatonError(
      'option_invalid',
      'The option "basePath" must look like "/invoices": a slash in front, none behind.',
    );
  }
  return basePath.toLowerCase();
}
