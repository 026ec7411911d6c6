import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { LogFile } from '../../src/logging/log-file';
import { eventually } from '../middleware/apps';

const folder = mkdtempSync(join(tmpdir(), 'baton-log-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function makeFile(): { file: LogFile; read: () => string; failures: Error[] } {
  const path = join(folder, `${files++}.jsonl`);
  const failures: Error[] = [];
  return { file: new LogFile(path, (error) => failures.push(error)), read: () => readFileSync(path, 'utf8'), failures };
}

describe('LogFile', () => {
  it('writes what waits after a moment', async () => {
    const { file, read, failures } = makeFile();
    file.append('first', false);
    file.append('zweite Zeile, größer', false);
    expect(read()).toBe('');
    await eventually(() => read() !== '');
    expect([read(), failures]).toEqual(['first\nzweite Zeile, größer\n', []]);
  });

  it('writes an urgent line at once, after what waits', () => {
    const { file, read } = makeFile();
    file.append('first', false);
    file.append('urgent', true);
    expect(read()).toBe('first\nurgent\n');
  });

  it('does not let more than 64 kB wait', () => {
    const { file, read } = makeFile();
    const line = 'x'.repeat(1023);
    for (let i = 0; i < 64; i++) file.append(line, false);
    expect(read()).toHaveLength(64 * 1024);
  });

  (existsSync('/dev/full') ? it : it.skip)('tells of a write that fails, and goes on', () => {
    // Opened for appending like any file; each write to it fails with "no space left on device".
    const failures: NodeJS.ErrnoException[] = [];
    const full = new LogFile('/dev/full', (error) => failures.push(error));
    full.append('lost', true);
    full.append('lost too', true);
    expect(failures.map(({ code }) => code)).toEqual(['ENOSPC', 'ENOSPC']);
  });

  it.each([
    ['ends by itself', ''],
    ['calls process.exit()', 'process.exit(0);'],
    ['dies of an error', 'throw new Error("died");'],
  ])('writes what waits when the process %s, and what comes after that', (_how, end) => {
    const module = join(folder, 'log-file.js');
    const script = join(folder, `${files++}.js`);
    const { code } = transformFileSync(join(__dirname, '../../src/logging/log-file.ts'), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'commonjs' },
    });
    const path = `${script}.jsonl`;
    const use = `const { LogFile } = require(${JSON.stringify(module)});
      const file = new LogFile(${JSON.stringify(path)}, (error) => { throw error; });
      process.on('exit', () => file.append('last words', false));
      file.append('waits', false); ${end}`;
    writeFileSync(module, code);
    writeFileSync(script, use);
    spawnSync(process.execPath, [script], { stdio: 'ignore' });
    expect(readFileSync(path, 'utf8')).toBe('waits\nlast words\n');
  });
});
