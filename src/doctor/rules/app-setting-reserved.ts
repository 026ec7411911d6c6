import type { Rule } from '../rule';

/** Variables by which the host tells the app where to listen, or the app tells who its host is. */
const RESERVED =
  /^(?:PORT|IISNODE_VERSION|IISNODE_CONTROL_PIPE|HTTP_PLATFORM_(?:PORT|TOKEN)|ASPNETCORE_(?:PORT|TOKEN))$/i;

export const appSettingReserved: Rule = {
  code: 'app-setting-reserved',
  severity: 'error',
  title: '<appSettings> sets a variable that the host sets',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    return [...site.appSettings]
      .filter(([name]) => RESERVED.test(name))
      .map(([name, { place }]) => ({
        place,
        message: `iisnode tells the app through such variables where to listen. With ${name} from here, the app may listen elsewhere, and every request ends with 500.1001 or 500.1002.`,
        fix: `Delete <add key="${name}" … />. The app listens on process.env.PORT, as the text it is, or by listen() of iis-baton/iis.`,
      }));
  },
};
