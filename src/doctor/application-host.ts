import { win32 } from 'node:path';
import { elementsAt, type ConfigElement } from '../iis/xml-sections';
import type { XmlFile } from './xml-file';

/** The server's own configuration, as far as it is about one site. */
export interface ApplicationHost {
  readonly xml: XmlFile;
  /** The `<site>`; undefined where the file does not tell which of several it is. */
  readonly site: ConfigElement | undefined;
  /** The `<add>` of the site's application pool, where it is listed. */
  readonly applicationPool: ConfigElement | undefined;
  /** `<applicationPoolDefaults>`, where it is there. */
  readonly applicationPoolDefaults: ConfigElement | undefined;
  /** `<siteDefaults>`, where it is there. */
  readonly siteDefaults: ConfigElement | undefined;
}

const folded = (path: string): string => win32.normalize(path).replace(/\\$/, '').toLowerCase();

/** Whether one of the site's virtual directories is that folder. */
function servesFrom(site: ConfigElement, directory: string): boolean {
  return elementsAt(site, ['application', 'virtualDirectory']).some(
    ({ attributes }) => folded(attributes.get('physicalPath') ?? '') === folded(directory),
  );
}

/**
 * The parts of an applicationHost.config that are about the site: the one with that name, else the one that serves the
 * directory, else the only one.
 */
export function readApplicationHost(xml: XmlFile, siteName: string | undefined, directory: string): ApplicationHost {
  const host = (...path: string[]): readonly ConfigElement[] =>
    elementsAt(xml.root, ['system.applicationHost', ...path]);
  const sites = host('sites', 'site');
  const site =
    siteName === undefined
      ? (sites.find((one) => servesFrom(one, directory)) ?? (sites.length === 1 ? sites[0] : undefined))
      : sites.find(({ attributes }) => attributes.get('name')?.toLowerCase() === siteName.toLowerCase());
  const [siteDefaults] = host('sites', 'siteDefaults');
  const application =
    site === undefined
      ? undefined
      : elementsAt(site, ['application']).find(({ attributes }) => attributes.get('path') === '/');
  const pool =
    application?.attributes.get('applicationPool') ??
    (siteDefaults === undefined ? undefined : elementsAt(siteDefaults, ['applicationDefaults'])[0])?.attributes.get(
      'applicationPool',
    );
  return {
    xml,
    site,
    siteDefaults,
    applicationPool: host('applicationPools', 'add').find(({ attributes }) => attributes.get('name') === pool),
    applicationPoolDefaults: host('applicationPools', 'applicationPoolDefaults')[0],
  };
}
