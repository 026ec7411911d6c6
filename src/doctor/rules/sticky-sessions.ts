import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

export const stickySessions: Rule = {
  code: 'sticky-sessions',
  severity: 'info',
  title: 'Callers choose the process that serves them',
  check({ site }) {
    if (!site?.usesIisnode || !site.iisnode.nodeProcessStickySessions.value) return [];
    const { place, fix } = setIisnode(site, 'nodeProcessStickySessions', 'false');
    return [
      {
        place,
        fix,
        message:
          'iisnode believes the number in the cookie iisnode.session.cookie, which has neither Secure nor HttpOnly: a caller can load one process on purpose. Sessions that several processes share belong into a store.',
      },
    ];
  },
};
