import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../docs/markdown';
import { runNode } from '../support/processes';

const LINES = 4000;
const folder = mkdtempSync(path.join(tmpdir(), 'baton-iisnode-'));
afterAll(() => rmSync(folder, { recursive: true }));

const dist = (name: string): string => JSON.stringify(path.join(root, 'dist', name));

/** An app that logs in every way there is, and says at its end what is still waiting and how much memory it holds. */
const APP = `
const { createLogger, createMetrics } = require(${dist('logging.js')});
const { Writable } = require('node:stream');
const { writeFileSync } = require('node:fs');
const winston = require('winston');

const written = process.stdout.write('first\\n', () => { throw new Error('a callback was called'); });
const toOutput = createLogger();
const toFile = createLogger({ file: 'logs/app.jsonl' });
const foreign = winston.createLogger({ transports: [new winston.transports.Console()] });
const metrics = createMetrics({ application: 'app', file: 'logs/metrics.jsonl' });
// What waits for the callback shows that the capture is the one that never calls it.
const waits = new Writable({ highWaterMark: 1e6, write: (chunk, encoding, done) => process.stdout.write('', done) });

const fields = { type: 'test', text: 'x'.repeat(100) };
function logSome(from, to) {
  for (let n = from; n < to; n++) {
    const level = n % 100 === 0 ? 'warn' : 'info';
    toOutput[level]('output', { ...fields, n });
    toFile[level]('file', { ...fields, n });
    foreign[level]('foreign', { n });
    metrics.request({ route: 'GET /', status: 200, durationMs: 1 });
    waits.write('x');
  }
}
const heap = () => { global.gc(); return process.memoryUsage().heapUsed; };

// Below the steps of 250 lines, what a server has between two requests: turns of the event loop.
let n = 0;
let before;
(function step() {
  if (n === 1000) before = heap();
  if (n < ${LINES}) {
    logSome(n, (n += 250));
    return void setTimeout(step, 5);
  }
  setTimeout(() => {
    const report = { written, grownBytes: heap() - before, waiting: waits.writableLength };
    writeFileSync('report.json', JSON.stringify(report));
    logSome(n, n + 1); // nothing comes after it but the end
    process.exit(0);
  }, 300);
})();
`;

interface Line {
  readonly message: string;
  readonly n: number;
}

const linesOf = (text: string): Line[] =>
  text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

describe('loggers in a process whose output iisnode captures', () => {
  let files: string[];

  beforeAll(async () => {
    writeFileSync(path.join(folder, 'app.js'), APP);
    const capture = {
      IISNODE_LOGGINGENABLED: '1',
      IISNODE_logDirECTORY: 'captured',
      IISNODE_MAXTOTALLOGFILESIZEINKB: '100000',
      IISNODE_MAXLOGFILES: '1000',
      NODE_PATH: path.join(root, 'node_modules'),
    };
    const interceptor = path.join(root, 'dist/local/interceptor.js');
    const args = ['--expose-gc', interceptor, path.join(folder, 'app.js')];
    const { exit, stderr } = await runNode(args, { cwd: folder, env: capture });
    expect([exit, stderr]).toEqual([0, '']);
    files = readdirSync(path.join(folder, 'captured')).filter((name) => name.includes('-stdout-'));
  });

  const numbers = Array.from({ length: LINES + 1 }, (_, n) => n);
  const captured = (): Line[] =>
    files.sort().flatMap((name) => linesOf(readFileSync(path.join(folder, 'captured', name), 'utf8')));
  const numbersOf = (lines: readonly Line[], message: string): number[] =>
    lines.filter((line) => line.message === message).map(({ n }) => n);

  it('lose no line and write none twice, over the files that iisnode makes of them', () => {
    const lines = captured();
    expect(files.length).toBeGreaterThan(3);
    expect(numbersOf(lines, 'output')).toEqual(numbers);
    expect(numbersOf(lines, 'foreign')).toEqual(numbers);
  });

  it('write to a file of their own beside it, in order, to the last line before the exit', () => {
    expect(numbersOf(linesOf(readFileSync(path.join(folder, 'logs/app.jsonl'), 'utf8')), 'file')).toEqual(numbers);
    expect(captured().filter(({ message }) => message === 'file')).toEqual([]);
  });

  it('count every request in the metrics, to the last before the exit', () => {
    const lines = readFileSync(path.join(folder, 'logs/metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const counts = lines.map((line) => (JSON.parse(line) as { requests: number }).requests);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(LINES + 1);
  });

  it('hold nothing, where what waits for the callback holds everything', () => {
    const report = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')) as Record<string, number>;
    expect(report).not.toHaveProperty('written');
    expect(report.waiting).toBe(LINES);
    // 3000 turns of five lines: held as text alone they would be more than 3 MB.
    expect(report.grownBytes).toBeLessThan(1_000_000);
  });
});
