import type { ConfigElement } from '../iis/xml-sections';
import type { RewriteRule } from './rewrite-rules';
import { hasFlag, lastValue } from './server-sections';
import type { Site } from './site';

/** A condition that holds for requests over plain HTTP. */
function asksForHttp({ conditions }: RewriteRule): boolean {
  return conditions.some(({ input, pattern, negate }) => {
    const wanted = /^\{(HTTPS|SERVER_PORT_SECURE|SERVER_PORT)\}$/i.exec(input)?.[1]?.toUpperCase();
    if (wanted === undefined) return false;
    const [plain, secure] = { HTTPS: ['off', 'on'], SERVER_PORT_SECURE: ['0', '1'] }[wanted] ?? ['80', '443'];
    try {
      const test = new RegExp(pattern, 'i');
      return test.test(plain ?? '') !== negate && test.test(secure ?? '') === negate;
    } catch {
      return false;
    }
  });
}

/** Whether the rule keeps requests over plain HTTP from the app. */
function refusesHttp(rule: RewriteRule): boolean {
  if (!rule.matches('') || !rule.matches('any/path') || rule.negate || !asksForHttp(rule)) return false;
  return (
    /^(?:AbortRequest|CustomResponse)$/i.test(rule.action) ||
    (/^Redirect$/i.test(rule.action) && /^https:/i.test(rule.url))
  );
}

/** Whether `<access sslFlags>` refuses requests without TLS. */
export function asksForTls(access: readonly ConfigElement[]): boolean {
  return hasFlag(lastValue(access, 'sslFlags'), /^Ssl(?:128)?$/i);
}

/** Whether web.config lets nothing but TLS through: by `sslFlags`, a rewrite rule, or a redirect of the whole site. */
export function tlsEnforced(site: Site): boolean {
  if (asksForTls(site.section('security', 'access'))) return true;
  const firstToApp = site.rewriteRules.findIndex(({ action }) => /^Rewrite$/i.test(action));
  const before = firstToApp === -1 ? site.rewriteRules : site.rewriteRules.slice(0, firstToApp);
  return before.some(refusesHttp);
}
