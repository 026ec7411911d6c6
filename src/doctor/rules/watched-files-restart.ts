import { win32 } from 'node:path';
import type { Rule } from '../rule';
import { setIisnode } from '../iisnode-fix';
import type { Site } from '../site';
import { pathBelowSite, whereIs } from '../windows-path';

/** Files that the app's own work changes, as Windows paths from the site, with what writes them. */
function writtenFiles(site: Site): readonly { readonly path: string; readonly by: string }[] {
  const { loggingEnabled, logDirectory } = site.iisnode;
  const logs = loggingEnabled.value
    ? ['WEB01-4711-stdout-1700000000000.txt', 'index.html'].map((name) => ({
        path: win32.join(logDirectory.value, name),
        by: 'iisnode writes its log files',
      }))
    : [];
  const settings = ['BATON_LOG_FILE', 'BATON_AUDIT_FILE'].flatMap((name) => {
    const value = site.appSettings.get(name)?.value ?? '';
    return value === '' ? [] : [{ path: value, by: `the app writes ${name}` }];
  });
  return [...logs, ...settings].filter(({ path }) => whereIs(path, site.scriptFolder) === 'inside');
}

const folderAndName = (path: string, from: string): readonly [string, string] => {
  const below = pathBelowSite(path, from).toLowerCase();
  const cut = below.lastIndexOf('/');
  return [below.slice(0, Math.max(cut, 0)), below.slice(cut + 1)];
};

/** Wildcards stand in the file name only, and no folder below is watched. */
function watches(pattern: string, path: string, from: string): boolean {
  const cut = Math.max(pattern.lastIndexOf('\\'), pattern.lastIndexOf('/'));
  const folder = cut === -1 ? from.toLowerCase() : pathBelowSite(pattern.slice(0, cut), from).toLowerCase();
  const [in_, name] = folderAndName(path, from);
  const wildcard = pattern
    .slice(cut + 1)
    .toLowerCase()
    .replace(/^\*\.\*$/, '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return folder === in_ && new RegExp(`^${wildcard}$`).test(name);
}

export const watchedFilesRestart: Rule = {
  code: 'watched-files-restart',
  severity: 'warning',
  title: 'The app restarts because it writes a file that iisnode watches',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const patterns = site.iisnode.watchedFiles.value
      .split(';')
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== '');
    for (const pattern of patterns) {
      const written = writtenFiles(site).find(({ path }) => watches(pattern, path, site.scriptFolder));
      if (written === undefined) continue;
      const { place, fix } = setIisnode(site, 'watchedFiles', '*.js;iisnode.yml');
      return [
        {
          place,
          message: `The pattern "${pattern}" of watchedFiles is met when ${written.by}: the app is restarted by its own output, again and again.`,
          fix,
        },
      ];
    }
    return [];
  },
};
