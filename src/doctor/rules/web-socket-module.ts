import { parseBoolean } from '../../iis/iisnode-attributes';
import type { Project } from '../project';
import type { Rule } from '../rule';
import { nearestPlace } from '../site-text';

const PACKAGES = ['ws', 'socket.io', 'express-ws', 'websocket', 'sockjs', 'engine.io'];

/** The package for WebSockets that the app uses, if it uses one. */
function socketPackage({ site, packageJson }: Project): string | undefined {
  const { dependencies = {} } = (packageJson?.value ?? {}) as { dependencies?: Readonly<Record<string, string>> };
  return PACKAGES.find(
    (name) =>
      Object.hasOwn(dependencies ?? {}, name) ||
      site?.scripts.some(({ code }) => code.includes(`'${name}'`) || code.includes(`"${name}"`)),
  );
}

export const webSocketModule: Rule = {
  code: 'web-socket-module',
  severity: 'warning',
  title: "IIS's WebSocket module is not set the way the app's host needs it",
  check(project) {
    const { site } = project;
    const used = socketPackage(project);
    if (site === undefined || site.handlers.length === 0 || used === undefined) return [];
    const section = site.section('webSocket').findLast(({ attributes }) => attributes.has('enabled'));
    const enabled = parseBoolean(section?.attributes.get('enabled') ?? '') ?? true;
    const wanted = !site.usesIisnode;
    if (enabled === wanted) return [];
    const fix = `<webSocket enabled="${wanted}" />`;
    const here = site.section('webSocket').at(-1);
    const edit = here
      ? site.xml.setAttribute(here, 'enabled', String(wanted))
      : site.xml.addAt(site.xml.root, ['system.webServer'], [fix]);
    return [
      {
        place: section ? site.xml.place(section, 'enabled') : nearestPlace(site, 'webSocket'),
        message: wanted
          ? `The app uses ${used}, but with IIS's WebSocket module off, HttpPlatformHandler and the ASP.NET Core Module pass no upgrades on.`
          : `The app uses ${used}, but IIS's own WebSocket module takes the upgrades before iisnode sees them: clients fall back to polling, or fail.`,
        fix: `Inside <system.webServer>:\n${fix}`,
        edits: wanted ? [] : [edit],
      },
    ];
  },
};
