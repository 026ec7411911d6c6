import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

const FLAG = /\s--(?:inspect(?:-brk|-wait|-port)?|debug(?:-brk)?)(?:=(\S+))?(?=\s|$)/;

export const nodeInspectorFlag: Rule = {
  code: 'node-inspector-flag',
  severity: 'warning',
  title: 'Node is started with its debugger open',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const { value } = site.iisnode.nodeProcessCommandLine;
    const found = FLAG.exec(value);
    if (found === null) return [];
    const host = /^(.*):\d+$/.exec(found[1] ?? '')?.[1] ?? (/^\d*$/.test(found[1] ?? '') ? undefined : found[1]);
    const loopback = host === undefined || /^(?:localhost|127\..*|\[?::1\]?)$/.test(host);
    return [
      {
        ...setIisnode(site, 'nodeProcessCommandLine', value.replace(FLAG, '')),
        severity: loopback ? 'warning' : 'error',
        message: loopback
          ? 'Every account on this machine can connect to the debugger and run code as the app: read its keys, and every token that passes.'
          : `Whoever reaches ${host} can connect to the debugger and run code as the app; nobody is asked for a password.`,
      },
    ];
  },
};
