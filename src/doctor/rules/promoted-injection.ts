import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';
import { promotedNames } from '../promoted';

const MANY_LINES = /^ALL_(?:HTTP|RAW)$/i;

export const promotedInjection: Rule = {
  code: 'promoted-injection',
  severity: 'error',
  title: 'promoteServerVars holds a variable of several lines',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const names = promotedNames(site).map((name) => name.trim());
    const found = names.filter((name) => MANY_LINES.test(name));
    if (found.length === 0) return [];
    // Not done by --fix: the app may read it.
    const { place, fix } = setIisnode(
      site,
      'promoteServerVars',
      names.filter((name) => !MANY_LINES.test(name)).join(','),
    );
    return [
      {
        place,
        fix,
        message: `${found.join(', ')} holds all headers of the request, one a line. iisnode copies it as it is, so each line becomes a header of its own: a caller can write headers that only this server should write.`,
      },
    ];
  },
};
