import type { Rule } from '../rule';

export const detailedErrorsShown: Rule = {
  code: 'detailed-errors-shown',
  severity: 'warning',
  title: 'IIS shows its detailed error pages to everybody',
  check({ site }) {
    if (site === undefined) return [];
    return site
      .section('httpErrors')
      .filter(({ attributes }) => attributes.get('errorMode') === 'Detailed')
      .map((element) => ({
        place: site.xml.place(element, 'errorMode'),
        message:
          'What IIS refuses by itself is answered with physical paths, module names and the account that runs the site, not only to people on the server.',
        fix: 'errorMode="DetailedLocalOnly"',
        edits: [site.xml.setAttribute(element, 'errorMode', 'DetailedLocalOnly')],
      }));
  },
};
