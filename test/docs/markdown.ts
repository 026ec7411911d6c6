import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.join(__dirname, '..', '..');

/** A fenced block of a page. */
export interface Block {
  /** The first word behind the fence. */
  readonly language: string;
  /** The words after it: what kind of text of that language it is. */
  readonly kind: string;
  readonly text: string;
  /** Page and line, to find it by. */
  readonly at: string;
}

const markdownIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(folder, name));

/** Every page of the project, relative to its root. */
export const pages = [
  '.',
  'docs',
  'docs/decisions',
  'examples/invoices',
  'examples/approval',
  'examples/entra',
  'examples/offload',
  'bench',
  'bench/trace',
  'mutation',
].flatMap(markdownIn);

export const readPage = (page: string): string => readFileSync(path.join(root, page), 'utf8');

/** A page's fenced blocks. Fails where a fence is not closed: everything below it would go unchecked. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: { words: string[]; lines: string[]; line: number } | undefined;
  readPage(page)
    .split('\n')
    .forEach((line, index) => {
      // In a list a block is indented, and what stands in it is checked all the same.
      const fence = /^ *```(.*)$/.exec(line);
      if (fence === null) open?.lines.push(line);
      else if (open === undefined) open = { words: (fence[1] ?? '').split(' '), lines: [], line: index + 1 };
      else {
        const [language = '', ...kind] = open.words;
        blocks.push({ language, kind: kind.join(' '), text: open.lines.join('\n'), at: `${page}:${open.line}` });
        open = undefined;
      }
    });
  if (open !== undefined) throw new Error(`${page}: the block of line ${open.line} is not closed.`);
  return blocks;
}

export const allBlocks: readonly Block[] = pages.flatMap(blocksOf);

/** The only block of a page that is of that kind. */
export function block(page: string, language: string, kind = ''): string {
  const found = blocksOf(page).filter((item) => item.language === language && item.kind === kind);
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks of ${language} ${kind}.`);
  return found[0]!.text;
}

/** The sections of a page by heading, whatever its level, without their subsections. */
export function sectionsOf(page: string): Map<string, string> {
  const parts = readPage(page).split(/^#{1,4} (.+)$/m);
  const sections = new Map<string, string>();
  for (let i = 1; i < parts.length; i += 2) sections.set(parts[i]!, parts[i + 1]!);
  return sections;
}

/** The cells of a text's table rows, without heading and rule. */
export function rowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** A page without its fenced blocks. */
export const proseOf = (page: string): string => readPage(page).replace(/^ *```[\s\S]*?^ *```$/gm, '');

/** What stands in backticks. */
export const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

/** Stands in for the environment of a policy: an account's number, a domain, or a URL. */
export function environmentFor(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1]!);
  const valueOf = (name: string): string =>
    name === 'AWS_ACCOUNT'
      ? '123456789012'
      : name === 'DOMAIN'
        ? 'example.com'
        : `https://${name.toLowerCase()}.example.com`;
  return Object.fromEntries(names.map((name) => [name, valueOf(name)]));
}
