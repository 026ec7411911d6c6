import type { Report } from '../finding';
import type { Rule } from '../rule';
import { tlsEnforced } from '../tls';

const REQUIRE_TLS = [
  'Inside <system.webServer><rewrite><rules>, as the first rule:',
  '<rule name="TLS only" stopProcessing="true">',
  '  <match url=".*" />',
  '  <conditions><add input="{HTTPS}" pattern="^off$" /></conditions>',
  '  <action type="CustomResponse" statusCode="403" statusReason="TLS required" statusDescription="TLS required" />',
  '</rule>',
].join('\n');

export const plainHttp: Rule = {
  code: 'plain-http',
  severity: 'error',
  title: 'Tokens can travel without TLS',
  check({ site }) {
    if (site === undefined) return [];
    const reports: Report[] = [];
    for (const { name, action, url, conditions, element } of site.rewriteRules) {
      if (!/^Redirect$/i.test(action)) continue;
      if (/^http:/i.test(url)) {
        reports.push({
          place: site.xml.place(element),
          message: `The rule "${name}" sends callers to plain HTTP, where everybody on the way can read and reuse their tokens.`,
          fix: `<action type="Redirect" url="${url.replace(/^http:/i, 'https:')}" />`,
        });
      }
      const told = conditions.find(({ input }) => /^\{HTTP_X_FORWARDED_PROTO\}$/i.test(input));
      if (/^https:/i.test(url) && told !== undefined && !tlsEnforced(site)) {
        reports.push({
          place: site.xml.place(told.element),
          severity: 'warning',
          message: `The rule "${name}" believes X-Forwarded-Proto: a caller who sends "https" in it stays on plain HTTP. That is right only where nobody reaches this server but through the proxy that writes the header.`,
          fix: REQUIRE_TLS,
        });
      }
    }
    for (const element of site.section('httpRedirect')) {
      const { attributes } = element;
      if (attributes.get('enabled') !== 'true' || !/^http:/i.test(attributes.get('destination') ?? '')) continue;
      reports.push({
        place: site.xml.place(element, 'destination'),
        message: 'The site sends callers to plain HTTP, where everybody on the way can read and reuse their tokens.',
        fix: `destination="${(attributes.get('destination') ?? '').replace(/^http:/i, 'https:')}"`,
      });
    }
    return reports;
  },
};
