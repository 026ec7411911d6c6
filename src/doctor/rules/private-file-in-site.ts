import { win32 } from 'node:path';
import { elementsAt } from '../../iis/xml-sections';
import type { Report, Severity } from '../finding';
import type { Rule } from '../rule';
import type { Project } from '../project';
import { sentAsFile } from '../reachable';
import type { Site } from '../site';
import { isWindowsAbsolute, pathBelowSite, whereIs } from '../windows-path';

/** What a variable of Baton names a file for. */
type Purpose = 'policy' | 'key' | 'output';

const PURPOSES: readonly (readonly [RegExp, Purpose])[] = [
  [/^BATON_POLICY$/, 'policy'],
  [/^BATON_\w*KEY_FILE$/, 'key'],
  [/^BATON_\w*(?:_FILE|OUTBOX\w*)$/, 'output'],
];

const HOLDS: Readonly<Record<Purpose, string>> = {
  policy: 'the policy, with everything that may be done here and by whom',
  key: 'a private key, with which anybody can be anybody',
  output: 'what the app writes about its callers, or for them',
};

/** How bad it is where some rule still keeps the file from callers: one change of the rules away. */
const SHIELDED: Readonly<Record<Purpose, Severity>> = { policy: 'info', key: 'warning', output: 'info' };

/** The path below the site, where the file is in it. */
function belowSite({ applicationHost }: Project, { scriptFolder }: Site, value: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(value)) return undefined;
  if (!isWindowsAbsolute(value))
    return whereIs(value, scriptFolder) === 'inside' ? pathBelowSite(value, scriptFolder) : undefined;
  const root = applicationHost?.site && elementsAt(applicationHost.site, ['application', 'virtualDirectory'])[0];
  const physical = root?.attributes.get('physicalPath') ?? '';
  if (physical === '' || `${physical}${value}`.includes('%')) return undefined;
  const relative = win32.relative(physical, value);
  return relative.startsWith('..') || win32.isAbsolute(relative) ? undefined : relative.replaceAll('\\', '/');
}

function reportOf(
  site: Site,
  name: string,
  purpose: Purpose,
  path: string,
  place: Report['place'],
): Report | undefined {
  const sent = sentAsFile(site, path);
  // Hidden on purpose, and nothing secret in it.
  if (sent === undefined && purpose !== 'key' && isHidden(site, path)) return undefined;
  const why =
    sent === undefined
      ? 'The rules of web.config keep callers from it today; one new rule, or another handler, and they do not.'
      : `IIS sends it to whoever asks for /${path}.`;
  const file = path.slice(path.lastIndexOf('/') + 1);
  return {
    place,
    severity: sent === undefined ? SHIELDED[purpose] : 'error',
    message: `${name} names a file inside the site: ${HOLDS[purpose]}. ${why}`,
    fix: `Move it out of the site's folder:\n<add key="${name}" value="..\\${purpose === 'output' ? 'logs' : 'config'}\\${file}" />`,
  };
}

const isHidden = (site: Site, path: string): boolean =>
  path.split('/').some((segment) => site.hiddenSegments.has(segment.toLowerCase()));

export const privateFileInSite: Rule = {
  code: 'private-file-in-site',
  severity: 'error',
  title: 'Policy, keys or what the app writes lie in the folder that IIS serves',
  check(project) {
    const { site, environment } = project;
    if (site === undefined) return [];
    return [...environment].flatMap(([name, { value, place }]): Report[] => {
      const purpose = PURPOSES.find(([pattern]) => pattern.test(name))?.[1];
      if (purpose === undefined || place === undefined || value === '') return [];
      const path = belowSite(project, site, value);
      const report = path === undefined ? undefined : reportOf(site, name, purpose, path, place);
      return report === undefined ? [] : [report];
    });
  },
};
