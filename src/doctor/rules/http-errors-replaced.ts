import type { Rule } from '../rule';
import { nearestPlace } from '../site-text';

export const httpErrorsReplaced: Rule = {
  code: 'http-errors-replaced',
  severity: 'warning',
  title: "IIS replaces the app's own error answers",
  check({ site }) {
    if (site === undefined || site.handlers.length === 0) return [];
    const sections = site.section('httpErrors');
    const said = sections.findLast(({ attributes }) => attributes.has('existingResponse'));
    if (said?.attributes.get('existingResponse') === 'PassThrough') return [];
    const section = said ?? sections.at(-1);
    const fix = '<httpErrors existingResponse="PassThrough" />';
    const edit = section
      ? site.xml.setAttribute(section, 'existingResponse', 'PassThrough')
      : site.xml.addAt(site.xml.root, ['system.webServer'], [fix]);
    return [
      {
        place: section ? site.xml.place(section, 'existingResponse') : nearestPlace(site),
        message:
          'Callers of your API get an HTML page of IIS instead of the JSON that the app answered with 400, 401, 403, 404, 500 and so on; the challenge and the reason in it are lost.',
        fix: `Inside <system.webServer>:\n${fix}`,
        // Pages of one's own are there on purpose.
        edits: section?.children.length ? [] : [edit],
      },
    ];
  },
};
