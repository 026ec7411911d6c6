/** As many as browsers and `fetch` follow. */
const MAX_REDIRECTS = 20;

const REDIRECTS = [301, 302, 303, 307, 308];

/** Members of a request that speak of its body. */
const BODY_HEADERS = ['content-encoding', 'content-language', 'content-location', 'content-type', 'content-length'];
/** What `fetch` keeps from other origins, too. */
const CREDENTIAL_HEADERS = ['authorization', 'proxy-authorization', 'cookie', 'host'];

/** One step on the way: a URL, and what is sent to it. */
export interface Hop {
  readonly url: URL;
  readonly init: RequestInit;
}

/** Sends one hop, following nothing. */
export type SendHop = (hop: Hop) => Promise<Response>;

const failed = (why: string): TypeError => new TypeError('fetch failed', { cause: new Error(why) });

/** A body that was read cannot be sent a second time. */
const isSpent = (body: RequestInit['body']): boolean =>
  typeof body === 'object' && body !== null && (body instanceof ReadableStream || Symbol.asyncIterator in body);

/** @throws TypeError as `fetch` does */
function nextHop({ url, init }: Hop, status: number, location: string): Hop {
  let next: URL;
  try {
    next = new URL(location, url);
  } catch {
    throw failed('The redirect has no URL.');
  }
  if (next.protocol !== 'https:' && next.protocol !== 'http:') throw failed('The redirect leaves HTTP.');
  if (next.username !== '' || next.password !== '') throw failed('The redirect holds a user name or password.');
  if (next.hash === '') next.hash = url.hash;
  const headers = new Headers(init.headers);
  if (next.origin !== url.origin) for (const name of CREDENTIAL_HEADERS) headers.delete(name);
  const method = (init.method ?? 'GET').toUpperCase();
  const becomesGet =
    ((status === 301 || status === 302) && method === 'POST') ||
    (status === 303 && method !== 'GET' && method !== 'HEAD');
  if (!becomesGet) {
    if (isSpent(init.body)) throw failed('A body that is a stream cannot be sent again to where the redirect leads.');
    return { url: next, init: { ...init, headers } };
  }
  for (const name of BODY_HEADERS) headers.delete(name);
  const { body: _, duplex: __, ...rest } = init as RequestInit & { readonly duplex?: unknown };
  return { url: next, init: { ...rest, method: 'GET', headers } };
}

/**
 * Follows redirects as `fetch` does by itself, one hop at a time: `fetch` would carry headers of one's own to whichever
 * host a redirect names.
 *
 * @throws TypeError as `fetch` does
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export async function followRedirects(first: Hop, send: SendHop): Promise<Response> {
  let hop = first;
  for (let count = 0; ; count++) {
    const response = await send(hop);
    const location = response.headers.get('location');
    if (!REDIRECTS.includes(response.status) || location === null) return count === 0 ? response : redirected(response);
    // Its connection is not free again before its body is gone.
    await response.body?.cancel();
    if (count === MAX_REDIRECTS) throw failed('There are too many redirects.');
    hop = nextHop(hop, response.status, location);
  }
}

/** `fetch` says of a response that it is not the first one's. */
function redirected(response: Response): Response {
  Object.defineProperty(response, 'redirected', { value: true });
  return response;
}
