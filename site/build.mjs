// Makes the site: collects the pages of the repository, turns their links into the site's, has the reference written from
// the code, and lets VitePress build. `npm run site` from the root installs what it needs.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vitepress';
import { facesOf, pageOfFace, titleOfFace } from './faces.mjs';
import { decisions } from './menu.mjs';
import { EXAMPLES, PAGES, pageOf } from './pages.mjs';
import { writeReference } from './reference.mjs';

const site = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(site);
const content = path.join(site, 'content');

const read = (file) => readFileSync(path.join(root, file), 'utf8');

function write(page, text) {
  const file = path.join(content, `${page}.md`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A page's heading; on the site nobody knows it by its file. */
const titleOf = (file) => (file.endsWith('.md') ? /^# (.+)$/m.exec(read(file))?.[1]?.replaceAll('`', '') : undefined);

/** Pictures go beside the pages, as they are. */
function publish(file) {
  const name = file.replaceAll('/', '-');
  const folder = path.join(content, 'public');
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(root, file), path.join(folder, name));
  return name;
}

/** Links between files become links between pages; what has no page is a mistake, told with its place. */
function withLinks(file, text, missing) {
  return text.replace(/\[([^\]]*)\]\(([^)#\s]+)(#[^)]*)?\)/g, (whole, words, target, anchor = '') => {
    if (/^[a-z]+:|^\//.test(target)) return whole;
    const meant = path.posix.join(path.posix.dirname(file), target).replace(/\/$/, '');
    if (/\.(?:svg|png)$/.test(meant)) return `[${words}](/${publish(meant)})`;
    const page = pageOf(meant);
    if (page === undefined) missing.push(`${file}: ${target}`);
    const shown = /^[\w/.-]+\.md$/.test(words) ? (titleOf(meant) ?? words) : words;
    return `[${shown}](/${page}${anchor})`;
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
  write(
    'decisions/index',
    `# Decisions\n\n${decisions()
      .map(({ text, link }) => `- [${text}](${link})`)
      .join('\n')}\n`,
  );
  write('index', homePage());
  mkdirSync(path.join(content, 'public'), { recursive: true });
  copyFileSync(path.join(site, 'mark.svg'), path.join(content, 'public', 'mark.svg'));
  return missing;
}

/** The home page, with blocks of the README, which tests run. */
function homePage() {
  return readFileSync(path.join(site, 'index.md'), 'utf8').replace(
    /^@README\[(\w+) (.+)\]$/gm,
    (_whole, language, wanted) => {
      const blocks = [...read('README.md').matchAll(/^```(.+)\n([^]*?)^```$/gm)];
      const found = blocks.find(
        ([, kind, text]) => kind === `${language} ${wanted}` || (kind === language && text.includes(wanted)),
      );
      if (found === undefined) throw new Error(`The README has no block of ${language} with ${wanted}.`);
      return `\`\`\`${language}\n${found[2]}\`\`\``;
    },
  );
}

/** The page of all subpaths: the README's table. */
function referenceIndex() {
  const [, table] = /^## What to import\n([^]*?)^## /m.exec(read('README.md')) ?? [];
  if (table === undefined) throw new Error('The README has no section "What to import".');
  const linked = facesOf(root).reduce(
    (text, face) =>
      text.replace(`| \`${titleOfFace(face)}\` |`, `| [\`${titleOfFace(face)}\`](/reference/${pageOfFace(face)}) |`),
    table,
  );
  return `# Reference\n\nWritten from the code.\n${linked}`;
}

const missing = collect();
await writeReference(root, path.join(content, 'reference'));
write('reference/index', withLinks('README.md', referenceIndex(), missing));
if (missing.length > 0) throw new Error(`Links to what has no page:\n  ${missing.join('\n  ')}`);
await build(site);

if (process.argv.includes('--serve')) {
  const { serve } = createRequire(import.meta.url)('./serve.cjs');
  const server = await serve();
  console.log(`\nThe site, until Ctrl-C: http://127.0.0.1:${server.address().port}`);
}
