// The menu: what a reader wants to do comes first.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXAMPLES, PAGES } from './pages.mjs';
import { facesOf, pageOfFace, titleOfFace } from './faces.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const item = (text, link) => ({ text, link: `/${link}` });
const hasPage = (page) => [...PAGES.values()].includes(page);

/** Each decision record by its title. */
export function decisions() {
  const folder = path.join(root, 'docs', 'decisions');
  return readdirSync(folder)
    .filter((name) => /^\d{4}-/.test(name))
    .sort()
    .map((name) => {
      const [, title = name] = /^# (.*)$/m.exec(readFileSync(path.join(folder, name), 'utf8')) ?? [];
      return item(title, `decisions/${name.slice(0, -3)}`);
    });
}

const reference = () => facesOf(root).map((face) => item(titleOfFace(face), `reference/${pageOfFace(face)}`));

export const NAV = [
  item('Get started', 'getting-started'),
  item('Errors', 'errors'),
  item('Reference', 'reference/'),
  item('Changelog', 'changelog'),
];

const GROUPS = () => [
  { text: 'Begin', items: [item('What it is', 'overview'), item('Getting started', 'getting-started')] },
  {
    text: 'Let people in',
    items: [
      item('Put behind API Gateway', 'api-gateway'),
      item('Windows sign-in', 'windows-sign-in'),
      item('Other edges', 'edges'),
      item('Say who may do what', 'policy'),
      item('Copilots and agents', 'agents'),
      item('Move from passport', 'migrating'),
      item('Host modes of IIS', 'hosting'),
    ],
  },
  {
    text: 'Hand work on',
    items: [
      item('Call a Lambda', 'offload'),
      item('Leave work behind', 'outbox'),
      item('Write the function', 'function'),
      item('Start a workflow', 'workflows'),
      item('Approve a workflow', 'approvals'),
      item('No static AWS keys', 'credentials'),
      item('Microsoft Entra ID', 'entra'),
      item('Calls to others', 'outgoing'),
    ],
  },
  { text: 'Test', items: [item('Test your app', 'testing'), item('The relay on one machine', 'local-relay')] },
  {
    text: 'Operate',
    items: [
      item('Read a trace', 'trace'),
      item('What the trace finds', 'trace-findings'),
      item('Logs and metrics', 'logging'),
      item('Log formats', 'log-formats'),
      item('The logs of IIS', 'iis-logs'),
      item('Audit trail', 'audit'),
      item('Keys', 'keys'),
      item('Replay', 'replay'),
    ],
  },
  {
    text: 'Look up',
    items: [
      item('Errors', 'errors'),
      item('What doctor finds', 'rules'),
      item('web.config', 'web-config'),
      { text: 'Reference', link: '/reference/', collapsed: true, items: reference() },
      { text: 'Examples', collapsed: true, items: EXAMPLES.map((name) => item(name, `examples/${name}`)) },
    ],
  },
  {
    text: 'Understand',
    items: [
      item('Architecture', 'architecture'),
      item('Threat model', 'threat-model'),
      item('Benchmarks', 'benchmarks'),
      item('Benchmarks of baton trace', 'benchmarks-trace'),
      item('Mutation tests', 'mutation'),
      ...(hasPage('soak') ? [item('Soak and faults', 'soak')] : []),
      item('Security', 'security'),
      item('Under Windows', 'windows-lane'),
      item('Contributing', 'contributing'),
      { text: 'Decisions', link: '/decisions/', collapsed: true, items: decisions() },
    ],
  },
];

const linksOf = (items) => items.flatMap(({ link, items: below = [] }) => [link, ...linksOf(below)]);

/** The menu at the side, the same on every page. */
export function sidebar() {
  const groups = GROUPS();
  const listed = linksOf(groups);
  // A page that nobody can come to might as well not be there.
  const lost = [...PAGES.values()].filter(
    (page) => !['changelog', 'licence'].includes(page) && !listed.includes(`/${page}`),
  );
  if (lost.length > 0) throw new Error(`Not in site/menu.mjs: ${lost.join(', ')}`);
  return groups;
}
