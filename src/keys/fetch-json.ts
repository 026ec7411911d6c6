import { fetchFailed, fetchText, type Fetch } from './fetch-text';

export type { Fetch };

const LIMITS = { accept: 'application/json, application/jwk-set+json', maxBytes: 256 * 1024 };

/**
 * Gets a JSON object, with the limits of {@link fetchText}.
 * @throws BatonError `keys_unavailable`
 */
export async function fetchJson(url: URL, fetchOf: Fetch): Promise<Record<string, unknown>> {
  const text = (await fetchText(url, fetchOf, LIMITS)) ?? '';
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // No cause: the parser's message quotes the answer, which may hold a private key by mistake.
    throw fetchFailed(url, 'the answer is not JSON');
  }
  throw fetchFailed(url, 'the answer is not a JSON object');
}
