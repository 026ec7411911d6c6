// Which file of the repository is which page of the site, and in which order they stand in the menu.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const inFolder = (folder) =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .sort();

/** The examples that have a README. */
export const EXAMPLES = readdirSync(path.join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(path.join(root, 'examples', entry.name, 'README.md')))
  .map(({ name }) => name)
  .sort();

/** File to page. */
export const PAGES = new Map([
  ['README.md', 'overview'],
  ['CHANGELOG.md', 'changelog'],
  ['ARCHITECTURE.md', 'architecture'],
  ['SECURITY.md', 'security'],
  ['CONTRIBUTING.md', 'contributing'],
  ['bench/README.md', 'benchmarks'],
  ['bench/trace/README.md', 'benchmarks-trace'],
  ['mutation/README.md', 'mutation'],
  ['LICENSE', 'licence'],
  ['web.config', 'web-config'],
  ...inFolder('docs').map((name) => [`docs/${name}`, name.slice(0, -3)]),
  ...inFolder('docs/decisions').map((name) => [`docs/decisions/${name}`, `decisions/${name.slice(0, -3)}`]),
]);

/** The page of a file or folder of the repository; undefined where it has none. */
export function pageOf(file) {
  const [, example] = /^examples\/([^/]+)/.exec(file) ?? [];
  if (example !== undefined) return `examples/${example}`;
  if (file === 'docs/decisions') return 'decisions/';
  return PAGES.get(file);
}
