import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { blocksOf, codeIn, pages, proseOf, readPage, root } from './markdown';

const { scripts, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  version: string;
};

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [...readPage(page).matchAll(/^#{1,4} (.+)$/gm)].map((match) => anchorOf(match[1]!));

/** Why a link leads nowhere; undefined where it does not. */
function fault(page: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return target.startsWith('https:') ? undefined : 'is not https';
  const [file = '', anchor] = target.split('#');
  const linked = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
  if (!existsSync(path.join(root, linked))) return 'does not exist';
  return anchor === undefined || anchorsOf(linked).includes(anchor) ? undefined : 'has no such heading';
}

describe.each(pages)('%s', (page) => {
  const text = readPage(page);

  it('links to what exists', () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
    const broken = targets.map((target) => [target, fault(page, target)]).filter(([, why]) => why !== undefined);
    expect(broken).toEqual([]);
  });

  it('names npm scripts and commands that exist', () => {
    const code = [...codeIn(proseOf(page)), ...blocksOf(page).map((block) => block.text)].join('\n');
    const named = [...code.matchAll(/\bnpm (?:run(?: --silent)? )?([a-z][\w:-]*)/g)].map((match) => match[1]!);
    const ofNpm = ['ci', 'install', 'init', 'pack'];
    expect(named.filter((name) => !ofNpm.includes(name) && !Object.hasOwn(scripts, name))).toEqual([]);
    const commands = [...code.matchAll(/\bnpx baton ([a-z]+)/g)].map((match) => match[1]!);
    expect(commands.filter((name) => !existsSync(path.join(root, 'src', 'cli', `${name}.ts`)))).toEqual([]);
  });
});

it('a link that leads nowhere is found', () => {
  const targets = ['docs/nothing.md', '#nothing', 'docs/policy.md#nothing', 'http://example.com'];
  expect(targets.map((target) => fault('README.md', target))).toEqual([
    'does not exist',
    'has no such heading',
    'has no such heading',
    'is not https',
  ]);
});

it('README.md leads to every page of docs/', () => {
  const linked = readPage('README.md');
  expect(pages.filter((page) => /^docs\/[^/]+$/.test(page) && !linked.includes(`](${page}`))).toEqual([]);
});

describe('the decision records', () => {
  const files = readdirSync(path.join(root, 'docs', 'decisions')).sort();

  it('are numbered without a gap', () => {
    expect(files.map((file) => Number(/^(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1]))).toEqual(files.map((_, i) => i + 1));
  });

  it.each(files)('%s says context, choice and consequences on one screen', (file) => {
    const text = readPage(`docs/decisions/${file}`);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!);
    expect(headings[0]).toMatch(new RegExp(`^${Number(file.slice(0, 4))}\\. `));
    expect(headings.slice(1)).toEqual(['Context', 'Choice', 'Consequences']);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  });
});

it('CHANGELOG.md has this version below what is unreleased', () => {
  const versions = [...readPage('CHANGELOG.md').matchAll(/^## \[([^\]]+)\]/gm)].map((match) => match[1]!);
  expect(versions.slice(0, 2)).toEqual(['Unreleased', version]);
});
