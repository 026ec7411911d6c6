import { BatonError } from '../core/errors';

/** The standard `fetch`, as far as Baton uses it; tests hand in their own. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** What is taken of an answer. */
export interface TextLimits {
  readonly accept: string;
  readonly maxBytes: number;
  /** Statuses that say "there is no such thing", where that is an answer. */
  readonly absent?: (status: number) => boolean;
}

const TIMEOUT_MS = 5000;

/** The error of a key server that gives no usable answer. */
export function fetchFailed(url: URL, what: string, cause?: unknown): BatonError {
  return new BatonError('keys_unavailable', `The keys at ${url.origin}${url.pathname} cannot be had: ${what}.`, {
    cause,
    retryAfterSeconds: 5,
  });
}

async function readLimited(response: Response, url: URL, maxBytes: number): Promise<string> {
  let received = 0;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    received += (chunk as Uint8Array).length;
    if (received > maxBytes) throw fetchFailed(url, `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Gets a text, with limits on time, size and redirects (none: a key server that moves is configured anew).
 *
 * @returns undefined where the status is one of `absent`
 * @throws BatonError `keys_unavailable`
 */
export async function fetchText(
  url: URL,
  fetchOf: Fetch,
  { accept, maxBytes, absent }: TextLimits,
): Promise<string | undefined> {
  try {
    const response = await fetchOf(url, {
      redirect: 'error',
      headers: { accept },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 200) return await readLimited(response, url, maxBytes);
    await response.body?.cancel();
    if (absent?.(response.status) === true) return undefined;
    throw fetchFailed(url, `the server answered ${response.status}`);
  } catch (cause) {
    throw cause instanceof BatonError ? cause : fetchFailed(url, 'the server could not be reached', cause);
  }
}
