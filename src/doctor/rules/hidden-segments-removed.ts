import type { Report } from '../finding';
import type { Rule } from '../rule';

/** What nobody wants to serve. `bin` is another matter: a route may well be called so. */
const NEEDED = ['web.config', 'app_data'];

export const hiddenSegmentsRemoved: Rule = {
  code: 'hidden-segments-removed',
  severity: 'warning',
  title: 'What IIS hides on every server is no longer hidden',
  check({ site }) {
    if (site === undefined) return [];
    const lost = NEEDED.filter((segment) => !site.hiddenSegments.has(segment));
    if (lost.length === 0) return [];
    const section = site.section('security', 'requestFiltering', 'hiddenSegments');
    const culprit = section
      .flatMap(({ children }) => children)
      .find(
        ({ name, attributes }) =>
          name === 'clear' || (name === 'remove' && lost.includes(attributes.get('segment')?.toLowerCase() ?? '')),
      );
    if (culprit === undefined) return [];
    const what = culprit.name === 'clear' ? 'the <clear /> takes away everything that' : 'this line takes away what';
    const report: Report = {
      place: site.xml.place(culprit),
      message: `IIS no longer refuses requests for ${lost.join(' and ')}: ${what} the server hides by itself.`,
      fix: 'Delete the line. To open a single name that is a route of yours:\n<remove segment="bin" />',
    };
    return [report];
  },
};
