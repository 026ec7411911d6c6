import { BatonError } from '../core/errors';
import { jsonMembers, retryAfter, unavailable, type Answer } from './http';

/** What to change, by the number that Entra's error descriptions begin with. Numbers are for people: nothing is decided by them. */
const ADVICE: Readonly<Record<string, string>> = {
  AADSTS700027: 'The certificate is not that of the application: upload it under "Certificates & secrets".',
  AADSTS700016: 'The tenant has no such application: check clientId and tenant.',
  AADSTS90002: 'There is no such tenant: check it.',
  AADSTS50012:
    'The assertion is not signed with the key of a certificate of the application: upload the certificate, or use its key.',
  AADSTS50013: 'The assertion is not valid at the time of Entra: check the clock of this server.',
  AADSTS700024: 'The assertion is not valid at the time of Entra: check the clock of this server.',
  AADSTS500011: 'The tenant has no API of that audience: give the API that App ID URI, and make its service principal.',
  AADSTS500133: 'The assertion is not valid at the time of Entra: check the clock of this server.',
  AADSTS50001: 'The tenant has no API of that audience: give the API that App ID URI, and make its service principal.',
  AADSTS1002012: 'The audience must be an App ID URI or the ID of an application, without a scope.',
  AADSTS70011: 'The audience must be an App ID URI or the ID of an application, without a scope.',
  AADSTS501051: "The API wants its callers assigned: assign this application to one of the API's app roles.",
  AADSTS7000222: 'The credential of the application has ended: give it a new one.',
};

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
  const number = /^AADSTS\d+/.exec(String(members.error_description))?.[0];
  const said = `${error}${number === undefined ? '' : `, ${number}`}`;
  const passes = answer.status >= 500 || [200, 404, 408, 410, 429].includes(answer.status);
  if (passes || error === 'temporarily_unavailable') {
    throw unavailable(reason, `${who} got no token (${answer.status}, ${said}).`, undefined, answer);
  }
  const advice = number === undefined ? undefined : ADVICE[number];
  throw new BatonError('credentials_refused', `${who} was refused a token (${said}).${advice ? ` ${advice}` : ''}`, {
    reason: number ?? reason,
    ...retryAfter(answer),
  });
}
