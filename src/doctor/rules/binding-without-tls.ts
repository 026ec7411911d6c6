import { elementsAt } from '../../iis/xml-sections';
import type { Rule } from '../rule';
import { hostSections } from '../server-sections';
import { asksForTls, tlsEnforced } from '../tls';

/** `IP:port:host`; an address in brackets where it is IPv6. */
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]):/;

export const bindingWithoutTls: Rule = {
  code: 'binding-without-tls',
  severity: 'error',
  title: 'The site takes requests over plain HTTP',
  check({ site, applicationHost }) {
    if (applicationHost?.site === undefined) return [];
    const { xml, site: element } = applicationHost;
    if (asksForTls(hostSections(applicationHost, 'security', 'access'))) return [];
    if (site !== undefined && tlsEnforced(site)) return [];
    const name = element.attributes.get('name') ?? '';
    return elementsAt(element, ['bindings', 'binding']).flatMap((binding) => {
      const address = binding.attributes.get('bindingInformation') ?? '';
      if (binding.attributes.get('protocol') !== 'http' || LOOPBACK.test(address)) return [];
      return [
        {
          place: xml.place(binding),
          message: `The site "${name}" listens on ${address} without TLS, and nothing in web.config refuses what comes there: everybody on the way reads tokens and can use them again.`,
          fix: `As an administrator, once the site has an https binding:\n%windir%\\system32\\inetsrv\\appcmd.exe set site "${name}" /-bindings.[protocol='http',bindingInformation='${address}']\nor inside <system.webServer> of web.config:\n<security><access sslFlags="Ssl" /></security>`,
        },
      ];
    });
  },
};
