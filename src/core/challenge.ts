import type { LoginRequirement } from './access';
import type { BatonError } from './errors';

/** A quoted-string (RFC 9110, section 5.6.4) of characters that need no escape. */
const quoted = (value: string): string => `"${value.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')}"`;

/** What the user must do to get further (RFC 9470, section 3). */
function loginParameters({ maxAgeSeconds, acr = [] }: LoginRequirement): string[] {
  const contexts = typeof acr === 'string' ? [acr] : acr;
  return [
    'error="insufficient_user_authentication"',
    ...(contexts.length > 0 ? [`acr_values=${quoted(contexts.join(' '))}`] : []),
    ...(maxAgeSeconds === undefined ? [] : [`max_age=${quoted(String(maxAgeSeconds))}`]),
  ];
}

/**
 * The `WWW-Authenticate` challenge for an error (RFC 6750, section 3; RFC 9470); undefined where there is nothing to challenge.
 *
 * No error code where no identity was sent (section 3.1), and never why a token was refused.
 */
export function challengeFor(error: BatonError, realm: string): string | undefined {
  if (error.status !== 401 && error.missingScopes.length === 0) return undefined;
  const parameters = [`realm=${quoted(realm)}`];
  if (error.code === 'token_invalid') parameters.push('error="invalid_token"');
  if (error.requiredLogin !== undefined) parameters.push(...loginParameters(error.requiredLogin));
  if (error.missingScopes.length > 0) {
    parameters.push('error="insufficient_scope"', `scope=${quoted(error.missingScopes.join(' '))}`);
  }
  return `Bearer ${parameters.join(', ')}`;
}
