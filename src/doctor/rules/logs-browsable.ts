import type { Rule } from '../rule';
import { logProbes } from '../log-directory';
import { sentAsFile } from '../reachable';
import { firstSegment } from '../windows-path';

export const logsBrowsable: Rule = {
  code: 'logs-browsable',
  severity: 'error',
  title: "The app's output can be read in a browser",
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const shown = logProbes(site).find((path) => sentAsFile(site, path) !== undefined);
    if (shown === undefined) return [];
    const directory = site.iisnode.logDirectory;
    const segment = firstSegment(directory.value, site.scriptFolder);
    const outside = '<iisnode logDirectory="..\\logs\\iisnode" />';
    const hidden = `<add segment="${segment}" />`;
    const path = ['security', 'requestFiltering', 'hiddenSegments'];
    return [
      {
        place: directory.place,
        message: `Anybody can read what your app prints, at /${shown}: iisnode writes its log files, and a list of them, into a folder that IIS serves.`,
        fix:
          segment === ''
            ? `Write them outside the site:\n${outside}`
            : `Write them outside the site (the app pool's account must be able to write there):\n${outside}\nor hide the folder, inside <system.webServer><security><requestFiltering><hiddenSegments>:\n${hidden}`,
        edits: segment === '' ? [] : [site.xml.addAt(site.xml.root, ['system.webServer', ...path], [hidden])],
      },
    ];
  },
};
