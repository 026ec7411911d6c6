import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runDoctor } from '../../src/doctor';
import { RULES } from '../../src/doctor/rules';
import { fixtures } from './fixtures';

const bad = fixtures('bad');
const good = fixtures('good');
const root = path.join(__dirname, '..', '..');

it('there are enough configurations of both kinds', () => {
  expect(bad.length).toBeGreaterThanOrEqual(30);
  expect(good.length).toBeGreaterThanOrEqual(15);
});

it.each(bad)('finds what is wrong, and no more: $name', ({ options, expected }) => {
  expect(expected).not.toEqual([]);
  const found = runDoctor(options).map(({ code, file, line }) => `${code} ${file}:${line}`);
  expect(found.sort()).toEqual(expected);
});

it.each(good)('says nothing: $name', ({ options, expected }) => {
  expect(expected).toEqual([]);
  expect(runDoctor(options)).toEqual([]);
});

it.each(RULES.map(({ code }) => code))('%s is found in a bad configuration', (code) => {
  expect(bad.some(({ expected }) => expected.some((line) => line.startsWith(`${code} `)))).toBe(true);
});

describe('docs/rules.md', () => {
  const page = readFileSync(path.join(root, 'docs', 'rules.md'), 'utf8');
  const [, ...sections] = page.split(/^### /m);
  const codeOf = (section: string): string => section.slice(0, section.indexOf('\n')).trim();

  it('has a section for every rule, and no other', () => {
    expect(sections.map(codeOf).sort()).toEqual(RULES.map(({ code }) => code).sort());
  });

  it.each(RULES)('explains $code: what, why, how to fix it, where it is from', ({ code, title, severity }) => {
    const section = sections.find((one) => codeOf(one) === code) ?? '';
    expect(section).toContain(`\n${title}. (${severity})\n`);
    expect(section).toMatch(/\n\*\*Why\.\*\* \S/);
    expect(section).toMatch(/\n\*\*Fix\.\*\* \S/);
    expect(section).toMatch(/\n\*\*Source\.\*\* \S/);
  });
});
