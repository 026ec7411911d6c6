import type { RouteRequest } from '../core/access';
import type { TransactionClaims } from '../core/transaction';
import { requestBinding } from '../token/request-binding';

/** The transaction, for this one request; the gateway's base path is taken off, as the app takes its own off. */
export function boundTo(transaction: TransactionClaims, route: RouteRequest, basePath: string): TransactionClaims {
  const below = basePath !== '' && route.path.startsWith(`${basePath}/`);
  const path = below ? route.path.slice(basePath.length) : route.path === basePath ? '/' : route.path;
  return { ...transaction, rctx: { ...transaction.rctx, req_bind: requestBinding({ ...route, path }) } };
}
