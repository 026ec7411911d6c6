import { appendFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { audit } from '../../src/cli/audit';
import { jwkSigner } from '../../src/jws/sign';
import type { AuditCheckpoint } from '../../src/logging/audit-checkpoints';
import { CHAIN_START, sealLine } from '../../src/logging/audit-line';
import type { AuditReport } from '../../src/logging/audit-verify';
import { auditFolder, eventOf, rewrite, type AuditFolder } from '../support/audit-files';
import { BATON } from '../support/example';
import { runNode } from '../support/processes';
import { recordingLogger } from '../support/recording-logger';
import { makeKey } from '../support/tokens';

const key = makeKey();
let folder: AuditFolder;
let checkpoints: AuditCheckpoint[];
let file: string;
let jwks: string;

beforeEach(async () => {
  folder = auditFolder();
  checkpoints = [];
  const signer = jwkSigner(key.privateJwk);
  const trail = folder.trail({ signer, onCheckpoint: (checkpoint) => checkpoints.push(checkpoint) });
  for (let i = 0; i < 20; i++) trail.record(eventOf(i));
  await trail.close();
  file = trail.path;
  jwks = write('jwks.json', JSON.stringify({ keys: [key.publicJwk] }));
});
afterEach(() => folder.remove());

function write(name: string, text: string | Buffer): string {
  writeFileSync(join(folder.path, name), text);
  return join(folder.path, name);
}

const verify = (...args: string[]) => runNode([BATON, 'audit', 'verify', ...args]);

it('says what is right, by the name that the trail was made with', async () => {
  const { exit, stdout, stderr } = await verify(folder.file, '--keys', jwks);
  const { chain, seq, hash } = checkpoints.at(-1)!;
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout).toBe(
    `ok   ${basename(file)}: ${seq + 1} lines; chain ${chain}, part 1; good up to ${seq}:${hash}; signed up to ${seq - 2}\n` +
      '1 file, nothing wrong\n',
  );
});

it('says where it is wrong, and how, for people and for machines', async () => {
  rewrite(file, (lines) => (lines[4] = lines[4]!.replace('denied', 'allowed').replace('c-', 'd-')));
  const { exit, stdout } = await verify(file);
  expect(exit).toBe(1);
  expect(stdout).toMatch(/^BAD {2}.*\n {5}line 5 changed: .*\n1 file, 1 wrong\n$/);
  const json = await verify(file, '--json');
  const report = JSON.parse(json.stdout) as AuditReport;
  expect([json.exit, report.ok, report.files[0]]).toEqual([
    1,
    false,
    expect.objectContaining({ file, ok: false, fault: expect.objectContaining({ kind: 'changed', line: 5 }) }),
  ]);
});

it('lets no file write on the terminal what it likes', async () => {
  const forged = { type: 'audit_chain', chain: '\u001b[2K\rok', part: 1, follows: [] };
  const opening = sealLine(0, 'now', CHAIN_START, forged);
  const lost = sealLine(1, 'now', opening.hash, { type: 'audit_lost', lost: '\n1 file, nothing wrong\u202e' });
  const said = jest.spyOn(console, 'log').mockImplementation();
  await audit(['verify', write('forged.jsonl', `${opening.text}\n${lost.text}\n`)]);
  const lines = said.mock.calls.map(([line]) => String(line));
  said.mockRestore();
  expect(lines[0]).toContain('chain \\u001b[2K\\u000dok, part 1');
  expect(lines[1]).toContain('\\u000a1 file, nothing wrong\\u202e lines were lost');
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e]/);
});

describe('a tail that was cut off', () => {
  const logLine = ({ chain, seq, hash }: AuditCheckpoint): string =>
    JSON.stringify({ type: 'audit_checkpoint', chain, seq, hash });

  it.each<[string, (last: AuditCheckpoint) => string[]]>([
    ['a place', ({ seq, hash }) => ['--expect', `${seq}:${hash}`]],
    ['a place of a chain', ({ chain, seq, hash }) => ['--expect', `${chain}:${seq}:${hash}`]],
    [
      'signed checkpoints',
      () => ['--checkpoints', write('c.txt', checkpoints.map(({ jws }) => `${jws}\r\n`).join(''))],
    ],
    [
      'shipped checkpoints',
      () => ['--checkpoints', write('c.jsonl', checkpoints.map((one) => JSON.stringify(one)).join('\n'))],
    ],
    [
      'checkpoints that Windows PowerShell wrote',
      () => ['--checkpoints', write('c.txt', Buffer.from(`\ufeff${checkpoints.at(-1)!.jws}\r\n`, 'utf16le'))],
    ],
    [
      'the log',
      () => ['--checkpoints', write('app.log', ['{"type":"request"}', ...checkpoints.map(logLine)].join('\n'))],
    ],
  ])('is found with %s', async (_name, options) => {
    const args = options(checkpoints.at(-1)!);
    expect((await verify(file, '--keys', jwks, ...args)).exit).toBe(0);
    rewrite(file, (lines) => lines.splice(-2));
    expect((await verify(file)).exit).toBe(0);
    const { exit, stdout } = await verify(file, '--keys', jwks, ...args);
    expect([exit, stdout]).toEqual([1, expect.stringMatching(/ cut off: /)]);
  });

  it('as a whole file is found with its checkpoints', async () => {
    const args = ['--checkpoints', write('c.txt', String(checkpoints[0]!.jws))];
    const other = folder.trail();
    await other.close();
    const { exit, stdout } = await verify(other.path, ...args);
    expect([exit, stdout]).toEqual([1, expect.stringContaining(`missing  chain ${checkpoints[0]!.chain}`)]);
  });
});

