import type { PolicyDocument } from '../../policy/document';
import type { Report } from '../finding';
import type { Rule } from '../rule';
import { routesInWords, type GatewayOperation } from '../gateway-model';
import { entriesFor } from '../gateway-routes';
import { gatewaysOf } from '../gateways';
import { pathsDiffer } from '../path-prefix';

/** Whether the policy wants to know who calls; preflights of browsers carry no token. */
function wantsCaller(document: PolicyDocument, operation: GatewayOperation): boolean {
  if (operation.method === 'OPTIONS') return false;
  const entries = entriesFor(document, operation);
  return entries.length === 0 || entries.some((entry) => entry.public !== true);
}

export const gatewayRouteOpen: Rule = {
  code: 'gateway-route-open',
  severity: 'error',
  title: 'The gateway has routes without authorizer that the policy does not open',
  check(project) {
    const document = project.policy?.document;
    if (document?.edge.profile !== 'txn-token') return [];
    return gatewaysOf(project).flatMap((api): Report[] => {
      if (pathsDiffer(project, api, document)) return [];
      const { operations, rootSecurity } = api;
      const open = operations.filter(
        (operation) => operation.authorizer === 'none' && wantsCaller(document, operation),
      );
      const [first] = open;
      if (first === undefined) return [];
      const root =
        rootSecurity === undefined
          ? ''
          : ' API Gateway does not read "security" of the whole definition, only that of each method.';
      return [
        {
          place: first.at.place,
          message: `${routesInWords(open)}: no authorizer asks who calls, so anybody gets as far as the app, with a Txn-Token that they brought themselves. The app refuses what has no good one with 401, your own callers among them.${root}`,
          fix: 'In the method: "security": [ { "baton": [] } ], with the name of the authorizer\'s security scheme; or "public": true on its route in the policy.',
        },
      ];
    });
  },
};
