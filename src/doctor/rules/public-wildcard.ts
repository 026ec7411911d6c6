import type { Report } from '../finding';
import type { Rule } from '../rule';
import { atPointer } from '../located';

export const publicWildcard: Rule = {
  code: 'public-wildcard',
  severity: 'error',
  title: 'The policy opens whole branches of paths to everybody',
  check({ policy }) {
    if (policy?.document === undefined) return [];
    return (policy.document.routes ?? []).flatMap((route, index): Report[] => {
      if (route.public !== true || !/\+\}\/?$/.test(route.path)) return [];
      const wholeSite = /^\/\{[^}]*\+\}\/?$/.test(route.path);
      // Files for browsers, below a folder of their own.
      if (!wholeSite && (route.method === 'GET' || route.method === 'HEAD')) return [];
      return [
        {
          place: atPointer(policy.data, `/routes/${index}`).place,
          ...(!wholeSite && { severity: 'warning' as const }),
          message: wholeSite
            ? `${route.method ?? 'Every method of'} ${route.path} is public: whoever forgets to list a new route has published it.`
            : `${route.path} is public for every method: what is below it can be written by everybody.`,
          fix: `{ "method": "GET", "path": "${wholeSite ? '/public/{file+}' : route.path}", "public": true }, and an entry for each other route that is open on purpose`,
        },
      ];
    });
  },
};
