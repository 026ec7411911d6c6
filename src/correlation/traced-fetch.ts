import diagnostics from 'node:diagnostics_channel';
import { activeTrace } from './active-span';
import { CORRELATION_HEADER } from './correlation-id';
import type { HostList } from './host-list';
import { TRACE_HEADERS } from './outgoing';
import { followRedirects, type Hop } from './redirects';

/** What {@link tracedFetch} is made of. */
export interface TracedFetchParts {
  readonly isListed: HostList;
  /** The headers of the work at hand; none outside of any. */
  readonly headersNow: () => Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
}

/**
 * Instrumentation of OpenTelemetry appends a `traceparent` of its own to what is there, and two of them are none
 * (opentelemetry-js-contrib issue 3711). It listens on this channel.
 */
const UNDICI_REQUESTS = 'undici:request:create';
const isInstrumented = (): boolean => activeTrace() !== undefined && diagnostics.hasSubscribers(UNDICI_REQUESTS);

/** The headers for one hop: for hosts on the list those of the work at hand, for all others none of them, whoever set them. */
function headersFor({ url, init }: Hop, { isListed, headersNow }: TracedFetchParts): Headers {
  const headers = new Headers(init.headers);
  if (!isListed(url)) {
    for (const name of [CORRELATION_HEADER, ...TRACE_HEADERS]) headers.delete(name);
    return headers;
  }
  for (const [name, value] of Object.entries(headersNow())) headers.set(name, value);
  if (isInstrumented()) headers.delete('traceparent');
  return headers;
}

/** @throws TypeError as `fetch` does, without the user name and password that its message would hold */
function urlOf(input: string | URL | Request): URL {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.username === '' && url.password === '') return url;
  throw new TypeError(`fetch: the URL of ${url.host} must not hold a user name or password.`);
}

/** What a Request says, as `init`: `fetch` then reads both alike. */
function initOf(request: Request): RequestInit {
  const { method, headers, body, signal, redirect, credentials, cache, mode, integrity, keepalive, referrerPolicy } =
    request;
  return {
    ...{ method, headers, signal, redirect, credentials, cache, mode, integrity, keepalive, referrerPolicy },
    ...(body !== null && { body, duplex: 'half' }),
  };
}

/**
 * A `fetch` that carries the headers of the work at hand to hosts on a list, and to no other, wherever a redirect leads.
 * @see https://fetch.spec.whatwg.org/
 */
export function tracedFetch(parts: TracedFetchParts): typeof fetch {
  const send = ({ url, init }: Hop): Promise<Response> =>
    parts.fetch(url, { ...init, headers: headersFor({ url, init }, parts) });
  return async (input, init) => {
    const url = urlOf(input);
    const hop = { url, init: { ...(input instanceof Request && initOf(input)), ...init } };
    const { redirect = 'follow' } = hop.init;
    if (redirect !== 'follow') return send(hop);
    return followRedirects({ url, init: { ...hop.init, redirect: 'manual' } }, send);
  };
}
