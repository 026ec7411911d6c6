import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { LogFile, type LogFileOptions } from '../../src/logging/log-file';
import { waitFor } from '../support/wait';

const folder = mkdtempSync(join(tmpdir(), 'baton-log-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

const urgent = { urgent: true, kept: false };
const kept = { urgent: false, kept: true };
const lostLine = (count: number): string => `lost ${count}`;

interface Made {
  readonly file: LogFile;
  readonly path: string;
  readonly read: () => string;
  readonly failures: NodeJS.ErrnoException[];
}

function makeFile(options: Partial<LogFileOptions> = {}, path = join(folder, `${files++}.jsonl`)): Made {
  const failures: Error[] = [];
  const file = new LogFile(path, { failed: (error) => failures.push(error), lostLine, ...options });
  return { file, path, read: () => readFileSync(path, 'utf8'), failures };
}

/** Reads what is in a pipe; 0 where there is nothing now. */
function readWaiting(descriptor: number, into: Buffer): number {
  try {
    return readSync(descriptor, into);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

/** Runs a test in which no timer ever fires: what happens nevertheless did not wait for one. */
async function withoutTimers(run: (until: (done: () => boolean) => Promise<void>) => Promise<void>): Promise<void> {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'performance', 'Date', 'nextTick'] });
  try {
    await run(async (done) => {
      const deadline = Date.now() + 5_000;
      while (!done() && Date.now() < deadline) await new Promise(setImmediate);
      expect(done()).toBe(true);
    });
  } finally {
    jest.useRealTimers();
  }
}

describe('LogFile', () => {
  it('writes what waits after a moment, and not before', async () => {
    const { file, read, failures } = makeFile();
    file.append('first');
    file.append('zweite Zeile, größer');
    expect(read()).toBe('');
    await waitFor('the lines', () => read() !== '');
    expect([read(), failures]).toEqual(['first\nzweite Zeile, größer\n', []]);
  });

  it('writes an urgent line without delay, after what waits, without blocking', async () => {
    const { file, read } = makeFile();
    await withoutTimers(async (until) => {
      file.append('first');
      file.append('urgent', urgent);
      file.append('during the write', urgent);
      // Its write can only follow the one that is under way, which has to come back first.
      expect(read()).not.toContain('during the write');
      await until(() => read() === 'first\nurgent\nduring the write\n');
    });
  });

  it('does not let more than 64 kB wait for the moment', async () => {
    const { file, read } = makeFile();
    const line = 'x'.repeat(1023);
    await withoutTimers(async (until) => {
      for (let i = 0; i < 64; i++) file.append(line);
      await until(() => read() === `${line}\n`.repeat(64));
    });
  });

  it('writes each line once and whole, thousands of them, while others are being written', async () => {
    const { file, read } = makeFile();
    const expected: string[] = [];
    for (let turn = 0; turn < 50; turn++) {
      for (let i = 0; i < 200; i++) {
        const line = `${turn}/${i} ${'ä'.repeat(i)}`;
        expected.push(line);
        file.append(line, { urgent: i % 50 === 0, kept: i % 7 === 0 });
      }
      await new Promise(setImmediate);
    }
    await waitFor('the last line', () => read().endsWith(`${expected.at(-1)}\n`));
    expect(read().split('\n').slice(0, -1)).toEqual(expected);
  });

  it('opens the file anew when it was renamed', async () => {
    const { file, path, read } = makeFile({ lookAfterMs: 0 });
    file.append('before', urgent);
    await waitFor('the first line', () => read() !== '');
    renameSync(path, `${path}.1`);
    file.append('after', urgent);
    await waitFor('the new file', () => existsSync(path) && read() !== '');
    expect([readFileSync(`${path}.1`, 'utf8'), read()]).toEqual(['before\n', 'after\n']);
  });

  it('goes on in the old file where the new one cannot be opened', async () => {
    const gone = join(folder, `folder-${files++}`);
    spawnSync('mkdir', [gone]);
    const { file } = makeFile({ lookAfterMs: 0 }, join(gone, 'a.jsonl'));
    renameSync(gone, `${gone}-moved`);
    file.append('still here', urgent);
    const moved = join(`${gone}-moved`, 'a.jsonl');
    await waitFor('the line', () => readFileSync(moved, 'utf8') !== '');
    expect(readFileSync(moved, 'utf8')).toBe('still here\n');
  });

  describe('where the disk cannot follow', () => {
    it('leaves out lines, says how many, and writes those that must be kept at once', () => {
      const { file, read } = makeFile({ maxWaiting: 20 });
      file.append('fits: 12 chr');
      file.append('does not fit');
      file.append('does not fit either');
      file.append('a decision', kept);
      expect(read()).toBe('fits: 12 chr\nlost 2\n');
      file.flush();
      expect(read()).toBe('fits: 12 chr\nlost 2\na decision\n');
    });

    (process.platform === 'win32' ? it.skip : it)('does not block, and goes on when the disk does', async () => {
      // A pipe that nobody reads takes 64 kB and then no more: a write to it hangs like one to a disk that hangs.
      const path = join(folder, `${files++}.fifo`);
      spawnSync('mkfifo', [path]);
      // Not blocking: a read that waits would keep the test from doing what it waits for.
      const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      const { file, failures } = makeFile({ maxWaiting: 100_000, lookAfterMs: 1e9 }, path);
      const line = 'x'.repeat(999);
      const startedAt = performance.now();
      for (let i = 0; i < 1000; i++) {
        file.append(line, urgent);
        if (i % 100 === 0) await new Promise(setImmediate);
      }
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      let text = '';
      const chunk = Buffer.alloc(64 * 1024);
      const lost = (): number =>
        [...text.matchAll(/^lost (\d+)\n/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
      const written = (): number => text.split('\n').filter((each) => each === line).length;
      await waitFor('each line, or the word that it was lost', async () => {
        text += chunk.toString('latin1', 0, readWaiting(reader, chunk));
        await new Promise(setImmediate);
        return written() + lost() >= 1000;
      });
      expect([written() + lost(), failures]).toEqual([1000, []]);
      expect(lost()).toBeGreaterThan(700);
      closeSync(reader);
    });

    (existsSync('/dev/full') ? it : it.skip)('tells of each write that fails, and goes on', async () => {
      // Opened for appending like any file; each write to it fails with "no space left on device".
      const { file, failures } = makeFile({}, '/dev/full');
      file.append('lost', urgent);
      await waitFor('a failure', () => failures.length === 1);
      file.append('lost too', urgent);
      await waitFor('another', () => failures.length === 2);
      expect(failures.map(({ code }) => code)).toEqual(['ENOSPC', 'ENOSPC']);
    });
  });

  it.each([
    ['ends by itself', ''],
    ['calls process.exit()', 'process.exit(0);'],
    ['dies of an error', 'throw new Error("died");'],
    ['calls process.exit() in the middle of a write', "file.append('urgent', {urgent:true}); process.exit(0);"],
  ])('writes what waits when the process %s, and what comes after that', (_how, end) => {
    for (const name of ['log-file', 'line-buffer']) {
      const { code } = transformFileSync(join(__dirname, `../../src/logging/${name}.ts`), {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
      });
      writeFileSync(join(folder, `${name}.js`), code);
    }
    const script = join(folder, `${files++}.js`);
    const path = `${script}.jsonl`;
    const use = `const { LogFile } = require(${JSON.stringify(join(folder, 'log-file.js'))});
      const options = { failed: (error) => { throw error; }, lostLine: String };
      const file = new LogFile(${JSON.stringify(path)}, options);
      process.on('exit', () => file.append('last words'));
      file.append('waits'); ${end}`;
    writeFileSync(script, use);
    spawnSync(process.execPath, [script], { stdio: 'ignore' });
    const written = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    expect(written.sort()).toEqual(['last words', ...(end.includes('urgent') ? ['urgent'] : []), 'waits']);
  });
});
