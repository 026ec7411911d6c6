import { BatonError } from '../core/errors';
import { retryAfter, type Answer } from './http';
import type { WebIdentityFacts } from './web-identity';

/** What STS said in its error answer. */
export interface StsFault {
  readonly code: string;
  readonly message: string;
}

/** One exchange, for messages. */
export interface ExchangeFacts {
  readonly roleArn: string;
  readonly region: string;
  readonly durationSeconds: number;
  readonly token: WebIdentityFacts;
}

interface Explanation {
  readonly code: string;
  /** Where one code stands for several things: how AWS words this one. */
  readonly says?: RegExp;
  readonly reason: string;
  readonly advice: (facts: ExchangeFacts) => string;
}

/** A condition key of a trust policy is the issuer without its scheme. */
const conditionKey = ({ issuer }: WebIdentityFacts): string => issuer.replace(/^https:\/\//, '');

function wrongAudience({ token }: ExchangeFacts): string {
  const { audience, client, entra } = token;
  const general = `Its audience is "${audience}". Add that to the audiences of the IAM OIDC provider, and to the condition "${conditionKey(token)}:aud" of the role's trust policy.`;
  if (client === '(none)' || client === audience) return general;
  const byClient = `It was asked for by the client "${client}", and AWS holds a token's "azp" against the audiences where there is one: register "${client}" as an audience of the IAM OIDC provider and in the trust policy`;
  const remedies = `, or ask for a token of the same application ("${client}/.default"), or set the API's requestedAccessTokenVersion to 1.`;
  return entra === 'v2' ? `${general} ${byClient}${remedies}` : `${general} ${byClient}.`;
}

function unknownIssuer({ token: { issuer, entra } }: ExchangeFacts): string {
  const general = `Make an IAM OIDC provider with exactly this URL, a trailing slash included: ${issuer}`;
  const versions = {
    v1: ` It is a v1 token; for v2 tokens (https://login.microsoftonline.com/<tenant>/v2.0) set the API's requestedAccessTokenVersion to 2.`,
    v2: ` It is a v2 token; if the provider stands for https://sts.windows.net/<tenant>/, set the API's requestedAccessTokenVersion to 1.`,
  };
  return `${general}.${entra === undefined ? '' : versions[entra]}`;
}

function notTrusted({ roleArn, token }: ExchangeFacts): string {
  const key = conditionKey(token);
  const actions = [
    'sts:AssumeRoleWithWebIdentity',
    ...(token.hasTags ? ['sts:TagSession'] : []),
    ...(token.hasSourceIdentity ? ['sts:SetSourceIdentity'] : []),
  ];
  const more = actions.length > 1 ? ' (the token carries session tags or a source identity)' : '';
  return `The trust policy of ${roleArn} must allow ${actions.join(', ')}${more} to the OIDC provider of ${token.issuer}; its conditions must fit "${key}:aud" = "${token.audience}" and "${key}:sub" = "${token.subject}". The role must exist.`;
}

/** STS API reference, `AssumeRoleWithWebIdentity`, "Errors"; what the words mean is in no reference, but in its users' reports. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    code: 'ExpiredTokenException',
    reason: 'token_expired',
    advice: () => 'A new token was refused as well: check the clocks of this server and of the issuer.',
  },
  { code: 'InvalidIdentityToken', says: /audience/i, reason: 'token_audience', advice: wrongAudience },
  {
    code: 'InvalidIdentityToken',
    says: /No OpenIDConnect provider/i,
    reason: 'provider_unknown',
    advice: unknownIssuer,
  },
  {
    code: 'InvalidIdentityToken',
    says: /verification key/i,
    reason: 'provider_keys',
    advice: ({ token: { issuer } }) =>
      `AWS must be able to get ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration and the keys that it names from the internet, on port 443, and the key that signed must be among them.`,
  },
  {
    code: 'InvalidIdentityToken',
    reason: 'token_invalid',
    advice: ({ token: { issuer } }) =>
      `Check that the token is from ${issuer} and signed with a key that it publishes.`,
  },
  {
    code: 'IDPRejectedClaim',
    reason: 'token_rejected',
    advice: () => 'The identity provider no longer stands by the token: it has ended or was revoked.',
  },
  { code: 'AccessDenied', reason: 'role_trust', advice: notTrusted },
  {
    code: 'MalformedPolicyDocument',
    reason: 'session_policy',
    advice: () => 'The session policy was not understood: check target and actions of the call.',
  },
  {
    code: 'PackedPolicyTooLarge',
    reason: 'session_policy',
    advice: () =>
      'Session policy and session tags are too large together: let the issuer put fewer or shorter tags into the token.',
  },
  {
    code: 'RegionDisabledException',
    reason: 'region_disabled',
    advice: ({ region }) =>
      `STS is not active in ${region}: activate it (IAM, account settings), or name another region.`,
  },
  {
    code: 'ValidationError',
    says: /DurationSeconds|MaxSessionDuration/i,
    reason: 'duration',
    advice: ({ durationSeconds, roleArn }) =>
      `"durationSeconds" is ${durationSeconds}: lower it, or raise the maximum session duration of ${roleArn}.`,
  },
  {
    code: 'ValidationError',
    reason: 'request',
    advice: ({ roleArn }) => `AWS did not take the request's form; check the role's ARN, ${roleArn}.`,
  },
];

/** AWS spells a few of them with and without "Exception", and so do its stand-ins. */
const sameCode = (one: string, other: string): boolean =>
  one.replace(/Exception$/, '') === other.replace(/Exception$/, '');

const THROTTLED = ['Throttling', 'RequestLimitExceeded', 'TooManyRequests'];

/**
 * What STS answered, in the table's terms, with what to change. AWS's own words stay in the cause.
 *
 * @param fault undefined where the answer is none of STS
 */
export function stsError(fault: StsFault | undefined, answer: Answer, facts: ExchangeFacts): BatonError {
  const { roleArn, region } = facts;
  const cause = fault === undefined ? undefined : Object.assign(new Error(fault.message), { name: fault.code });
  const code = fault?.code ?? '';
  if (sameCode(code, 'IDPCommunicationError')) {
    const message = `AWS could not reach the identity provider ${facts.token.issuer}. If it lasts, its address must answer from the internet, on port 443.`;
    return new BatonError('credentials_unavailable', message, { reason: 'IDPCommunicationError', cause });
  }
  const isThrottled = answer.status === 429 || THROTTLED.some((name) => sameCode(code, name));
  if (isThrottled || answer.status >= 500 || fault === undefined) {
    const what = isThrottled ? 'throttled' : `answered ${answer.status} to`;
    const message = `STS in ${region} ${what} the request for credentials of ${roleArn}.`;
    return new BatonError('credentials_unavailable', message, { reason: 'sts', cause, ...retryAfter(answer) });
  }
  const found = EXPLANATIONS.find((entry) => sameCode(entry.code, code) && entry.says?.test(fault.message) !== false);
  const advice = found?.advice(facts) ?? 'The cause holds what AWS said.';
  const message = `AWS refused the credentials of ${roleArn} (${code}). ${advice}`;
  return new BatonError('credentials_refused', message, { reason: found?.reason ?? code, cause });
}
