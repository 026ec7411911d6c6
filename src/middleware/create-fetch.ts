import { BatonError } from '../core/errors';
import { checkOptionNames } from '../core/options';
import { hostList } from '../correlation/host-list';
import { tracedFetch } from '../correlation/traced-fetch';
import { correlationHeaders } from './correlation-headers';

/** Options of {@link createFetch}. */
export interface CreateFetchOptions {
  /**
   * Who gets the headers: `stock.example.com`, `*.example.com` for every host below, `[::1]:8443` with a port other than
   * the scheme's own.
   */
  readonly hosts: readonly string[];
  /** Sends the requests. Default: the global `fetch`, looked up with each call. */
  readonly fetch?: typeof fetch;
}

const OWNER = 'createFetch()';

/**
 * Makes a `fetch` that carries `correlationHeaders()` to hosts on the list and never to others: it takes them away there
 * even where the call set them itself, and where a redirect leads from one to the other. Everything else is as with
 * `fetch`.
 *
 * Where OpenTelemetry's own instrumentation of `fetch` is at work, `traceparent` is left to it: two of them are none.
 *
 * @throws BatonError `option_invalid`, `option_unknown`
 *
 * @example
 * ```ts
 * const batonFetch = createFetch({ hosts: ['stock.example.internal', '*.api.example.com'] });
 * const answer = await batonFetch('https://stock.example.internal/items/7');
 * ```
 * @see https://www.w3.org/TR/trace-context/
 */
export function createFetch(options: CreateFetchOptions): typeof fetch {
  checkOptionNames(OWNER, options, { hosts: true, fetch: true });
  const { hosts, fetch: given } = options;
  if (given !== undefined && typeof given !== 'function') {
    throw new BatonError('option_invalid', `${OWNER}: option "fetch" must be a function.`);
  }
  const send: typeof fetch = given ?? ((input, init) => globalThis.fetch(input, init));
  return tracedFetch({ isListed: hostList(OWNER, hosts), headersNow: correlationHeaders, fetch: send });
}
