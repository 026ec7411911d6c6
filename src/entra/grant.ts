/** What is asked for, and in whose name. */
export interface Grant {
  /** `application`: the service principal itself; `on_behalf_of`: for the caller at hand. */
  readonly flow: 'application' | 'on_behalf_of';
  /** Space-separated. */
  readonly scope: string;
  /** What the form holds besides client and scope. */
  readonly parameters: Readonly<Record<string, string>>;
}

const DEFAULT_SCOPE = '/.default';

/** A token for the application itself, for all that it was given on one resource (RFC 6749, section 4.4). */
export function applicationGrant(resource: string): Grant {
  const scope = resource.endsWith(DEFAULT_SCOPE) ? resource : `${resource}${DEFAULT_SCOPE}`;
  return { flow: 'application', scope, parameters: { grant_type: 'client_credentials' } };
}

/** A token for the caller, from the caller's own token (Microsoft identity platform, "On-Behalf-Of flow"). */
export function onBehalfOfGrant(scopes: readonly string[], callerToken: string): Grant {
  return {
    flow: 'on_behalf_of',
    scope: [...new Set(scopes)].sort().join(' '),
    parameters: {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      requested_token_use: 'on_behalf_of',
      assertion: callerToken,
    },
  };
}

/** The resource of a scope: what stands before its last part. A scope without one is Microsoft Graph's. */
export function resourceOf(scope: string): string {
  const [first = ''] = scope.split(' ');
  const end = first.lastIndexOf('/');
  return end > 0 ? first.slice(0, end) : 'https://graph.microsoft.com';
}
