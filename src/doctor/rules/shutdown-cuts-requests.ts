import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

export const shutdownCutsRequests: Rule = {
  code: 'shutdown-cuts-requests',
  severity: 'warning',
  title: 'A restart cuts requests off',
  check({ site }) {
    if (!site?.usesIisnode || site.iisnode.gracefulShutdownTimeout.value > 0) return [];
    return [
      {
        ...setIisnode(site, 'gracefulShutdownTimeout', '60000'),
        message:
          'With 0, a change of a file or a recycle ends the app in the middle of its requests: callers get 500, and nobody knows what was done. Open requests should have some time to end.',
      },
    ];
  },
};
