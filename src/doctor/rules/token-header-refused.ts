import { CORRELATION_HEADER } from '../../correlation/correlation-id';
import { TRANSACTION_TOKEN_HEADER } from '../../token/transaction-token';
import { assertionHeader } from '../assertion-header';
import type { Report } from '../finding';
import type { Rule } from '../rule';
import type { Project } from '../project';
import { largestTokenBytes } from '../token-bytes';
import { entriesOf } from '../xml-collection';
import { LONGEST_ID_BYTES } from './log-fields-missing';

/** What headers that the gateway writes need, in bytes, by their names in lower case. */
function needs(project: Project): ReadonlyMap<string, number> {
  const document = project.policy?.document;
  const header =
    assertionHeader(project) ?? (document === undefined ? TRANSACTION_TOKEN_HEADER.toLowerCase() : undefined);
  return new Map([
    [CORRELATION_HEADER.toLowerCase(), LONGEST_ID_BYTES],
    ...(header === undefined ? [] : [[header, document ? Math.max(largestTokenBytes(document), 1) : 1] as const]),
  ]);
}

export const tokenHeaderRefused: Rule = {
  code: 'token-header-refused',
  severity: 'error',
  title: 'IIS refuses headers that the gateway writes',
  check(project) {
    const { site } = project;
    if (site === undefined) return [];
    const needed = needs(project);
    const limits = entriesOf(site.section('security', 'requestFiltering', 'requestLimits', 'headerLimits'), 'header');
    return limits.flatMap(({ key, element }): Report[] => {
      const bytes = needed.get(key.toLowerCase());
      const limit = Number(element?.attributes.get('sizeLimit') ?? NaN);
      if (bytes === undefined || element === undefined || !(limit < bytes)) return [];
      const place = site.xml.place(element);
      if (limit === 0) {
        return [
          {
            place,
            message: `The gateway sends ${key} with its requests, and IIS refuses every request that has it (431; older servers 404.10).`,
            fix: 'Delete the line: what a caller writes there, the gateway overwrites, and the app verifies.',
          },
        ];
      }
      return [
        {
          place,
          severity: 'warning',
          message: `IIS refuses requests whose ${key} is longer than ${limit} bytes; ${key.toLowerCase() === CORRELATION_HEADER.toLowerCase() ? 'an ID may have' : 'the token of a caller with every role of the policy comes to some'} ${bytes}.`,
          fix: `<add header="${key}" sizeLimit="${Math.max(8192, bytes)}" />, or no such line`,
        },
      ];
    });
  },
};
