import type { Clock } from '../core/clock';
import type { Fetch } from '../keys/fetch-text';

/** What Entra's token endpoint answered. */
export interface EndpointAnswer {
  readonly status: number;
  /** Empty where the answer is no JSON object: a proxy's page, for example. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `Retry-After`, where it has one. */
  readonly retryAfterSeconds?: number;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 256 * 1024;

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(header: string | null, clock: Clock): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : Math.ceil((Date.parse(header) - clock()) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

async function readBody(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of response.body ?? []) {
    received += (chunk as Uint8Array).length;
    if (received > MAX_BYTES) throw new Error(`The answer is larger than ${MAX_BYTES} bytes.`);
    chunks.push(chunk as Uint8Array);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    // No cause: the parser's message quotes the answer, which may hold a token.
    return {};
  }
}

/**
 * Posts a form to the token endpoint: ten seconds, no redirects, which would carry the assertion elsewhere.
 *
 * @param requestId a UUID, by which Entra's sign-in log names the request ("Correlation ID")
 * @throws whatever `fetch` throws
 */
export async function askTokenEndpoint(
  url: URL,
  form: Readonly<Record<string, string>>,
  requestId: string,
  { fetch, clock }: { readonly fetch: Fetch; readonly clock: Clock },
): Promise<EndpointAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'client-request-id': requestId,
      'return-client-request-id': 'true',
    },
    body: new URLSearchParams(form).toString(),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const wait = retryAfter(response.headers.get('retry-after'), clock);
  const body = await readBody(response);
  return { status: response.status, body, ...(wait !== undefined && { retryAfterSeconds: wait }) };
}
