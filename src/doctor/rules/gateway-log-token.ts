import type { Report } from '../finding';
import type { Rule } from '../rule';
import { gatewaysOf } from '../gateways';

export const gatewayLogToken: Rule = {
  code: 'gateway-log-token',
  severity: 'error',
  title: "The gateway's access log holds tokens",
  check: (project) =>
    gatewaysOf(project).flatMap(({ stage, operations }): Report[] => {
      const format = stage?.logFormat;
      if (stage === undefined || format === undefined) return [];
      const mapped = operations.flatMap(({ integration }) => integration.mappings);
      const tokens = mapped
        .filter(({ header, source }) => header === 'txn-token' && source.startsWith('context.authorizer.'))
        .map(({ source }) => source);
      const logged = [...new Set(['context.authorizer.txnToken', ...tokens])].filter((source) =>
        new RegExp(`\\$${source.replaceAll('.', '\\.')}(?!\\w)`).test(format),
      );
      if (logged.length === 0) return [];
      return [
        {
          place: stage.logAt.place,
          message: `The access log holds $${logged.join(', $')}: whoever may read the log can be any caller whose token has not ended.`,
          fix: 'Take it out of the format. "$context.authorizer.principalId" or "$context.authorizer.subject" says who it was.',
        },
      ];
    }),
};
