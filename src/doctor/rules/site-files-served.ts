import type { Report } from '../finding';
import type { Rule } from '../rule';
import { sentAsFile } from '../reachable';
import { nearestPlace } from '../site-text';

/** Files as most apps have them, of kinds that IIS sends. */
const PROBES = ['package.json', 'lib/database.js', 'node_modules/express/index.js'];

const CATCH_ALL = (script: string): string =>
  [
    'Inside <system.webServer><rewrite><rules>, as the last rule:',
    '<rule name="app" stopProcessing="true">',
    '  <match url=".*" />',
    `  <action type="Rewrite" url="${script}" />`,
    '</rule>',
    'Files that browsers need go into a folder of their own, served by express.static() or by a rule before this one.',
  ].join('\n');

export const siteFilesServed: Rule = {
  code: 'site-files-served',
  severity: 'error',
  title: "IIS sends the app's own files to whoever asks for them",
  check({ site }) {
    const handler = site?.handlers.find(({ module }) => module === 'iisnode');
    if (site === undefined || handler === undefined) return [];
    const served = PROBES.flatMap((path): { path: string; at: Report['place'] }[] => {
      const found = sentAsFile(site, path);
      if (found === undefined) return [];
      return [{ path, at: found.by ? site.xml.place(found.by.element) : nearestPlace(site, 'rewrite', 'rules') }];
    });
    const [first] = served;
    if (first === undefined) return [];
    const urls = served.map(({ path }) => `/${path}`).join(', ');
    return [
      {
        place: first.at,
        message: `Requests for files of the site do not reach the app: IIS sends the files, ${urls} for example, with whatever source code, settings and addresses they hold.`,
        fix: CATCH_ALL(handler.path),
      },
    ];
  },
};
