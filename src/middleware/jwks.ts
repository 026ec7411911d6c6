import { systemClock, type Clock } from '../core/clock';
import { BatonError } from '../core/errors';
import type { Logger } from '../core/logger';
import { checkOptionNames, wholeNumber } from '../core/options';
import { publishedKeys } from '../keys/published-keys';
import { defaultLogger } from '../logging/winston-logger';
import type { Middleware } from './http';

/** Options of {@link jwks}: one of `file` and `ring`. */
export interface JwksOptions {
  /** Path of a JWK Set. */
  readonly file?: string;
  /** Path of a key ring, as `baton keys create` makes it; only public halves are served, in the time of each. */
  readonly ring?: string;
  /** How long others may keep the answer, in seconds. Default 300; less than a new key is published before it signs. */
  readonly maxAgeSeconds?: number;
  /** Told when the file can be read no more, and when it can again. Default: the process's logger, see `createLogger()`. */
  readonly logger?: Logger;
  /** Tells the time; for tests. */
  readonly clock?: Clock;
}

const DEFAULT_MAX_AGE_SECONDS = 300;

function readPath({ file, ring }: JwksOptions): string {
  const [path, ...more] = [file, ring].filter((value) => value !== undefined);
  if (typeof path === 'string' && path !== '' && more.length === 0) return path;
  throw new BatonError('option_invalid', 'jwks(): give the path of either a "file" or a "ring".');
}

/** RFC 9110, section 13.1.2: a list of tags, compared weakly, or any. */
const isNamed = (etag: string, ifNoneMatch: string | undefined): boolean =>
  ifNoneMatch?.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, ''))) === true;

/**
 * Serves the application's public keys as a JWK Set (RFC 7517), for those who verify its hand-over tokens. The file is
 * watched; mount it on a route that the policy has as `"public": true`.
 *
 * @throws BatonError at the start: `option_invalid`, `option_unknown`, `key_invalid`
 *
 * @example
 * ```ts
 * app.use('/.well-known/jwks.json', jwks({ ring: 'C:\\ProgramData\\invoices\\hand-over.ring.json' }));
 * ```
 */
export function jwks(options: JwksOptions): Middleware {
  checkOptionNames('jwks()', options, { file: true, ring: true, maxAgeSeconds: true, logger: true, clock: true });
  const bounds = { fallback: DEFAULT_MAX_AGE_SECONDS, min: 0, max: 86_400 };
  const maxAgeSeconds = wholeNumber('jwks()', 'maxAgeSeconds', options.maxAgeSeconds, bounds);
  const { clock = systemClock, logger } = options;
  const published = publishedKeys(readPath(options), clock, () => logger ?? defaultLogger());
  return function jwksMiddleware({ method, headers }, res) {
    if (method !== 'GET' && method !== 'HEAD') {
      res.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    const { body, etag } = published();
    res.setHeader('Cache-Control', `public, max-age=${maxAgeSeconds}`);
    res.setHeader('ETag', etag);
    if (isNamed(etag, headers['if-none-match'])) {
      res.writeHead(304).end();
      return;
    }
    res.writeHead(200, { 'Content-Type': 'application/jwk-set+json', 'Content-Length': Buffer.byteLength(body) });
    res.end(method === 'HEAD' ? undefined : body);
  };
}
