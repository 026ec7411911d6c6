import { parseBoolean } from '../../iis/iisnode-attributes';
import type { Rule } from '../rule';

export const iisLogOff: Rule = {
  code: 'iis-log-off',
  severity: 'warning',
  title: 'IIS does not log requests to the app',
  check({ site }) {
    if (site === undefined) return [];
    return site.section('httpLogging').flatMap((element) => {
      const off = parseBoolean(element.attributes.get('dontLog') ?? '') === true;
      const selective = element.attributes.get('selectiveLogging');
      const some = selective === 'LogError' || selective === 'LogSuccessful';
      if (!off && !some) return [];
      return [
        {
          place: site.xml.place(element, off ? 'dontLog' : 'selectiveLogging'),
          message: `${off ? 'No request' : `Only part of the requests (${selective ?? ''})`} is in the log of IIS, so nobody can follow a correlation ID from the gateway through this server, and what was refused before the app is nowhere.`,
          fix: '<httpLogging dontLog="false" selectiveLogging="LogAll" />',
        },
      ];
    });
  },
};
