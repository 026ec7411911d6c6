import { CORRELATION_HEADER } from '../../correlation/correlation-id';
import { accessLogFormatText } from '../../correlation/access-log-format';
import type { Report } from '../finding';
import type { Rule } from '../rule';
import type { GatewayApi } from '../gateway-model';
import { gatewaysOf } from '../gateways';

/** The variables that go into the correlation header: the log must hold the same. */
function correlationSources({ kind, operations }: GatewayApi): readonly string[] {
  const mapped = operations.flatMap(({ integration }) =>
    integration.mappings
      .filter(({ header, source }) => header === CORRELATION_HEADER.toLowerCase() && /^context\.\w+$/.test(source))
      .map(({ source }) => source),
  );
  return mapped.length > 0
    ? [...new Set(mapped)]
    : [kind === 'http' ? 'context.requestId' : 'context.extendedRequestId'];
}

const holds = (format: string, source: string): boolean =>
  new RegExp(`\\$${source.replace('.', '\\.')}(?![\\w.])`).test(format);

export const gatewayLogIncomplete: Rule = {
  code: 'gateway-log-incomplete',
  severity: 'warning',
  title: "The gateway's access log does not hold the correlation ID",
  check: (project) =>
    gatewaysOf(project).flatMap((api): Report[] => {
      const { stage, kind } = api;
      if (stage === undefined || stage.logUnknown || kind === undefined) return [];
      const { logFormat, logAt } = stage;
      // On an HTTP API the two are one.
      const same = (source: string): readonly string[] =>
        kind === 'http' ? ['context.requestId', 'context.extendedRequestId'] : [source];
      const missing = correlationSources(api).filter(
        (source) => !same(source).some((one) => holds(logFormat ?? '', one)),
      );
      if (missing.length === 0) return [];
      return [
        {
          place: logAt.place,
          message:
            logFormat === undefined
              ? 'The stage has no access log: requests that the gateway or the authorizer refuses leave no trace anywhere.'
              : `The access log lacks $${missing.join(', $')}, which ${CORRELATION_HEADER} is made from: its lines cannot be joined with those of IIS, the app and the functions.`,
          fix: `The format that "npx baton logs gateway-format" prints:\n${accessLogFormatText(kind)}`,
        },
      ];
    }),
};
