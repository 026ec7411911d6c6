import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ERROR_TABLE } from '../core/error-codes';
import { unknownName } from '../core/options';
import { readArguments, usageErrorOf } from './arguments';

const USAGE = `Usage: baton explain [code] [reason]

Says of an error's code what happened, why, and what to do; the same of a rule of baton doctor. It reads the pages that come
with the package: docs/errors.md and docs/rules.md.

  baton explain                          lists the codes
  baton explain policy_invalid           as logs, answers and baton's own errors name it
  baton explain token_invalid expired    one reason of a code, as the log names it
  baton explain plain-http               a rule of baton doctor

Exit code: 0, or 2 for a code, rule or reason that there is not.`;

/** What problem JSON has before the code in its `type`. */
const URN = 'urn:iis-baton:error:';
const PAGES = ['errors.md', 'rules.md'];

const usageError = usageErrorOf(USAGE);

/** The sections of a page that explain one thing each, by their heading, in the page's order. */
function sectionsOf(page: string): [string, string][] {
  const text = readFileSync(path.join(__dirname, '..', '..', 'docs', page), 'utf8').replaceAll('\r\n', '\n');
  const parts = text.split(/^### (.+)$/m).slice(1);
  return parts.flatMap((heading, i) => {
    const [body = ''] = parts[i + 1]?.split(/^## /m) ?? [];
    return i % 2 === 0 ? [[heading.trim(), body.trim()] as [string, string]] : [];
  });
}

/** Where links lead, as somebody without a browser finds it: another page by its path in the package. */
const withoutLinks = (text: string): string =>
  text.replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_whole, words: string, target: string) => {
    if (/^https?:/.test(target)) return `${words} (${target})`;
    const [file = '', anchor] = path.posix.join('docs', target).split('#');
    const place = target.startsWith('#') ? words : anchor === undefined ? file : `${file}, section "${anchor}"`;
    return words.includes('/') || words.endsWith('.md') || target.startsWith('#') ? place : `${words} (${place})`;
  });

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** A row of a table as lines, since a terminal shows no columns of that width: its first cell, then the others. */
const asLines = ([first = '', ...others]: readonly string[]): string =>
  [`  ${first.replaceAll('`', '')}`, ...others.map((cell) => `      ${cell}`)].join('\n');

/** Markdown as a terminal shows it. */
function shown(markdown: string): string {
  const lines = withoutLinks(markdown).replaceAll('**', '').split('\n');
  const isRow = (line: string | undefined): boolean => line?.startsWith('|') === true;
  const isHead = (i: number): boolean =>
    isRow(lines[i]) && (/^\|[-|: ]+$/.test(lines[i] ?? '') || !isRow(lines[i - 1]));
  return lines.flatMap((line, i) => (isHead(i) ? [] : [isRow(line) ? asLines(cellsOf(line)) : line])).join('\n');
}

/** The row of a section's table that begins with the reason. */
function reasonIn(code: string, section: string, reason: string): string {
  const rows = section.split('\n').filter((line) => /^\| `\w+` \|/.test(line));
  const named = new Map(rows.map((row) => [cellsOf(row)[0]?.replaceAll('`', '') ?? '', row]));
  const row = named.get(reason);
  if (row !== undefined) return asLines(cellsOf(withoutLinks(row)));
  if (named.size > 0) throw usageError(`The reason of ${code} ${unknownName(reason, [...named.keys()])}.`);
  return shown(section);
}

function list(): string {
  const rows = Object.entries(ERROR_TABLE).map(([code, { status, kind }]) => `${code.padEnd(29)}${status}   ${kind}`);
  return ['code                         status who has to act', ...rows].join('\n');
}

/** `baton explain`: the paragraph of an error's code, or of a rule of `baton doctor`. */
export function explain(args: readonly string[]): void {
  const read = readArguments(args, { usage: USAGE, options: {}, positionals: [], repeats: true });
  if (read === undefined) return;
  const [given, reason, surplus] = read.repeated;
  if (surplus !== undefined) throw usageError(`"${surplus}" is one argument too many.`);
  if (given === undefined) {
    console.log(list());
    return;
  }
  const code = given.startsWith(URN) ? given.slice(URN.length) : given;
  const sections = new Map(PAGES.flatMap(sectionsOf));
  const section = sections.get(code);
  if (section === undefined)
    throw usageError(`The code ${unknownName(code, [...sections.keys()])}. Without a code, baton explain lists them.`);
  console.log(`${code}\n\n${reason === undefined ? shown(section) : reasonIn(code, section, reason)}`);
}
