import type { Clock } from '../core/clock';
import { jsonMembers, limitedText } from '../credentials/http';
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
  const body = jsonMembers(await limitedText(response, MAX_BYTES));
  return { status: response.status, body, ...(wait !== undefined && { retryAfterSeconds: wait }) };
}
