import path from 'node:path';
import { analyse } from '../../src/trace/analysis/analyse';
import { traceOne } from '../../src/trace/analysis/trace-one';
import { openEngine } from '../../src/trace/engine/engine';
import { ingest } from '../../src/trace/ingest/ingest';
import type { TraceReport, Waterfall } from '../../src/trace/report-model';
import { terminalSummary } from '../../src/trace/report/terminal/summary';
import { terminalWaterfall } from '../../src/trace/report/terminal/waterfall';
import { block } from '../docs/markdown';
import { copyExample, type ExampleCopy } from '../support/example';
import { send } from '../support/http-client';
import { itOnPosix, runNode, startNode, type NodeRun } from '../support/processes';
import { waitFor } from '../support/wait';
import { filesWithTokens, readTree } from './support/relay-host';

jest.setTimeout(30_000);

const CARLA = 'entra:0b2f7a52-6c1e-4f7e-9a57-1a1f3c2d4e01';
const ADA = 'entra:7d9c1e34-2b5a-4c8f-8e21-5f6a7b8c9d02';
const COPILOT = 'invoice-copilot';

/** What the demo must show at least: step, answer, who the app saw, who acted, who the function saw. */
const WANTED: readonly (readonly [string, number, string?, string?, string?])[] = [
  ['clerk reads', 200, CARLA],
  ['clerk approves', 403, CARLA],
  ['approver approves', 200, ADA],
  ['copilot approves for approver', 403, ADA, COPILOT],
  ['clerk has Lambda render', 200, CARLA, undefined, CARLA],
  ['copilot has Lambda render', 200, ADA, COPILOT, ADA],
  ['straight to IIS, no gateway', 401],
  ['straight to IIS, forged token', 401],
  ['straight to IIS, look-alike header', 400],
];

/** What `baton trace` finds in a folder of logs, and of one request. */
async function traced(logs: string, id: string): Promise<{ report: TraceReport; request: Waterfall | undefined }> {
  const engine = await openEngine({});
  try {
    await ingest(engine, { paths: [logs] });
    return { report: await analyse(engine, {}), request: await traceOne(engine, id) };
  } finally {
    await engine.close();
  }
}

/**
 * A printed line without what differs from run to run: times, figures with a unit, bars, the request's ID, and how many
 * requests the app has logged, since the demo kills it.
 */
const shapeOf = (line: string): string =>
  line
    .replace(/^Request \S+$/, 'Request ID')
    .replace(/\d{4}-\d\d-\d\d [\d:.]+(?: – [\d: -]+)?/g, 'TIME')
    .replace(/[\d.]+ (?:ms|s|kB|lines)\b/g, 'FIGURE')
    .replace(/App \d+$/, 'App SOME')
    .replace(/[▏▎▍▌▋▊▉█]+/g, '')
    .replace(/ +/g, ' ')
    .trim();

/** A row of the demo's JSON. */
interface Step {
  readonly via: string;
  readonly correlationId?: string;
}

let copy: ExampleCopy;
let running: NodeRun | undefined;
const demo = (...args: string[]): string[] => [path.join(copy.app, 'demo.js'), ...args];

beforeEach(() => {
  copy = copyExample();
});
afterEach(async () => {
  await running?.end();
  running = undefined;
  copy.remove();
});

