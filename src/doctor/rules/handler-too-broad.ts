import type { Rule } from '../rule';

export const handlerTooBroad: Rule = {
  code: 'handler-too-broad',
  severity: 'warning',
  title: 'Every script of the site can be started as an app',
  check({ site }) {
    if (site === undefined) return [];
    return site.handlers
      .filter(({ module, path }) => module === 'iisnode' && /[*?]/.test(path))
      .map(({ path, element }) => ({
        place: site.xml.place(element, 'path'),
        message: `iisnode starts a process for each script that "${path}" matches and somebody requests, those in node_modules too: callers run code that was never meant to be an app, and each takes memory until the server has none left.`,
        fix: 'One line for each script that is an app:\n<add name="iisnode" path="server.js" verb="*" modules="iisnode" />',
      }));
  },
};
