import type { HttpRequest } from './http';

/**
 * The path as logs and the audit trail may hold it: without the query, where people put names, mail addresses and tokens,
 * and without the password that an absolute form may hold.
 */
export function loggedPath(req: HttpRequest): string {
  const target = req.originalUrl ?? req.url ?? '';
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  return path.includes('@') ? path.replace(/^[^/]*\/\/[^/]*@/, '//[redacted]@') : path;
}