it('shows every step as expected, as one JSON document, and one ID in four logs that hold no token', async () => {
  const logs = copy.folder('logs');
  const { stdout, stderr, exit } = await runNode(demo('--json', '--logs', logs));
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.not.stringContaining('Error') });
  expect(stdout.trimEnd()).not.toContain('\n');
  const { ok, rows, trail } = JSON.parse(stdout);
  expect(ok).toBe(true);
  expect(rows.filter((row: { ok: boolean }) => !row.ok)).toEqual([]);

  for (const [name, status, app, actor, seenByFunction] of WANTED) {
    const row = rows.find((candidate: { name: string }) => candidate.name === name);
    expect(row).toMatchObject({ name, status });
    expect([row.app, row.actor, row.function]).toEqual([app, actor, seenByFunction]);
  }
  const { correlationId } = rows.find((row: { follow?: boolean }) => row.follow);
  expect(trail.map(({ log }: { log: string }) => log)).toEqual(['gateway', 'IIS', 'app', 'function']);

  const files = readTree(logs);
  const withId = [...files].filter(([, text]) => text.includes(correlationId)).map(([name]) => name);
  expect(withId.sort()).toEqual([
    'app.jsonl',
    'functions/render-invoice.log',
    'gateway-http.jsonl',
    expect.stringMatching(/^iis\/W3SVC1\/.+\.log$/),
  ]);
  expect(filesWithTokens(files, [])).toEqual([]);

  // Each log is read to its last line, and who came past the gateway is found.
  const { report, request } = await traced(logs, correlationId);
  const { inputs, totals, findings } = report;
  const kinds = inputs.filter(({ rowsRead }) => rowsRead > 0).map(({ kind }) => kind);
  expect(kinds.sort()).toEqual(['app', 'function', 'function', 'gateway', 'gateway', 'iis']);
  expect(inputs.flatMap(({ rowsRejected }) => rowsRejected)).toEqual(inputs.map(() => 0));
  const direct = rows.filter(({ via }: { via: string }) => via === 'iis');
  expect(totals).toMatchObject({ bypassWithoutId: direct.length, bypassUnknownId: 0 });
  expect(totals.matched).toBe(rows.filter(({ via, correlationId: id }: Step) => via !== 'iis' && id).length);
  const counts = Object.fromEntries(findings.map(({ rule, count }) => [rule, count]));
  // Of the four one had no token at all, one a forged one, and two a header that no honest gateway sends.
  expect(counts).toMatchObject({ 'bypass-without-id': 4, 'bypass-forged-token': 1 });

  const screen = { columns: 100, color: false };
  for (const [kind, printed] of [
    ['trace', terminalSummary(report, screen)],
    ['trace-request', terminalWaterfall(request!, screen)],
  ] as const) {
    const shapes = new Set(printed.split('\n').map(shapeOf));
    const shown = block('docs/trace.md', 'text', kind).split('\n');
    expect(shown.filter((line) => line !== '…' && !shapes.has(shapeOf(line)))).toEqual([]);
  }
});

it('fails, and marks the rows, where the policy lets the clerk approve', async () => {
  copy.edit('baton.policy.json', ({ roles }) => roles.clerk.permissions.push('invoice:approve'));
  const { stdout, exit } = await runNode(demo('--logs', copy.folder('logs')));
  expect(exit).toBe(1);
  const marked = stdout.split('\n').filter((line) => line.startsWith('✗'));
  expect(marked).toEqual([
    expect.stringMatching(/^✗ {2}clerk approves .* 200, not 403/),
    expect.stringMatching(/^✗ {2}clerk approves \(REST API\) .* 200, not 403/),
  ]);
  expect(stdout).toMatch(/\d+ of \d+ as expected/);
});

itOnPosix('stays up with --keep, answers at the URLs that it prints, and leaves nothing behind on Ctrl-C', async () => {
  const temporary = copy.folder('t');
  running = startNode(demo('--keep', '--logs', copy.folder('logs')), { env: { TMPDIR: temporary } });
  const urlIn = (name: string): string | undefined =>
    new RegExp(`^ +${name} +(http://\\S+)\\s`, 'm').exec(running!.stdout)?.[1];
  await waitFor('the last of its URLs', () => urlIn('sign-in') !== undefined);
  for (const [name, status] of [
    ['HTTP API', 200],
    ['REST API', 200],
    ['IIS', 200],
    ['sign-in', 404],
  ] as const) {
    expect([name, (await send(`${urlIn(name)}/health`)).status]).toEqual([name, status]);
  }
  expect(running.family().length).toBeGreaterThan(1);
  running.signal('SIGINT');
  expect(await running.ended).toBe(0);
  expect(running.family()).toEqual([]);
  expect([...readTree(temporary).keys()]).toEqual([]);
});

itOnPosix('takes everything with it when it is killed without notice', async () => {
  running = startNode(demo('--keep', '--logs', copy.folder('logs')), { env: { TMPDIR: copy.folder('t') } });
  await running.prints('sign-in ');
  running.signal('SIGKILL');
  expect(await running.ended).toBe('SIGKILL');
  const killed = running;
  await waitFor('the end of its processes', () => killed.family().length === 0);
});
