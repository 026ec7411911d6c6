import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ERROR_TABLE, type ErrorCode } from '../src/core/error-codes';

const root = path.join(__dirname, '..');
const page = readFileSync(path.join(root, 'docs', 'errors.md'), 'utf8');
const codes = Object.keys(ERROR_TABLE) as ErrorCode[];

/** The page's sections, heading → text below it. */
function sections(markdown: string): Map<string, string> {
  const parts = markdown.split(/^### (.+)$/m).slice(1);
  const found = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) {
    const heading = parts[i]!.trim();
    if (found.has(heading)) throw new Error(`${heading} has two sections`);
    found.set(heading, parts[i + 1]!.replace(/^## .*$/m, '').trim());
  }
  return found;
}

/** The members of the `TokenFault` union, read from its source: a type leaves nothing behind to list at run time. */
function tokenFaults(): string[] {
  const source = readFileSync(path.join(root, 'src', 'core', 'errors.ts'), 'utf8');
  const union = /type TokenFault =([^;]+);/.exec(source)?.[1] ?? '';
  return [...union.matchAll(/'(\w+)'/g)].map((match) => match[1]!);
}

describe('docs/errors.md', () => {
  const documented = sections(page);

  it('has a section for each code, in the order of the table, and no other', () => {
    expect([...documented.keys()]).toEqual(codes);
  });

  it.each(codes)('says of %s its status, its kind, what happened and what to do', (code) => {
    const { status, kind } = ERROR_TABLE[code];
    const text = documented.get(code) ?? '';
    expect(text.startsWith(`Status ${status}, kind \`${kind}\`. `)).toBe(true);
    // What happened, why and what to do are three sentences; the shortest sound section has about this length.
    expect(text.length).toBeGreaterThan(150);
  });

  it('lists each reason of token_invalid, and no other', () => {
    const rows = documented.get('token_invalid')?.matchAll(/^\| `(\w+)` \|(.+)\|(.+)\|$/gm) ?? [];
    expect(tokenFaults().length).toBeGreaterThan(10);
    expect([...rows].map((row) => row[1])).toEqual(tokenFaults());
  });
});
