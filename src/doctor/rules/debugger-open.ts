import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';
import { keepsItsUrl } from '../reachable';
import type { Site } from '../site';

/** The path on which iisnode's debugger listens, without leading slash. */
export function debuggerPath(site: Site): string {
  const script = site.handlers.find(({ module }) => module === 'iisnode')?.path ?? 'server.js';
  return `${script.replace('*', 'server')}/${site.iisnode.debuggerPathSegment.value}`;
}

export const debuggerOpen: Rule = {
  code: 'debugger-open',
  severity: 'error',
  title: "iisnode's debugger is on, so anybody can stop the app",
  check({ site }) {
    if (!site?.usesIisnode || !site.iisnode.debuggingEnabled.value) return [];
    const path = debuggerPath(site);
    const byDefault =
      site.iisnode.debuggingEnabled.source === 'default' ? ' It is on because nothing switches it off.' : '';
    const report = setIisnode(site, 'debuggingEnabled', 'false');
    if (keepsItsUrl(site, path)) {
      return [
        {
          ...report,
          message: `Anybody who requests /${path} stops your app and starts it with a debugger: iisnode asks for no password and checks no address.${byDefault}`,
        },
      ];
    }
    return [
      {
        ...report,
        severity: 'warning',
        message: `Only your rewrite rules keep people from /${path}, where anybody could stop your app: one exception among them, and it is open.${byDefault}`,
      },
    ];
  },
};
