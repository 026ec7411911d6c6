import type { Report } from '../finding';
import type { Rule } from '../rule';
import { placeIn, type Script } from '../scripts';

/** Node closes an idle connection after this many milliseconds, if nobody says otherwise. */
const NODE_DEFAULT_MS = 5000;

const LISTENS = /\.\s*listen\s*\(/;
/** The ways in which a script takes `listen` of this package, which switches Node's clock off. */
const OUR_LISTEN: readonly RegExp[] = [
  /\{[^{}]*\blisten\b[^{}]*\}\s*=\s*require\s*\(\s*["']iis-baton\/iis["']/,
  /\{[^{}]*\blisten\b[^{}]*\}\s*from\s*["']iis-baton\/iis["']/,
  /\brequire\s*\(\s*["']iis-baton\/iis["']\s*\)\s*\.\s*listen\b/,
  /\b(\w+)\s*=\s*require\s*\(\s*["']iis-baton\/iis["'][^]*\b\1\.listen\b/,
  /\*\s*as\s+(\w+)\s+from\s*["']iis-baton\/iis["'][^]*\b\1\.listen\b/,
];
const KEEP_ALIVE = /\bkeepAliveTimeout\s*[:=]\s*([^;,\n})]+)/;

/** The number that an expression such as `65 * 1000` or `120_000` says; undefined where it takes running it to know. */
function numberOf(expression: string): number | undefined {
  const factors = expression.split('*').map((factor) => factor.trim().replaceAll('_', ''));
  return factors.every((factor) => /^\d+(?:e\d+)?$/.test(factor))
    ? factors.reduce((product, factor) => product * Number(factor), 1)
    : undefined;
}

/** What the app sets, where it listens by itself; undefined where it cannot be told. */
function keepAliveOf(
  scripts: readonly Script[],
): { readonly timeoutMs: number; readonly place: Report['place'] } | undefined {
  if (scripts.some(({ code }) => OUR_LISTEN.some((way) => way.test(code)))) return undefined;
  for (const script of scripts) {
    const said = KEEP_ALIVE.exec(script.code);
    if (said === null) continue;
    const timeoutMs = numberOf(said[1]?.trim() ?? '');
    return timeoutMs === undefined ? undefined : { timeoutMs, place: placeIn(script, said.index) };
  }
  for (const script of scripts) {
    const found = LISTENS.exec(script.code);
    if (found !== null) return { timeoutMs: NODE_DEFAULT_MS, place: placeIn(script, found.index) };
  }
  return undefined;
}

export const keepAliveRace: Rule = {
  code: 'keep-alive-race',
  severity: 'warning',
  title: 'Node closes connections that iisnode still uses',
  check({ site }) {
    if (!site?.usesIisnode) return [];
    const found = keepAliveOf(site.scripts);
    const age = site.iisnode.maxNamedPipePooledConnectionAge;
    if (found === undefined || found.timeoutMs === 0 || found.timeoutMs > age.value) return [];
    return [
      {
        place: found.place,
        message: `Node closes an idle pipe after ${found.timeoutMs} ms; iisnode uses it again for ${age.value} ms (maxNamedPipePooledConnectionAge). A request that meets a pipe which is being closed fails with 500.1013 or 500.1011, win32 status 109, now and then and only under light load.`,
        fix: [
          "const { listen } = require('iis-baton/iis');",
          'listen(app);',
          'or, on the server that you make yourself:',
          'server.keepAliveTimeout = 0;',
        ].join('\n'),
      },
    ];
  },
};
