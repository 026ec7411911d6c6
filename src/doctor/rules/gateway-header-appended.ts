import { CORRELATION_HEADER } from '../../correlation/correlation-id';
import { assertionHeader, spelled } from '../assertion-header';
import type { Rule } from '../rule';
import { gatewaysOf } from '../gateways';

export const gatewayHeaderAppended: Rule = {
  code: 'gateway-header-appended',
  severity: 'error',
  title: 'The gateway adds its word to what the caller sent',
  check(project) {
    const ours = [assertionHeader(project), CORRELATION_HEADER.toLowerCase()];
    return gatewaysOf(project).flatMap(({ operations }) =>
      operations.flatMap(({ method, path, integration }) =>
        integration.mappings
          .filter(
            ({ action, header, source }) =>
              action === 'append' && (ours.includes(header) || source.startsWith('context.authorizer.')),
          )
          .map(({ header, at }) => ({
            place: at.place,
            message: `${method} ${path}: "append" puts the gateway's value behind the ${spelled(header)} that the caller sent, joined with a comma. Who sends the header chooses its first value: the app refuses a token like that, and whatever else reads the header takes the caller's word.`,
            fix: `"overwrite:header.${spelled(header)}": ${JSON.stringify(at.value)}`,
          })),
      ),
    );
  },
};
