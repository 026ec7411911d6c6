import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { draftFile, replaceFile } from '../../src/core/replace-file';
import { temporaryFolder } from '../support/example';
import { itOnPosix } from '../support/processes';

// What Windows does while the file is in use: test/windows/commands.test.ts.

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each(['new', 'old'])('puts the text in the place of a file that is %s, and leaves nothing beside it', (state) => {
  const file = path.join(folder, 'ring.json');
  if (state === 'old') writeFileSync(file, 'the old text, which is longer');
  replaceFile(file, 'text', 0o600);
  expect(readFileSync(file, 'utf8')).toBe('text');
  expect(readdirSync(folder)).toEqual(['ring.json']);
});

itOnPosix('gives the file its mode, whatever the old one had', () => {
  const file = path.join(folder, 'ring.json');
  writeFileSync(file, 'old', { mode: 0o644 });
  replaceFile(file, 'text', 0o600);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

itOnPosix('a new file has what the mask leaves of its mode; an old one keeps what it has of more', () => {
  const file = path.join(folder, 'page.html');
  const other = path.join(folder, 'other.html');
  writeFileSync(other, '', { mode: 0o666 });
  replaceFile(file, 'text', 0o666);
  expect(statSync(file).mode).toBe(statSync(other).mode);
  chmodSync(file, 0o666);
  replaceFile(file, 'text', 'kept');
  expect(statSync(file).mode & 0o777).toBe(0o666);
});

it('finds no draft in its way that a killed process of the same ID has left', () => {
  const file = path.join(folder, 'ring.json');
  draftFile(file, 'of the killed one', 0o600);
  replaceFile(file, 'text', 0o600);
  expect(readFileSync(file, 'utf8')).toBe('text');
});

it('throws at once where it cannot, and leaves nothing behind', () => {
  const file = path.join(folder, 'ring.json');
  mkdirSync(path.join(file, 'occupied'), { recursive: true });
  expect(() => replaceFile(file, 'text', 0o600)).toThrow();
  expect(readdirSync(folder)).toEqual(['ring.json']);
});