describe('refuses', () => {
  it.each<[string, number, () => string[], RegExp]>([
    ['no action', 2, () => ['audit'], /The <action> is missing/],
    ['another action', 2, () => ['audit', 'verfy', file], /did you mean "verify"/],
    ['no file', 2, () => ['audit', 'verify'], /The <file> is missing/],
    ['a file that is not there', 1, () => ['audit', 'verify', `${file}.old`], /There is no file/],
    ['a folder', 1, () => ['audit', 'verify', folder.path], /cannot be read \(EISDIR: it is a folder\)/],
    ['a place that is none', 2, () => ['audit', 'verify', file, '--expect', '7'], /must be seq:hash/],
    ['keys that are none', 1, () => ['audit', 'verify', file, '--keys', file], /cannot be read as JSON/],
    [
      'keys that are not there',
      1,
      () => ['audit', 'verify', file, '--keys', 'gone'],
      /key file gone cannot .*\(ENOENT: no such file or folder\)/,
    ],
    [
      'a place without its chain, of a file that does not say it either',
      2,
      () => ['audit', 'verify', write('x', 'x\n'), '--expect', `1:${checkpoints[0]!.hash}`],
      /the first line of the file does not/,
    ],
    ['keys that are no set', 1, () => ['audit', 'verify', file, '--keys', write('a', '{}')], /no JWK Set/],
    ['no checkpoints', 1, () => ['audit', 'verify', file, '--checkpoints', write('a', '{}\n')], /holds no checkpoint/],
    [
      'a file of checkpoints that is not there',
      1,
      () => ['audit', 'verify', file, '--checkpoints', 'nowhere'],
      /ENOENT/,
    ],
    ['checkpoints that are none', 1, () => ['audit', 'verify', file, '--checkpoints', write('a', 'x')], /in line 1/],
    [
      'checkpoints that others signed',
      1,
      () => {
        write('jwks.json', JSON.stringify({ keys: [makeKey().publicJwk] }));
        return ['audit', 'verify', file, '--keys', jwks, '--checkpoints', write('a', String(checkpoints[0]!.jws))];
      },
      /no checkpoint in line 1: The token's signature/,
    ],
  ])('%s', async (_name, code, args, message) => {
    const { exit, stderr } = await runNode([BATON, ...args()]);
    expect([exit, stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('a place without its chain, where there are several', async () => {
    await folder.trail().close();
    const { exit, stderr } = await verify(folder.file, '--expect', `1:${checkpoints[0]!.hash}`);
    expect([exit, stderr]).toEqual([2, expect.stringMatching(/must name the chain/)]);
  });
});

it('a process that ends in the middle of its work leaves a chain that is right', async () => {
  const program = `
    const { createAuditTrail } = require(${JSON.stringify(join(BATON, '../../logging.js'))});
    const audit = createAuditTrail({ file: process.argv[1] });
    for (let i = 0; i < 100; i++) audit.record({ event: 'access', outcome: 'allowed' });
    if (process.argv[2] === 'exit') process.exit(3);
    process.kill(process.pid, 'SIGKILL');`;
  for (const [how, ends] of [
    ['exit', true],
    ['kill', false],
  ] as const) {
    const base = join(folder.path, `${how}.jsonl`);
    await runNode(['-e', program, base, how]);
    const { stdout } = await verify(base, '--json');
    const [report] = (JSON.parse(stdout) as AuditReport).files;
    expect(report).toMatchObject({ ok: true, lines: ends ? 102 : 101, ended: ends });
  }
});

it('reads 40 MB in memory that does not grow with the file', async () => {
  const base = join(folder.path, 'large.jsonl');
  const program = `
    const { createAuditTrail } = require(${JSON.stringify(join(BATON, '../../logging.js'))});
    const audit = createAuditTrail({ file: process.argv[1], fsync: 'never' });
    for (let i = 0; i < 90000; i++) audit.record({ event: 'access', outcome: 'allowed', path: '/x'.repeat(100) });`;
  await runNode(['-e', program, base]);
  const hook = write('peak.js', "process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS));");
  const [small, large] = await Promise.all(
    [file, base].map((name) => runNode(['-r', hook, BATON, 'audit', 'verify', name])),
  );
  const peakOf = ({ stderr }: { stderr: string }): number => Number(/peak (\d+)/.exec(stderr)![1]) / 1024;
  expect(large!.stdout).toContain('1 file, nothing wrong');
  expect(peakOf(large!) - peakOf(small!)).toBeLessThan(64);
});

it('half a line that a crash left is told from tampering by the next chain', async () => {
  const crashed = folder.trail({ file: join(folder.path, 'app.jsonl'), logger: recordingLogger() });
  crashed.record(eventOf(1));
  appendFileSync(crashed.path, '{"seq":2,');
  const base = join(folder.path, 'app.jsonl');
  expect((await verify(base)).exit).toBe(1);
  await folder.trail({ file: base, clock: () => Date.now() }).close();
  const { exit, stdout } = await verify(base);
  expect([exit, stdout]).toEqual([0, expect.stringMatching(/note: The last line is half a line, and was so/)]);
});
