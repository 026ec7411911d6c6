import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

export const recycleSignalOpen: Rule = {
  code: 'recycle-signal-open',
  severity: 'info',
  title: 'The app can recycle its application pool',
  check({ site }) {
    if (!site?.usesIisnode || !site.iisnode.recycleSignalEnabled.value) return [];
    const { place, fix } = setIisnode(site, 'recycleSignalEnabled', 'false');
    return [
      {
        place,
        fix,
        message:
          'Whatever runs in the app, a package that was tampered with as well, can recycle the whole application pool through a pipe whose name it is given (IISNODE_CONTROL_PIPE).',
      },
    ];
  },
};
