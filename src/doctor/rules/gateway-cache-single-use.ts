import type { Report } from '../finding';
import type { Rule } from '../rule';
import { usedAuthorizers } from '../gateway-authorizers';

export const gatewayCacheSingleUse: Rule = {
  code: 'gateway-cache-single-use',
  severity: 'error',
  title: 'The gateway keeps tokens that the policy wants for one request each',
  check(project) {
    const edge = project.policy?.document?.edge;
    if (edge?.profile !== 'txn-token') return [];
    const once = (['replay', 'bind'] as const).filter((name) => edge[name] !== undefined);
    if (once.length === 0) return [];
    return usedAuthorizers(project).flatMap(({ authorizer: { name, ttlSeconds, ttlAt } }): Report[] => {
      if (!ttlSeconds) return [];
      return [
        {
          place: ttlAt.place,
          message: `${name} keeps results for ${ttlSeconds} s and sends one token with many requests, but the policy lets each in for one (${once.map((member) => `/edge/${member}`).join(', ')}): from the second request on callers get 401.`,
          fix: '"authorizerResultTtlInSeconds": 0, and createAuthorizer({ cacheTtlSeconds: 0 })',
        },
      ];
    });
  },
};
