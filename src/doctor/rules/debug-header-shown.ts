import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

export const debugHeaderShown: Rule = {
  code: 'debug-header-shown',
  severity: 'warning',
  title: 'Every response says how the server is set up',
  check({ site }) {
    if (!site?.usesIisnode || !site.iisnode.debugHeaderEnabled.value) return [];
    return [
      {
        ...setIisnode(site, 'debugHeaderEnabled', 'false'),
        message:
          'Every response has the header iisnode-debug: command line, name of the machine, process IDs, memory, number of requests.',
      },
    ];
  },
};
