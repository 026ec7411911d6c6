import type { ServerResponse } from 'node:http';
import type { Logger } from '../core/logger';

/** Methods of a response that put something before or behind the one final response on the wire. */
const INTERIM_METHODS = ['writeContinue', 'writeProcessing', 'writeEarlyHints', 'writeInformation'] as const;
const TRAILER_METHOD = 'addTrailers';

type GuardedMethod = (typeof INTERIM_METHODS)[number] | typeof TRAILER_METHOD;

/**
 * Makes a function that keeps 1xx responses and trailers from leaving on a response.
 *
 * iisnode takes the first response on the pipe for the final one, whatever its status, and gives the pipe back to its
 * pool: after a 103 the real response is still in the pipe and answers the NEXT request, which may be another user's.
 * It reads no trailers either. An app need not know where it is hosted, so the calls do nothing here instead of
 * throwing.
 *
 * The methods are replaced on each response object. A subclass of ServerResponse would be lost, because Express sets
 * the prototype of each response; a patched `ServerResponse.prototype` would reach servers that are not ours. Plain
 * assignment costs less than 0.1 µs a request, `Object.defineProperties` 1.7 µs (Node 20).
 *
 * @param logger asked when there is something to tell; told once per method, not per request
 */
export function onlyFinalResponses(logger: () => Logger | undefined): (response: ServerResponse) => void {
  const warned = new Set<GuardedMethod>();
  const ignore = (method: GuardedMethod) =>
    function ignored(...args: unknown[]): void {
      if (!warned.has(method)) {
        warned.add(method);
        logger()?.warn(`response.${method}() does nothing under iisnode, which carries only final responses.`, {
          method,
        });
      }
      const callback = args.at(-1);
      if (typeof callback === 'function') process.nextTick(callback);
    };
  const replacements = Object.fromEntries(
    [...INTERIM_METHODS, TRAILER_METHOD].map((method) => [method, ignore(method as GuardedMethod)]),
  ) as Record<GuardedMethod, () => void>;

  return (response) => {
    response.writeContinue = replacements.writeContinue;
    response.writeProcessing = replacements.writeProcessing;
    response.writeEarlyHints = replacements.writeEarlyHints;
    response.addTrailers = replacements.addTrailers;
    // Newer Node versions have it, older ones must not seem to.
    if ('writeInformation' in response) response.writeInformation = replacements.writeInformation;
  };
}
