import type { Report } from '../finding';
import type { Rule } from '../rule';
import { logProbes } from '../log-directory';
import type { RewriteRule } from '../rewrite-rules';
import type { Site } from '../site';
import { debuggerPath } from './debugger-open';

/** What the site has that nobody out there may reach, as paths without leading slash. */
function forbidden(site: Site): readonly { readonly path: string; readonly what: string }[] {
  const debug = site.iisnode.debuggingEnabled.value ? [debuggerPath(site), `${debuggerPath(site)}/`] : [];
  return [
    ...debug.map((path) => ({ path, what: `iisnode's debugger at /${path}, through which anybody stops the app` })),
    ...logProbes(site).map((path) => ({ path, what: `the app's output in /${path}` })),
  ];
}

/** A rule that takes requests out of the rewriting, so that the app's rule never sees them. */
function isException({ action, stopProcessing, negate, conditions }: RewriteRule): boolean {
  return (
    /^None$/i.test(action) && stopProcessing && !negate && conditions.every(({ input }) => input !== '{REMOTE_ADDR}')
  );
}

export const rewriteReopens: Rule = {
  code: 'rewrite-reopens',
  severity: 'error',
  title: "A rewrite rule leads to iisnode's debugger or to its log files",
  check({ site }) {
    if (!site?.usesIisnode) return [];
    return site.rewriteRules.filter(isException).flatMap((rule): Report[] => {
      // A rule for everything is one for files; site-files-served judges it.
      const opened = forbidden(site).find(({ path }) => rule.matches(path));
      if (opened === undefined || rule.matches('any/other/path')) return [];
      return [
        {
          place: site.xml.place(rule.element),
          message: `The rule "${rule.name}" takes ${opened.what}, out of the rewriting: whoever requests that URL gets there.`,
          fix: `Delete the rule "${rule.name}" (pattern ${rule.pattern}).`,
        },
      ];
    });
  },
};
