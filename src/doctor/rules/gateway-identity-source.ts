import type { Report } from '../finding';
import type { Rule } from '../rule';
import { authorizationSource, keptByCaller, usedAuthorizers } from '../gateway-authorizers';

export const gatewayIdentitySource: Rule = {
  code: 'gateway-identity-source',
  severity: 'warning',
  title: "The authorizer's identity source is not the Authorization header",
  check: (project) =>
    usedAuthorizers(project).flatMap(({ api, authorizer }): Report[] => {
      const { identitySources, ttlSeconds, identitySourceAt, name } = authorizer;
      // With a cache it is worse, and another rule's.
      if (identitySources === undefined || ttlSeconds !== 0 || keptByCaller(authorizer)) return [];
      const http = api.kind === 'http';
      return [
        {
          place: identitySourceAt.place,
          message: `${name}: ${identitySources.length === 0 ? 'without an identity source' : `with ${identitySources.join(', ')} as identity source`} every request without a token costs an invocation${http ? ", and Baton's authorizer, which insists on that source, answers each with an error (500)" : '; anybody can send them'}.`,
          fix: `"identitySource": "${authorizationSource(api)}"`,
        },
      ];
    }),
};
