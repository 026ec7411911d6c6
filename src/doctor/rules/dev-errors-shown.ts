import { onAppService } from '../app-service';
import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

export const devErrorsShown: Rule = {
  code: 'dev-errors-shown',
  severity: 'error',
  title: "iisnode shows its errors, with the end of the app's error output, to everybody",
  check(project) {
    const { site } = project;
    if (!site?.usesIisnode || !site.iisnode.devErrorsEnabled.value) return [];
    const byDefault = site.iisnode.devErrorsEnabled.source === 'default';
    // App Service switches it off where the site says nothing.
    if (byDefault && onAppService(project)) return [];
    return [
      {
        ...setIisnode(site, 'devErrorsEnabled', 'false'),
        message: `When the app crashes, every caller gets a page with the last 64 KiB of its error output, stack traces and all, and the status 200, which monitors and caches take for success.${byDefault ? ' It is on because nothing switches it off.' : ''}`,
      },
    ];
  },
};
