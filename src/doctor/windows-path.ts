import { win32 } from 'node:path';

/** A script's folder, below the site: what iisnode takes paths from. Empty where the script is in the site's own folder. */
type Folder = string;

/** Stands for the site's own folder: settings are judged by their text, on any machine. */
const SITE = 'C:\\doctor\\parent\\parent\\site';

/**
 * Where a path from a Windows setting leads.
 *
 * - `inside`: the site's folder or below, so a URL can lead there
 * - `outside`: neither
 * - `unknown`: it depends on a variable such as `%LOGS%`
 *
 * @param from the folder, below the site, that the path starts in
 */
export function whereIs(path: string, from: Folder = ''): 'inside' | 'outside' | 'unknown' {
  if (path.includes('%')) return 'unknown';
  const relative = win32.relative(SITE, win32.resolve(SITE, from, path));
  return relative === '..' || relative.startsWith('..\\') || win32.isAbsolute(relative) ? 'outside' : 'inside';
}

/** A path `inside` the site as the path of a URL, without leading slash; empty for the site itself. */
export function pathBelowSite(path: string, from: Folder = ''): string {
  return win32.relative(SITE, win32.resolve(SITE, from, path)).replaceAll('\\', '/');
}

/** The first segment of the URL that leads to a path `inside` the site; empty for the site itself. */
export function firstSegment(path: string, from: Folder = ''): string {
  return pathBelowSite(path, from).split('/')[0] ?? '';
}

/** Whether a path is absolute on Windows: such a one means nothing on another machine. */
export function isWindowsAbsolute(path: string): boolean {
  return /^(?:[A-Za-z]:)?[\\/]/.test(path) || path.includes('%');
}
