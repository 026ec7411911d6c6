import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

export const developmentMode: Rule = {
  code: 'development-mode',
  severity: 'warning',
  title: 'Express runs in development mode',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const setting = [...site.appSettings].find(([name]) => name.toUpperCase() === 'NODE_ENV')?.[1];
    const { value, source } = site.iisnode.node_env;
    const said = source === 'default' || value === '%node_env%' ? setting?.value : value;
    if (said === undefined || !/^dev/i.test(said)) return [];
    const report =
      source === 'default' && setting
        ? { place: setting.place, fix: '<add key="NODE_ENV" value="production" />' }
        : setIisnode(site, 'node_env', 'production');
    return [
      {
        place: report.place,
        fix: report.fix,
        message: `NODE_ENV is "${said}": an error that no handler of yours takes is answered with its stack trace, and views are compiled anew for each request.`,
      },
    ];
  },
};
