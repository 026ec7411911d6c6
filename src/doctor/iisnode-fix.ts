import type { IisnodeSettings } from '../iis/iisnode-attributes';
import type { Report } from './finding';
import type { Site } from './site';

/**
 * Place, text and edit for a setting of iisnode that should have another value. Where iisnode.yml says it, that file beats
 * web.config, so the line to change is there, and nothing is edited: its owner may have put it there for one server.
 */
export function setIisnode(site: Site, name: keyof IisnodeSettings, value: string): Omit<Report, 'message'> {
  const { place, source, element } = site.iisnode[name];
  if (source === 'iisnode.yml')
    return { place, fix: `${name === 'debuggerPortRange' ? 'debugPortRange' : name}: ${value}` };
  if (source === 'environment') {
    return {
      place,
      fix: `The variable IISNODE_${name} of the worker process beats web.config. Take it away, or set it to ${value}.`,
    };
  }
  const fix = `<iisnode ${name}="${value}" />`;
  if (element !== undefined) return { place, fix, edits: [site.xml.setAttribute(element, name, value)] };
  return { place, fix, edits: [site.xml.addAt(site.xml.root, ['system.webServer'], [fix])] };
}
