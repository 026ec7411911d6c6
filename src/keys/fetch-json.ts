import { BatonError } from '../core/errors';

/** The standard `fetch`, as far as Baton uses it; tests hand in their own. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 5000;

const unavailable = (url: URL, what: string, cause?: unknown): BatonError =>
  new BatonError('keys_unavailable', `The keys at ${url.origin}${url.pathname} cannot be had: ${what}.`, {
    cause,
    retryAfterSeconds: 5,
  });

async function readLimited(response: Response, url: URL): Promise<string> {
  let received = 0;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) {
    received += (chunk as Uint8Array).length;
    if (received > MAX_BYTES) throw unavailable(url, `the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Gets a JSON object, with limits on time, size and redirects (none: a key server that moves is configured anew).
 * @throws BatonError `keys_unavailable`
 */
export async function fetchJson(url: URL, fetchOf: Fetch): Promise<Record<string, unknown>> {
  let text: string;
  try {
    const response = await fetchOf(url, {
      redirect: 'error',
      headers: { accept: 'application/json, application/jwk-set+json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw unavailable(url, `the server answered ${response.status}`);
    }
    text = await readLimited(response, url);
  } catch (cause) {
    throw cause instanceof BatonError ? cause : unavailable(url, 'the server could not be reached', cause);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw unavailable(url, 'the answer is not JSON', cause);
  }
  throw unavailable(url, 'the answer is not a JSON object');
}
