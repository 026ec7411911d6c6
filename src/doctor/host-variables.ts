import { elementsAt } from '../iis/xml-sections';
import type { Site } from './site';
import type { Variable } from './variable';

/** The sections in which hosts other than iisnode set variables. */
const HOSTS = ['httpPlatform', 'aspNetCore'];

/**
 * The environment variables that web.config gives the app: iisnode's are `<appSettings>`, the other hosts have a list of
 * their own. A site whose host is not known is read as iisnode's.
 */
export function hostVariables(site: Site): readonly (readonly [string, Variable])[] {
  const sections = HOSTS.flatMap((host) => site.section(host));
  const listed = sections
    .flatMap((section) => elementsAt(section, ['environmentVariables', 'environmentVariable']))
    .map((element): readonly [string, Variable] => [
      element.attributes.get('name') ?? '',
      { value: element.attributes.get('value') ?? '', place: site.xml.place(element) },
    ]);
  return sections.length > 0 && !site.usesIisnode ? listed : [...site.appSettings];
}
