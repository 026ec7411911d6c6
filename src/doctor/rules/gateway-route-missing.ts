import type { Report } from '../finding';
import type { Rule } from '../rule';
import { meets } from '../gateway-routes';
import { gatewaysOf } from '../gateways';
import { atPointer } from '../located';
import { pathsDiffer } from '../path-prefix';

export const gatewayRouteMissing: Rule = {
  code: 'gateway-route-missing',
  severity: 'warning',
  title: 'The policy lists routes that no gateway has',
  check(project) {
    const { policy } = project;
    const document = policy?.document;
    const apis = gatewaysOf(project);
    if (policy === undefined || document?.edge.profile !== 'txn-token' || apis.length === 0) return [];
    if (apis.some((api) => pathsDiffer(project, api, document))) return [];
    return (document.routes ?? []).flatMap((route, index): Report[] => {
      // A health route may be there for the load balancer alone.
      if (route.public === true) return [];
      if (apis.some(({ operations }) => operations.some((operation) => meets(route, operation)))) return [];
      return [
        {
          place: atPointer(policy.data, `/routes/${index}`).place,
          message: `${route.method ?? 'ANY'} ${route.path}: the policy says who may call it, but no method of the gateway leads there: callers get 403 or 404 from the gateway, and no log of the app knows.`,
          fix: `A path "${route.path}" in the gateway's definition, like the others; or take the entry out of the policy.`,
        },
      ];
    });
  },
};
