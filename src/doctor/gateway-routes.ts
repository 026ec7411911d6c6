import type { PolicyDocument, RouteDocument } from '../policy/document';
import { findRoutes } from '../policy/routes';
import { rulesOf } from '../policy/rules';
import type { GatewayOperation } from './gateway-model';

type Part = { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'parameter' | 'greedy' };

function partsOf(path: string): readonly Part[] {
  // The gateway's `$default` takes every path.
  if (path === '$default') return [{ kind: 'greedy' }];
  return path
    .split('/')
    .filter((part) => part !== '')
    .map((part): Part => {
      if (!/^\{.*\}$/.test(part)) return { kind: 'literal', text: part.toLowerCase() };
      return { kind: part.endsWith('+}') ? 'greedy' : 'parameter' };
    });
}

/** Whether some path fits both. */
function pathsMeet([a, ...restA]: readonly Part[], [b, ...restB]: readonly Part[]): boolean {
  if (a?.kind === 'greedy' || b?.kind === 'greedy') return true;
  if (a === undefined || b === undefined) return a === b;
  if (a.kind === 'literal' && b.kind === 'literal' && a.text !== b.text) return false;
  return pathsMeet(restA, restB);
}

function methodsMeet(route: string | undefined, operation: string): boolean {
  if (route === undefined || operation === 'ANY') return true;
  return route === operation || (route === 'GET' && operation === 'HEAD');
}

/** Whether a request exists that both are for. */
export function meets({ method, path }: RouteDocument, operation: GatewayOperation): boolean {
  return methodsMeet(method, operation.method) && pathsMeet(partsOf(path), partsOf(operation.path));
}

/** The policy's entries that decide on requests of an operation; none where the policy lists no such request. */
export function entriesFor(document: PolicyDocument, operation: GatewayOperation): readonly RouteDocument[] {
  const { method, path } = operation;
  const meeting = (document.routes ?? []).filter((route) => meets(route, operation));
  if (method === 'ANY' || partsOf(path).some(({ kind }) => kind === 'greedy')) return meeting;
  // One path stands for all: the most specific entry decides on it.
  const sample = path.replace(/\{[^}]*\}/g, 'a');
  const found = findRoutes(rulesOf(document).routes ?? [], { method, path: sample });
  const decisive = found.flatMap((one) => one?.document ?? []);
  return decisive.length > 0 ? decisive : meeting;
}
