import type { Report } from '../finding';
import type { Rule } from '../rule';
import { routesInWords, type GatewayApi, type GatewayOperation } from '../gateway-model';
import { gatewaysOf } from '../gateways';

/** Whether requests leave the gateway without TLS, as far as the template says. */
function isPlain({ kind }: GatewayApi, { integration }: GatewayOperation): boolean {
  const { uri, isPrivate, tlsConfig } = integration;
  if (/^http:\/\//i.test(uri ?? '')) return true;
  // An HTTP API names a listener instead of an address, and speaks TLS to it only where it is told what to expect.
  return kind === 'http' && isPrivate && !tlsConfig.isThere && !/^https:\/\//i.test(uri ?? '');
}

export const gatewayPlainHttp: Rule = {
  code: 'gateway-plain-http',
  severity: 'error',
  title: 'The gateway sends tokens on without TLS',
  check: (project) =>
    gatewaysOf(project).flatMap((api): Report[] => {
      const plain = api.operations.filter((operation) => isPlain(api, operation));
      const report = (
        group: readonly GatewayOperation[],
        rest: Pick<Report, 'fix' | 'severity'> & { why: string },
      ): Report[] =>
        group.slice(0, 1).map(({ integration }) => ({
          place: integration.uriAt.place,
          message: `${routesInWords(group)}: requests go on over plain HTTP. ${rest.why}`,
          fix: rest.fix,
          ...(rest.severity && { severity: rest.severity }),
        }));
      const open = plain.filter(({ integration }) => !integration.isPrivate);
      const inside = plain.filter(({ integration }) => integration.isPrivate);
      return [
        ...report(open, {
          why: 'They cross the internet, and everybody on the way can read the tokens and change the answers.',
          fix: '"uri": "https://…", and an https binding on the site',
        }),
        ...report(inside, {
          severity: 'warning',
          why: 'Whoever is inside the network can read the tokens and change the answers.',
          fix:
            api.kind === 'http'
              ? 'An https listener, and in the integration: "tlsConfig": { "serverNameToVerify": "<name in the certificate>" }'
              : '"uri": "https://…", and a listener and target group for TLS',
        }),
      ];
    }),
};
