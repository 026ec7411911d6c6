import { AADSTS } from '../core/aadsts';
import { BatonError } from '../core/errors';
import { jsonMembers, retryAfter, unavailable, type Answer } from './http';

/** Seconds, as a number or as digits: App Service and virtual machines write texts. */
const seconds = (value: unknown): number | undefined => {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value));
  return isNumber ? Number(value) : undefined;
};

/** When the token ends, in seconds since the epoch. */
function endOf({ expires_in: rest, expires_on: end }: Readonly<Record<string, unknown>>): number | undefined {
  const lifetime = seconds(rest);
  return seconds(end) ?? (lifetime === undefined ? undefined : Math.floor(Date.now() / 1000) + lifetime);
}

/**
 * The token in an answer of Entra or of a managed identity's endpoint.
 *
 * @param reason `entra` or `managed_identity`
 * @param who what asked, for messages
 * @throws BatonError `credentials_refused`, `credentials_unavailable`
 */
export function tokenOf(answer: Answer, reason: string, who: string): { token: string; expiresAt: number } {
  const members = jsonMembers(answer.text);
  const expiresAt = endOf(members);
  if (answer.status === 200 && typeof members.access_token === 'string' && expiresAt !== undefined) {
    return { token: members.access_token, expiresAt };
  }
  const error =
    typeof members.error === 'string' && /^[\w.-]{1,64}$/.test(members.error) ? members.error : 'no error code';
  const [number, digits] = /^AADSTS(\d+)/.exec(String(members.error_description)) ?? [];
  const said = `${error}${number === undefined ? '' : `, ${number}`}`;
  const passes = answer.status >= 500 || [200, 404, 408, 410, 429].includes(answer.status);
  if (passes || error === 'temporarily_unavailable') {
    throw unavailable(reason, `${who} got no token (${answer.status}, ${said}).`, undefined, answer);
  }
  // Numbers are for people: nothing is decided by them.
  const advice = AADSTS[Number(digits)]?.advice;
  throw new BatonError('credentials_refused', `${who} was refused a token (${said}).${advice ? ` ${advice}` : ''}`, {
    reason: number ?? reason,
    ...retryAfter(answer),
  });
}
