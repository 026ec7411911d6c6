import type { Place, Report } from '../finding';
import type { Rule } from '../rule';
import type { Project } from '../project';
import { placeIn } from '../scripts';

/** What http.sys lets through of a request's line and headers, in bytes: its default for MaxRequestBytes. */
const SERVER_BYTES = 16_384;

/** `--max-http-header-size=N`, as Node takes it. */
const NODE_FLAG = /--max[-_]http[-_]header[-_]size[= ](\d+)/;

interface Limit {
  readonly name: string;
  readonly bytes: number;
  readonly place: Place;
  readonly fix: string;
}

/** Node's own limit, by flag, by NODE_OPTIONS, or where the app makes its server. */
function nodeLimits({ site, environment }: Project): Limit[] {
  if (site === undefined) return [];
  const limits: Limit[] = [];
  const add = (text: string, place: Place): void => {
    const bytes = NODE_FLAG.exec(text)?.[1];
    if (bytes === undefined) return;
    limits.push({
      name: 'max-http-header-size of Node',
      bytes: Number(bytes),
      place,
      fix: `--max-http-header-size=${SERVER_BYTES}`,
    });
  };
  if (site.usesIisnode) add(site.iisnode.nodeProcessCommandLine.value, site.iisnode.nodeProcessCommandLine.place);
  const options = environment.get('NODE_OPTIONS');
  if (options?.place !== undefined) add(options.value, options.place);
  for (const element of [...site.section('httpPlatform'), ...site.section('aspNetCore')]) {
    add(element.attributes.get('arguments') ?? '', site.xml.place(element, 'arguments'));
  }
  for (const script of site.scripts) {
    const found = /\bmaxHeaderSize\s*:\s*([\d_]+)/.exec(script.code);
    if (found === null) continue;
    const bytes = Number(found[1]?.replaceAll('_', ''));
    const place = placeIn(script, found.index);
    limits.push({ name: 'maxHeaderSize of the app', bytes, place, fix: `maxHeaderSize: ${SERVER_BYTES}` });
  }
  return limits;
}

function limitsOf(project: Project): Limit[] {
  const { site } = project;
  if (!site?.usesIisnode) return nodeLimits(project);
  const { value, place } = site.iisnode.maxRequestBufferSize;
  return [
    { name: 'maxRequestBufferSize of iisnode', bytes: value, place, fix: 'maxRequestBufferSize="65536"' },
    ...nodeLimits(project),
  ];
}

export const headerLimitsInverted: Rule = {
  code: 'header-limits-inverted',
  severity: 'warning',
  title: 'Requests that IIS lets in are too large for what comes after it',
  check: (project) =>
    limitsOf(project)
      .filter(({ bytes }) => bytes < SERVER_BYTES)
      .map(({ name, bytes, place, fix }): Report => ({
        place,
        message: `Headers pass four limits one after the other: the gateway (10,240 bytes), http.sys (16,384), iisnode (65,536), Node (16,384). Here the ${name} is ${bytes.toLocaleString('en')}: callers with many roles or cookies, whom IIS lets in, get 431 or 500 from behind it, and the app's log never knows.`,
        fix,
      })),
};
