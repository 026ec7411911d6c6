import type { Report } from '../finding';
import type { Rule } from '../rule';
import { authorizationSource, keptByCaller, usedAuthorizers } from '../gateway-authorizers';

export const gatewayCacheShared: Rule = {
  code: 'gateway-cache-shared',
  severity: 'error',
  title: "One caller's authorizer result serves another",
  check: (project) =>
    usedAuthorizers(project).flatMap(({ api, authorizer }): Report[] => {
      const { identitySources, ttlSeconds, identitySourceAt, name } = authorizer;
      if (identitySources === undefined || !ttlSeconds || keptByCaller(authorizer)) return [];
      return [
        {
          place: identitySourceAt.place,
          message:
            identitySources.length === 0
              ? `${name}: results are kept for ${ttlSeconds} s, but nothing says by what (identitySource). API Gateway refuses that when it is deployed, or asks by a key that all callers share.`
              : `${name}: results are kept for ${ttlSeconds} s by ${identitySources.join(', ')}. Two callers who are alike in that share one result: the second acts with the token of the first.`,
          fix: `"identitySource": "${authorizationSource(api)}"`,
        },
      ];
    }),
};
