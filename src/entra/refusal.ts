import { AADSTS, aadstsOf } from '../core/aadsts';
import { BatonError, type BatonErrorDetails } from '../core/errors';
import type { Grant } from './grant';
import type { EndpointAnswer } from './token-endpoint';

/** A token that was not given: what callers are told, what is worth trying again, and what the audit trail keeps. */
export interface Refusal {
  readonly error: BatonError;
  /** Whether the same request may work a little later. */
  readonly passing: boolean;
  readonly aadsts: readonly number[];
  /** Entra's own ID of the answer, for its support. */
  readonly traceId?: string;
}

/** Entra's `error`s that only the user can do something about (OpenID Connect Core, section 3.1.2.6). */
const USER_MUST_SIGN_IN: readonly string[] = ['interaction_required', 'login_required'];
/** What Entra answers when it is at fault itself (RFC 6749, section 4.1.2.1). */
const PASSING_ERRORS: readonly string[] = ['temporarily_unavailable', 'server_error', 'timeout'];
/** Error names are words; anything else was not written by Entra and stays out of messages. */
const WORD = /^[a-z_]{1,64}$/;
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && WORD.test(value) ? value : undefined;

function codeOf(
  error: string | undefined,
  passing: boolean,
  grant: Grant,
): 'entra_unavailable' | 'entra_refused' | 'authentication_insufficient' {
  if (grant.flow === 'on_behalf_of' && error !== undefined && USER_MUST_SIGN_IN.includes(error)) {
    return 'authentication_insufficient';
  }
  return passing ? 'entra_unavailable' : 'entra_refused';
}

/** Busy or broken, by status and `error`. */
function isOutage({ status, body }: EndpointAnswer): boolean {
  const error = word(body.error);
  return status === 429 || status >= 500 || (error !== undefined && PASSING_ERRORS.includes(error));
}

/**
 * What an answer without a token means. Entra's `error` decides; its description is never read but for the number that it
 * begins with, and never repeated: it is written for people, and may quote what was sent.
 *
 * @param presented what the client assertion says of itself, for messages
 */
export function refusalOf(answer: EndpointAnswer, grant: Grant, presented: string | undefined): Refusal {
  const { status, body, retryAfterSeconds } = answer;
  const error = word(body.error);
  const aadsts = aadstsOf(body);
  const outage = isOutage(answer);
  const known = aadsts.map((number) => AADSTS[number]).filter((entry) => entry !== undefined);
  const passing = outage || known.some((entry) => entry.passing === true);
  const numbers = aadsts.map((number) => `AADSTS${number}`).join(', ');
  const said = [error ?? `status ${status}`, word(body.suberror), numbers].filter(Boolean).join(', ');
  const advice = known.map((entry) => entry.advice).join(' ');
  const isAboutCredential = aadsts.some((number) => String(number).startsWith('7002') || number === 70021);
  const shown = isAboutCredential && presented !== undefined ? ` Presented: ${presented}.` : '';
  const message = `Entra gave no token for ${grant.scope}: ${said}. ${advice}${shown}`.trim();
  const details: BatonErrorDetails = {
    reason: error ?? `status_${status}`,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
  const { trace_id: traceId } = body;
  return {
    error: new BatonError(codeOf(error, outage, grant), message, details),
    passing,
    aadsts,
    ...(typeof traceId === 'string' && GUID.test(traceId) && { traceId }),
  };
}

/** The endpoint could not be reached, or gave no answer in time. */
export function unreachable(endpoint: URL, cause: unknown): Refusal {
  const name = cause instanceof Error ? cause.name : 'Error';
  const { code } = ((cause as Error | undefined)?.cause ?? {}) as { code?: unknown };
  const reason = typeof code === 'string' ? code : name;
  const message = `Entra could not be reached at ${endpoint.origin}: ${reason}.`;
  return { error: new BatonError('entra_unavailable', message, { cause, reason }), passing: true, aadsts: [] };
}
