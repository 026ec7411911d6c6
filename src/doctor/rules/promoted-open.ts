import type { Rule } from '../rule';
import { NAMES_A_USER, promotedNames } from '../promoted';
import { denyHeaders } from '../site-text';

export const promotedOpen: Rule = {
  code: 'promoted-open',
  severity: 'error',
  title: 'Callers can send their own copies of promoted server variables',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const headers = promotedNames(site)
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map((name) => `X-iisnode-${name}`)
      .filter((header) => !site.deniedHeaders.has(header.toLowerCase()));
    if (headers.length === 0) return [];
    const naming = headers.some((header) => NAMES_A_USER.test(header.slice('X-iisnode-'.length)));
    return [
      {
        ...denyHeaders(site, headers),
        severity: naming ? 'error' : 'warning',
        message: `iisnode leaves a caller's ${headers.join(', ')} in front of its own, and Node joins the two with a comma. ${
          naming ? 'Who reads it to know the user believes the caller.' : 'Who reads it believes the caller.'
        }`,
      },
    ];
  },
};
