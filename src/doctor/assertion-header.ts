import { TRANSACTION_TOKEN_HEADER } from '../token/transaction-token';
import { gatewaysOf } from './gateways';
import type { Project } from './project';

/**
 * The header in which the gateway tells who the caller is, in lower case: that of Transaction Tokens, or the unsigned one
 * that the policy names. undefined where another edge says it, or nothing tells.
 */
export function assertionHeader(project: Project): string | undefined {
  const token = TRANSACTION_TOKEN_HEADER.toLowerCase();
  const edge = project.policy?.document?.edge;
  if (edge?.profile === 'txn-token') return token;
  if (edge !== undefined) return edge.profile === 'unsigned' ? edge.header.toLowerCase() : undefined;
  const mapped = gatewaysOf(project).flatMap(({ operations }) =>
    operations.flatMap(({ integration }) => integration.mappings),
  );
  return mapped.some(({ header }) => header === token) ? token : undefined;
}

/** A header's name in lower case as people write it: `Txn-Token`. */
export function spelled(header: string): string {
  return header.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
