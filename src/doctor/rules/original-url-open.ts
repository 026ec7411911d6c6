import { onAppService } from '../app-service';
import type { Rule } from '../rule';
import { denyHeaders } from '../site-text';

export const originalUrlOpen: Rule = {
  code: 'original-url-open',
  severity: 'warning',
  title: 'A caller can show IIS one URL and the app another',
  check(project) {
    const { site } = project;
    // The front end of App Service sets the header itself, so there it cannot be refused.
    if (!site?.usesIisnode || site.deniedHeaders.has('x-original-url') || onAppService(project)) return [];
    const script = site.handlers.find(({ module }) => module === 'iisnode')?.path ?? 'server.js';
    const { place, fix } = denyHeaders(site, ['X-Original-URL']);
    return [
      {
        place,
        message: `iisnode takes the URL of a request from the header X-Original-URL. Who requests /${script} with that header chooses the URL that the app sees, while request filtering, authorization and the log of IIS see /${script}.`,
        // Not done by --fix: a proxy of yours in front of this server may send the header with every request.
        fix: `${fix}\nIf a proxy of your own in front of this server sends that header, have it stop first.`,
      },
    ];
  },
};
