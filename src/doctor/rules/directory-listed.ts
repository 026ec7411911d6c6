import { parseBoolean } from '../../iis/iisnode-attributes';
import type { Rule } from '../rule';

export const directoryListed: Rule = {
  code: 'directory-listed',
  severity: 'warning',
  title: 'IIS lists the files of folders',
  check({ site }) {
    if (site === undefined) return [];
    return site
      .section('directoryBrowse')
      .filter(({ attributes }) => parseBoolean(attributes.get('enabled') ?? '') === true)
      .map((element) => ({
        place: site.xml.place(element, 'enabled'),
        message: 'Where no rule takes a request to the app, IIS answers with a list of the files in the folder.',
        fix: '<directoryBrowse enabled="false" />',
        edits: [site.xml.setAttribute(element, 'enabled', 'false')],
      }));
  },
};
