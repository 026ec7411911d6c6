import type { ConfigElement } from '../iis/xml-sections';
import type { Edit, Place } from './finding';
import type { Site } from './site';

/** The deepest element at a path below `<system.webServer>` that is there, to point at what is missing inside it. */
function nearest(site: Site, ...path: readonly string[]): ConfigElement {
  for (let depth = path.length; depth >= 0; depth--) {
    const found = site.section(...path.slice(0, depth)).at(-1);
    if (found !== undefined) return found;
  }
  return site.xml.root;
}

/** Its place. */
export function nearestPlace(site: Site, ...path: readonly string[]): Place {
  return site.xml.place(nearest(site, ...path));
}

const LIMITS = ['security', 'requestFiltering', 'requestLimits', 'headerLimits'];

/** How to make IIS refuse every request that has one of these headers. */
export function denyHeaders(
  site: Site,
  headers: readonly string[],
): { readonly place: Place; readonly fix: string; readonly edits: readonly Edit[] } {
  const lines = headers.map((header) => `<add header="${header}" sizeLimit="0" />`);
  const section = site.section(...LIMITS).at(-1);
  const edit =
    section === undefined
      ? site.xml.addAt(site.xml.root, ['system.webServer', ...LIMITS], lines)
      : site.xml.addChild(section, lines);
  return {
    place: nearestPlace(site, ...LIMITS),
    fix: `Inside <system.webServer><security><requestFiltering><requestLimits><headerLimits>:\n${lines.join('\n')}`,
    edits: [edit],
  };
}
