import { elementsAt, type ConfigElement } from '../../iis/xml-sections';
import type { ApplicationHost } from '../application-host';
import type { Report } from '../finding';
import type { Rule } from '../rule';
import { hostSections } from '../server-sections';
import type { Site } from '../site';
import { entriesOf } from '../xml-collection';

const ALLOWED = ['rewrite', 'allowedServerVariables'] as const;

/** Every `<set>` of a rule that is switched on. */
function setVariables(site: Site): readonly { readonly name: string; readonly element: ConfigElement }[] {
  return site.rewriteRules.flatMap(({ element }) =>
    elementsAt(element, ['serverVariables', 'set']).map((set) => ({
      name: set.attributes.get('name') ?? '',
      element: set,
    })),
  );
}

/** Whether web.config may not have the list: URL Rewrite's installer locks it. */
function listIsLocked({ xml, site }: ApplicationHost): boolean {
  const declared = declaredSections(xml.root).find(
    ({ attributes }) => attributes.get('name') === 'allowedServerVariables',
  );
  if (declared?.attributes.get('overrideModeDefault') !== 'Deny') return false;
  const name = site?.attributes.get('name')?.toLowerCase();
  return !elementsAt(xml.root, ['location']).some(
    (location) =>
      location.attributes.get('overrideMode') === 'Allow' &&
      ['', name].includes(location.attributes.get('path')?.toLowerCase() ?? '') &&
      elementsAt(location, ['system.webServer', ...ALLOWED]).length > 0,
  );
}

function declaredSections(element: ConfigElement): readonly ConfigElement[] {
  const groups = element.children.filter(({ name }) => name === 'configSections' || name === 'sectionGroup');
  const own = element.children.filter(({ name }) => name === 'section');
  return [...own, ...groups.flatMap(declaredSections)];
}

const allow = (site: string, names: readonly string[]): string =>
  [
    'As an administrator:',
    ...names.map(
      (name) =>
        `%windir%\\system32\\inetsrv\\appcmd.exe set config "${site}" -section:system.webServer/rewrite/allowedServerVariables /+"[name='${name}']" /commit:apphost`,
    ),
  ].join('\n');

export const serverVariablesLocked: Rule = {
  code: 'server-variables-locked',
  severity: 'error',
  title: 'A rewrite rule sets a server variable that the server does not allow',
  check({ site, applicationHost }) {
    const siteName = applicationHost?.site?.attributes.get('name');
    if (site === undefined || applicationHost === undefined || siteName === undefined) return [];
    const ownLists = site.section(...ALLOWED);
    const [locked] = listIsLocked(applicationHost) ? ownLists : [];
    const reports: Report[] = [];
    if (locked !== undefined) {
      const names = entriesOf([locked], 'name').map(({ key }) => key);
      reports.push({
        place: site.xml.place(locked),
        message:
          'The list of allowed server variables is locked in applicationHost.config: IIS answers every request to the site with 500.19 while web.config has one.',
        fix: `Delete the element. ${allow(siteName, names)}`,
      });
    }
    const lists = [...hostSections(applicationHost, ...ALLOWED), ...(locked === undefined ? ownLists : [])];
    const allowed = new Set(entriesOf(lists, 'name').map(({ key }) => key.toUpperCase()));
    const refused = setVariables(site).filter(({ name }) => !allowed.has(name.toUpperCase()));
    if (refused[0] !== undefined && locked === undefined) {
      const names = [...new Set(refused.map(({ name }) => name))];
      reports.push({
        place: site.xml.place(refused[0].element),
        message: `A rule sets ${names.join(', ')}, which is not on the server's list of allowed server variables: every request that the rule matches ends with 500.50.`,
        fix: allow(siteName, names),
      });
    }
    return reports;
  },
};
