import type { Report } from '../finding';
import type { Rule } from '../rule';
import { gatewaysOf } from '../gateways';
import { originLock } from '../origin-lock';

export const gatewayOriginOpen: Rule = {
  code: 'gateway-origin-open',
  severity: 'warning',
  title: 'Anybody can reach the site without the gateway',
  check(project) {
    const { site, applicationHost, policy } = project;
    // Whether IIS has a lock cannot be said without its files.
    if ((site === undefined && applicationHost === undefined) || originLock(project) !== undefined) return [];
    const unsigned = policy?.document?.edge.profile === 'unsigned';
    return gatewaysOf(project).flatMap(({ operations, stage }): Report[] => {
      const first = operations.find(({ integration }) => !integration.isPrivate);
      if (first === undefined) return [];
      const shown = stage?.clientCertificate
        ? ' The stage shows a client certificate, but IIS does not ask for it.'
        : '';
      return [
        {
          place: first.integration.uriAt.place,
          ...(unsigned && { severity: 'error' as const }),
          message: `The gateway comes to the site over the internet, and neither the template nor web.config keeps others away: they get past the gateway's limits and logs, read public routes, and can use a stolen token.${unsigned ? ' Here nobody signs who the caller is, so they can be anybody.' : ''}${shown}`,
          fix: 'One of: a VPC link ("connectionType": "VPC_LINK", "connectionId": …) to a private load balancer; a client certificate of the stage (ClientCertificateId) with <access sslFlags="Ssl, SslNegotiateCert, SslRequireCert" /> in web.config; <ipSecurity allowUnlisted="false"> with the addresses of the proxy in front. Where a firewall does it, leave this rule out (--ignore gateway-origin-open).',
        },
      ];
    });
  },
};
