import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';
import { promotedNames } from '../promoted';

export const promotedBlanks: Rule = {
  code: 'promoted-blanks',
  severity: 'error',
  title: 'Blanks in promoteServerVars keep variables from the app',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const names = promotedNames(site);
    const blank = names.filter((name) => name !== name.trim());
    if (blank.length === 0) return [];
    const cleaned = names
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .join(',');
    const list = blank.map((name) => name.trim() || '(blank)').join(', ');
    return [
      {
        ...setIisnode(site, 'promoteServerVars', cleaned),
        message: `iisnode looks the names up with their blanks, finds nothing and says nothing: ${list} never reaches the app. What a caller sends as X-iisnode-${blank[0]?.trim() ?? ''} is then the only one there is.`,
      },
    ];
  },
};
