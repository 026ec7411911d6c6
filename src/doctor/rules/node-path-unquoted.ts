import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';

/** A path with a blank before its `.exe`, without quotes around it. */
const UNQUOTED = /^\s*([^"\s][^"]*?\s[^"]*?\.exe)(?=\s|$)/i;
/** A variable whose value has a blank on every server. */
const PROGRAM_FILES = /^\s*(%programfiles(?:\(x86\))?%[^"\s]*\.exe)(?=\s|$)/i;

export const nodePathUnquoted: Rule = {
  code: 'node-path-unquoted',
  severity: 'warning',
  title: 'The path of node.exe has a blank and no quotes',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const { value } = site.iisnode.nodeProcessCommandLine;
    const path = (PROGRAM_FILES.exec(value) ?? UNQUOTED.exec(value))?.[1];
    if (path === undefined) return [];
    const quoted = value.replace(path, `"${path}"`);
    const report = setIisnode(site, 'nodeProcessCommandLine', quoted);
    return [
      {
        ...report,
        // In XML the quotes of the value are escaped.
        fix: report.edits ? `<iisnode nodeProcessCommandLine="${quoted.replaceAll('"', '&quot;')}" />` : report.fix,
        message: `Windows tries the path word by word: whoever can write C:\\Program.exe has it run as your app. ${path} needs quotes.`,
      },
    ];
  },
};
