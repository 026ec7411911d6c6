import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root, rowsOf, sectionsOf } from '../docs/markdown';
import { attacks } from './bad-tokens';
import { knownAttacks, nastyElsewhere, nastyInputs, type TestReference } from './index';

const names = new Set(attacks.map(({ name }) => name));
const titles = new Map<string, ReadonlySet<string>>();

/** What stands in quotes as the title of a test or of a group of tests in a file. */
function titlesIn(file: string): ReadonlySet<string> {
  const known = titles.get(file);
  if (known !== undefined) return known;
  const found = new Set<string>();
  const source = ts.createSourceFile(file, readFileSync(path.join(root, 'test', file), 'utf8'), ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    const [title] = ts.isCallExpression(node) ? node.arguments : [];
    if (title !== undefined && ts.isCallExpression(node)) {
      // `it('…')`, `it.each([…])('…')`, `it(title('…'))`.
      const callee = /^(?:it|describe|title)\b/.test(leftmost(node.expression));
      if (callee && ts.isStringLiteralLike(title)) found.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  titles.set(file, found);
  return found;
}

function leftmost(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) return leftmost(node.expression);
  return '';
}

const missing = (references: readonly TestReference[]): TestReference[] =>
  references.filter(({ file, title }) => !titlesIn(file).has(title));

it('all 48 known attacks are listed, each once', () => {
  expect(knownAttacks.map(({ number }) => number)).toEqual(Array.from({ length: 48 }, (_, index) => index + 1));
});

describe.each(knownAttacks)('attack $number, $name', ({ tests, tokens = [], doors, only }) => {
  it('has its tests, by these titles', () => {
    expect(tests.length).toBeGreaterThan(0);
    expect(missing(tests)).toEqual([]);
    expect(tokens.filter((name) => !names.has(name))).toEqual([]);
  });

  it('is tried at every door, or says why not', () => {
    const all = ['middleware', 'authorizer', 'function'].every((door) => doors.includes(door as 'middleware'));
    expect(only === undefined).toBe(all);
  });
});

it.each(Object.entries(nastyInputs))('of nasty inputs, "%s" is refused at every door', (_row, tokens) => {
  expect(tokens.length).toBeGreaterThan(0);
  expect(tokens.filter((name) => !names.has(name))).toEqual([]);
  // A line break ends a header, and with it the token: there it is HTTP that decides.
  const spared = attacks.filter(({ name, except }) => tokens.includes(name) && except !== undefined);
  expect(spared.map(({ name }) => name).filter((name) => name !== 'a line break behind')).toEqual([]);
});

it.each(Object.entries(nastyElsewhere))('of nasty inputs, "%s" has its own test', (_row, references) => {
  expect(missing(references)).toEqual([]);
});

describe('the table in docs/threat-model.md', () => {
  const rows = rowsOf(sectionsOf('docs/threat-model.md').get('The attacks') ?? '');

  it('is this list: the same attacks, the same tests', () => {
    const written = rows.map(([number, name, , tests]) => [Number(number), name, tests]);
    const listed = knownAttacks.map(({ number, name, tests }) => [number, name, words(tests)]);
    expect(written).toEqual(listed);
  });

  it('says for each what stops it', () => {
    expect(rows.filter(([, , stops = '']) => stops.length < 20)).toEqual([]);
  });
});

/** Tests as the page writes them: the file, then the titles. */
function words(tests: readonly TestReference[]): string {
  const files = [...new Set(tests.map(({ file }) => file))];
  const titlesOf = (wanted: string): string =>
    tests
      .filter(({ file }) => file === wanted)
      .map((test) => test.title)
      .join(' · ');
  return files.map((file) => `\`${file}\`: ${titlesOf(file)}`).join('<br>');
}
