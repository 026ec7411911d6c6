import type { Report } from '../finding';
import type { Rule } from '../rule';
import { routesInWords } from '../gateway-model';
import { entriesFor } from '../gateway-routes';
import { gatewaysOf } from '../gateways';
import { pathsDiffer } from '../path-prefix';

export const gatewayRouteUnlisted: Rule = {
  code: 'gateway-route-unlisted',
  severity: 'warning',
  title: 'The gateway has routes that the policy does not know',
  check(project) {
    const document = project.policy?.document;
    if (document?.routes === undefined || document.unlistedRoutes === 'authenticated') return [];
    return gatewaysOf(project).flatMap((api): Report[] => {
      if (pathsDiffer(project, api, document)) return [];
      const unlisted = api.operations.filter(
        (operation) => operation.method !== 'OPTIONS' && entriesFor(document, operation).length === 0,
      );
      return unlisted.slice(0, 1).map((first) => ({
        place: first.at.place,
        message: `${routesInWords(unlisted)}: no entry of the policy is for that, and what it does not list is refused with 403 for everybody.`,
        fix: `In "routes" of the policy:\n{ "method": "${first.method === 'ANY' ? 'GET' : first.method}", "path": "${first.path}", "permission": "…" }`,
      }));
    });
  },
};
