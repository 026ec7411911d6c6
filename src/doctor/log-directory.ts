import type { Site } from './site';
import { firstSegment, pathBelowSite, whereIs } from './windows-path';

/**
 * Files that iisnode writes for the app's output, as paths of the site without leading slash; none where logging is off,
 * or the folder is outside the site or hidden by request filtering.
 */
export function logProbes(site: Site): readonly string[] {
  const { scriptFolder, iisnode } = site;
  const { loggingEnabled, logDirectory } = iisnode;
  const directory = logDirectory.value;
  if (!loggingEnabled.value || whereIs(directory, scriptFolder) !== 'inside') return [];
  if (site.hiddenSegments.has(firstSegment(directory, scriptFolder).toLowerCase())) return [];
  const folder = pathBelowSite(directory, scriptFolder);
  return ['index.html', 'WEB01-4711-stdout-1700000000000.txt'].map((name) =>
    folder === '' ? name : `${folder}/${name}`,
  );
}
