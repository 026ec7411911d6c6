import { BatonError } from '../core/errors';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly origin: string;
  readonly path: string;
}

/** A page, or where it leads. */
export interface PageResponse {
  readonly url: URL;
  readonly status: number;
  /** Set on redirects. */
  readonly location: URL | undefined;
}

/** As much of a browser as a sign-in needs: cookies by origin and path, forms, redirects one at a time. */
export class BrowserSession {
  #cookies: readonly Cookie[] = [];

  /** @throws BatonError `relay_failed` where the server cannot be reached */
  open(url: URL): Promise<PageResponse> {
    return this.#send(url, { method: 'GET' });
  }

  /** Sends a form. @throws BatonError `relay_failed` where the server cannot be reached */
  post(url: URL, fields: Readonly<Record<string, string>>): Promise<PageResponse> {
    return this.#send(url, { method: 'POST', body: new URLSearchParams(fields) });
  }

  async #send(url: URL, init: RequestInit): Promise<PageResponse> {
    const cookie = this.#cookies
      .filter(({ origin, path }) => origin === url.origin && matchesPath(path, url.pathname))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    let response: Response;
    try {
      response = await fetch(url, { ...init, redirect: 'manual', headers: cookie === '' ? {} : { Cookie: cookie } });
      await response.arrayBuffer();
    } catch (cause) {
      throw new BatonError('relay_failed', `${url.origin} cannot be reached.`, { cause });
    }
    for (const line of response.headers.getSetCookie()) this.#keep(url, line);
    const location = response.headers.get('location');
    const redirects = response.status >= 300 && response.status < 400 && location !== null;
    return { url, status: response.status, location: redirects ? new URL(location, url) : undefined };
  }

  #keep(url: URL, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const separator = pair.indexOf('=');
    const name = pair.slice(0, separator);
    const value = pair.slice(separator + 1);
    const read = (attribute: string): string | undefined =>
      attributes.find((text) => text.toLowerCase().startsWith(`${attribute}=`))?.slice(attribute.length + 1);
    const path = read('path') ?? '/';
    const others = this.#cookies.filter(
      (cookie) => !(cookie.name === name && cookie.origin === url.origin && cookie.path === path),
    );
    const expires = read('expires');
    const ended = read('max-age') === '0' || (expires !== undefined && Date.parse(expires) <= Date.now());
    this.#cookies = ended ? others : [...others, { name, value, origin: url.origin, path }];
  }
}

/** RFC 6265, section 5.1.4. */
function matchesPath(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}
