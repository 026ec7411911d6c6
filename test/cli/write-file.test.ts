import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeTextFile, writing } from '../../src/cli/write-file';
import { thrownBy } from '../support/errors';
import { temporaryFolder } from '../support/example';
import { itOnPosix } from '../support/processes';

let folder: string;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => path.join(folder, name);

it('writes a new file, and replaces an old one', () => {
  writeTextFile(at('page.html'), 'first');
  writeTextFile(at('page.html'), 'second');
  expect(readFileSync(at('page.html'), 'utf8')).toBe('second');
  expect(readdirSync(folder)).toEqual(['page.html']);
});

itOnPosix.each(['640', '664', '606'])('a link stays one: what it leads to is replaced, and keeps mode %s', (mode) => {
  writeFileSync(at('real.html'), 'old');
  chmodSync(at('real.html'), parseInt(mode, 8));
  symlinkSync('real.html', at('link.html'));
  writeTextFile(at('link.html'), 'new');
  expect(readFileSync(at('real.html'), 'utf8')).toBe('new');
  expect((statSync(at('real.html')).mode & 0o777).toString(8)).toBe(mode);
  expect(readdirSync(folder).sort()).toEqual(['link.html', 'real.html']);
});

itOnPosix('a device is written to, not replaced', () => {
  writeTextFile('/dev/null', 'text');
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});

it('says which file cannot be written, and why; what was there stays', async () => {
  writeFileSync(at('page.html'), 'old');
  const below = path.join(at('page.html'), 'below.html');
  expect(await thrownBy(() => writeTextFile(below, 'text'))).toMatchObject({
    code: 'option_invalid',
    message: expect.stringMatching(/below\.html cannot be written \((ENOTDIR|ENOENT)/) as string,
  });
  expect(readFileSync(at('page.html'), 'utf8')).toBe('old');
});

it('gives what the work gives', () => {
  expect(writing('a file', () => 7)).toBe(7);
});
