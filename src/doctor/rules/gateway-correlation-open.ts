import { CORRELATION_HEADER } from '../../correlation/correlation-id';
import type { Report } from '../finding';
import type { Rule } from '../rule';
import { mappingFix } from '../gateway-mapping';
import { routesInWords, type GatewayApi, type GatewayOperation, type HeaderMapping } from '../gateway-model';
import { gatewaysOf } from '../gateways';

const HEADER = CORRELATION_HEADER.toLowerCase();

const sourceOf = (operation: GatewayOperation): HeaderMapping | undefined =>
  operation.integration.mappings.find(({ header, action }) => header === HEADER && action === 'overwrite');

/** What of the two nobody out there can choose. */
const ownId = (kind: GatewayApi['kind']): string =>
  kind === 'http' ? 'context.requestId' : 'context.extendedRequestId';

export const gatewayCorrelationOpen: Rule = {
  code: 'gateway-correlation-open',
  severity: 'warning',
  title: 'Callers choose the correlation ID',
  check: (project) =>
    gatewaysOf(project).flatMap(({ kind, operations }): Report[] => {
      const isChosen = (operation: GatewayOperation): boolean => {
        const source = sourceOf(operation)?.source;
        // An empty one is known to the deployment alone.
        return source === undefined || (source !== '' && !source.startsWith('context.'));
      };
      const unmapped = operations.filter(isChosen);
      // On a REST API a caller sets requestId by the header x-amzn-RequestId.
      const chosen = operations.filter((one) => kind === 'rest' && sourceOf(one)?.source === 'context.requestId');
      const report = (group: readonly GatewayOperation[], why: string): Report[] =>
        group.slice(0, 1).map((first) => ({
          place: (sourceOf(first)?.at ?? first.integration.at).place,
          message: `${routesInWords(group)}: ${why} One caller's requests can be made to look like another's in every log.`,
          fix: mappingFix(kind, CORRELATION_HEADER, ownId(kind)),
        }));
      return [
        ...report(
          unmapped,
          `${CORRELATION_HEADER} is not the gateway's own ID: what the caller sends in it passes through.`,
        ),
        ...report(
          chosen,
          'a caller sets context.requestId of a REST API with the header x-amzn-RequestId; extendedRequestId nobody can.',
        ),
      ];
    }),
};
