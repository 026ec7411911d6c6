import { createHash } from 'node:crypto';
import type { RouteRequest } from '../core/access';

/** A path that decodes to one that decodes again, and so on: nobody sends more honestly. */
const MAX_DECODINGS = 4;

/**
 * The path without what changes on the way: gateways hand it to an authorizer decoded or not, and drop the slash at its
 * end or do not.
 */
function settled(path: string): string {
  let decoded = path;
  for (let i = 0; i < MAX_DECODINGS; i++) {
    try {
      const next = decodeURIComponent(decoded);
      if (next === decoded) break;
      decoded = next;
    } catch {
      break;
    }
  }
  return decoded.replace(/(?<=.)\/+$/, '');
}

/**
 * What a token carries to be good for this one method and path (`rctx.req_bind`): SHA-256 in base64url. A digest, since
 * paths are long and name people, and tokens pass through many hands.
 *
 * The query is not in it: it is no part of what the policy decides on.
 */
export function requestBinding({ method, path }: RouteRequest): string {
  return createHash('sha256')
    .update(`${method} ${settled(path)}`)
    .digest('base64url');
}
