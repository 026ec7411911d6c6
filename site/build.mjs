// Makes the site: collects the pages of the repository, turns their links into the site's, has the reference written from
// the code, and lets VitePress build. `npm run site` from the root installs what it needs.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application } from 'typedoc';
import { build } from 'vitepress';
import { decisions } from './menu.mjs';
import { EXAMPLES, PAGES, pageOf } from './pages.mjs';

const site = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(site);
const content = path.join(site, 'content');

const read = (file) => readFileSync(path.join(root, file), 'utf8');

function write(page, text) {
  const file = path.join(content, `${page}.md`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Links between files become links between pages; what has no page is a mistake, told with its place. */
function withLinks(file, text, missing) {
  return text.replace(/(\]\()([^)#\s]+)(#[^)]*)?\)/g, (whole, open, target, anchor = '') => {
    if (/^[a-z]+:/.test(target)) return whole;
    const meant = path.posix.join(path.posix.dirname(file), target).replace(/\/$/, '');
    const page = pageOf(meant);
    if (page === undefined) missing.push(`${file}: ${target}`);
    return `${open}/${page}${anchor})`;
  });
}

const LANGUAGES = { '.js': 'js', '.json': 'json', '.yaml': 'yaml', '.config': 'xml', '.ts': 'ts' };

/** An example's page: what its README says, and its files. */
function examplePage(example) {
  const folder = path.join(root, 'examples', example);
  const files = readdirSync(folder, { recursive: true })
    .map((name) => String(name).split(path.sep).join('/'))
    .filter((name) => path.extname(name) in LANGUAGES && !name.includes('node_modules') && !name.startsWith('.'))
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort();
  const listed = files.map((name) => {
    const text = readFileSync(path.join(folder, name), 'utf8').trimEnd();
    return `### ${name}\n\n\`\`\`\`${LANGUAGES[path.extname(name)]}\n${text}\n\`\`\`\``;
  });
  return `${read(`examples/${example}/README.md`).trimEnd()}\n\n## Its files\n\n${listed.join('\n\n')}\n`;
}

/** Files that are no Markdown stand on their page as they are. */
function filePage(file) {
  if (file.endsWith('.md')) return read(file);
  return `# ${file}\n\n\`\`\`\`${LANGUAGES[path.extname(file)] ?? 'text'}\n${read(file).trimEnd()}\n\`\`\`\`\n`;
}

function collect() {
  rmSync(content, { recursive: true, force: true });
  const missing = [];
  for (const [file, page] of PAGES) {
    const text = filePage(file);
    write(page, withLinks(file, text, missing));
  }
  for (const example of EXAMPLES) {
    write(`examples/${example}`, withLinks(`examples/${example}/README.md`, examplePage(example), missing));
  }
  write('decisions/index', `# Decisions\n\n${decisions().map(({ text, link }) => `- [${text}](${link})`).join('\n')}\n`);
  cpSync(path.join(site, 'index.md'), path.join(content, 'index.md'));
  if (missing.length > 0) throw new Error(`Links to what has no page:\n  ${missing.join('\n  ')}`);
}

/** One page for each subpath, out of the docstrings. */
async function reference() {
  const faces = readdirSync(path.join(root, 'src')).filter((name) => name.endsWith('.ts'));
  const app = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints: faces.map((name) => path.join(root, 'src', name)),
    tsconfig: path.join(root, 'tsconfig.build.json'),
    out: path.join(content, 'reference'),
    name: 'Reference',
    readme: 'none',
    router: 'module',
    entryFileName: 'subpaths',
    hidePageHeader: true,
    hideBreadcrumbs: true,
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'list',
    githubPages: false,
    // Types are checked elsewhere.
    skipErrorChecking: true,
    logLevel: 'Error',
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('The reference could not be made from the code.');
  await app.generateOutputs(project);
  for (const name of faces.map((face) => face.slice(0, -3))) {
    const file = path.join(content, 'reference', `${name}.md`);
    const title = name === 'index' ? 'iis-baton' : `iis-baton/${name}`;
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^# .*$/m, `# ${title}`));
  }
}

collect();
await reference();
await build(site);
