import { BatonError } from '../core/errors';

/** What to change, by the error of STS. */
const ADVICE: Readonly<Record<string, string>> = {
  OutboundWebIdentityFederationDisabled:
    'The account gives no tokens to the outside yet. Once per account: aws iam enable-outbound-web-identity-federation.',
  AccessDenied:
    "The role may not ask for one. Allow sts:GetWebIdentityToken in its policy, for Entra's audience, RS256 and this duration.",
  SessionDurationEscalation:
    "The token would outlive the role's session. Ask for a shorter one (durationSeconds), or for one in a fresh session.",
  JWTPayloadSizeExceeded: 'The token would be too large. Take tags off the role or off the session.',
  ExpiredToken: "The role's own credentials have expired. Whatever gives the SDK its credentials must renew them.",
  ExpiredTokenException:
    "The role's own credentials have expired. Whatever gives the SDK its credentials must renew them.",
  InvalidClientTokenId: "AWS does not know the SDK's credentials. Use the role's own.",
  SignatureDoesNotMatch:
    "AWS does not take the signature of the SDK's credentials. Check them, and the machine's clock.",
  RegionDisabledException: 'STS is not active in this region for the account. Activate it, or name another region.',
  InvalidAction: 'This endpoint does not know GetWebIdentityToken. Only regional endpoints of STS do.',
  CredentialsProviderError: 'The SDK found no AWS credentials. In Lambda it takes the role of the function.',
};

/** STS names some errors with and some without "Exception", whatever its documentation says. */
const adviceOf = (name: string): string | undefined =>
  [name, name.replace(/Exception$/, '')]
    .map((key) => (Object.hasOwn(ADVICE, key) ? ADVICE[key] : undefined))
    .find(Boolean);

/** What the SDK threw when it was asked for a token, in the table's terms. AWS's own text stays in the cause. */
export function stsError(thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const error = thrown as { readonly name?: unknown; readonly code?: unknown };
  const name = typeof error.name === 'string' ? error.name : 'Error';
  const details = { cause: thrown, reason: name === 'Error' && typeof error.code === 'string' ? error.code : name };
  const advice = adviceOf(name);
  if (advice !== undefined) {
    return new BatonError('entra_refused', `AWS STS gave no token for Entra: ${details.reason}. ${advice}`, details);
  }
  return new BatonError(
    'entra_unavailable',
    `AWS STS could not be asked for a token for Entra: ${details.reason}.`,
    details,
  );
}
