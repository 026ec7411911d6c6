import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { terminalOf } from '../../src/cli/workflows/terminal';
import { show } from '../../src/cli/workflows/show';
import { subjectOf } from '../../src/cli/workflows/subject';
import { startApprovalRuns, type ApprovalRuns } from '../support/approval-runs';
import { thrownBy } from '../support/errors';
import { temporaryFolder } from '../support/example';

const example = path.join(__dirname, '..', '..', 'examples', 'approval');
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:approve-invoice';
const NOWHERE = 'arn:aws:states:eu-west-1:123456789012:execution:approve-invoice:nobody';

let folder: string;
let runs: ApprovalRuns;
const environment = { ...process.env };
beforeAll(async () => {
  folder = temporaryFolder();
  runs = await startApprovalRuns();
  const settings = {
    AWS_ENDPOINT_URL_SFN: runs.bench.endpoint.url,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  };
  Object.assign(process.env, { ...settings, LC_ALL: 'C.UTF-8' });
  delete process.env.BATON_POLICY;
  const { environment: names } = JSON.parse(readFileSync(path.join(example, 'baton.dev.json'), 'utf8')) as {
    environment: Record<string, string>;
  };
  const filled = Object.entries(names).map(
    ([name, value]) => `${name}=${value.replace(/^\$.*/, 'https://x.example/k')}`,
  );
  writeFileSync(path.join(folder, 'app.env'), filled.filter((line) => !line.startsWith('BATON_')).join('\n'));
  writeFileSync(path.join(folder, 'list.json'), '[]');
  writeFileSync(path.join(folder, 'flow.asl.yaml'), 'StartAt: Done\nStates:\n  Done: { Type: Succeed }\n');
});
afterAll(async () => {
  process.env = environment;
  await runs.stop();
  rmSync(folder, { recursive: true });
});

const withPolicy = (): string[] => [
  '--policy',
  path.join(example, 'baton.policy.json'),
  '--env-file',
  path.join(folder, 'app.env'),
];

async function shown(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  try {
    await show(args);
  } finally {
    log.mockRestore();
  }
  return lines.join('\n');
}

it('draws a run by its ARN, without a policy: status, times, retries, the way', async () => {
  const text = await shown(await runs.run('busy'), '--width', '100');
  expect(text).toMatch(/^approve-invoice: running\n {2}Status +RUNNING\n/);
  expect(text).toMatch(/✓ CheckBudget +1\.\d s │/);
  expect(text).toMatch(/2 attempts +│/);
  expect(text).toMatch(/BudgetServiceBusy +│/);
  expect(text).toMatch(/▸ Approval +since \d/);
  expect(text).toMatch(/· PaySmall/);
  expect(text).not.toMatch(/needs invoice|because|\u001b/);
});

it('draws a run by its ID, with what the policy says; texts of errors only where they are asked for', async () => {
  const arn = await runs.run('refused');
  const text = await shown(arn, ...withPolicy(), '--ascii', '--causes');
  expect(text).toMatch(/approve-invoice: failed\n {2}Status +FAILED\n/);
  expect(text).toMatch(/\n {2}Error +SupplierUnknown\n/);
  expect(text).toContain('decided with invoice:approve, not the starter');
  expect(text).toMatch(/^CheckSupplier: SupplierUnknown: .*because/m);
  const id = `approve-invoice~${'a'.repeat(43)}`;
  expect(await thrownBy(() => show([id, ...withPolicy()]))).toMatchObject({ code: 'run_not_found' });
});

it('a definition is drawn from its file, from the policy, and as AWS has it', async () => {
  const fromFile = await shown(path.join(example, 'approve-invoice.asl.json'));
  const fromPolicy = await shown('approve-invoice', ...withPolicy());
  const fromAws = await shown(MACHINE);
  expect(fromFile).toMatch(/^approve-invoice\n {2}Definition {2}approve-invoice\.asl\.json\n/);
  expect(fromPolicy).toContain('needs invoice:submit, approved in Approval');
  expect(fromAws).toMatch(/^approve-invoice\n {2}Type +STANDARD\n {2}State machine {2}arn:/);
  for (const text of [fromFile, fromPolicy, fromAws]) expect(text).toMatch(/retry up to 4× on Lambda/);
  expect(await shown(path.join(folder, 'flow.asl.yaml'))).toMatch(/^flow\n[^]*│ Done/);
});

it('a version or an alias of a state machine is the workflow of the policy, too', () => {
  const place = { policy: path.join(example, 'baton.policy.json'), envFile: path.join(folder, 'app.env') };
  for (const arn of [MACHINE, `${MACHINE}:3`, `${MACHINE}:live`]) {
    expect(subjectOf(arn, place)).toMatchObject({ kind: 'machine', arn, workflow: { name: 'approve-invoice' } });
  }
});

it('--json has all of it as data', async () => {
  const arn = await runs.run('small');
  const { run, states, startAt } = JSON.parse(await shown(arn, '--json'));
  expect(run).toMatchObject({ executionArn: arn, status: 'SUCCEEDED', redrives: 0 });
  expect(run.ways).toContainEqual({ from: 'ByAmount', to: 'PaySmall', kind: 'next', times: 1 });
  const outcomes = states.map(({ name, run: { outcome } }: { name: string; run: { outcome: string } }) => [
    name,
    outcome,
  ]);
  expect([startAt, Object.fromEntries(outcomes)]).toEqual([
    'Validate',
    expect.objectContaining({ PaySmall: 'passed', Notify: 'passed', Approval: 'not reached', Paid: 'passed' }),
  ]);
});

it('--html writes a page', async () => {
  const file = path.join(folder, 'run.html');
  expect(await shown(await runs.run('small'), '--html', file)).toBe(`${file}: written.`);
  const page = readFileSync(file, 'utf8');
  expect(page).toMatch(/^<!doctype html>[^]*<h1>approve-invoice: succeeded<\/h1>/);
  expect(page.match(/<svg /g)).toHaveLength(2);
});

it.each<[string, string[], string, string]>([
  ['a run that is not there', [NOWHERE], 'run_not_found', 'knows no'],
  ['an Express execution', [`arn:aws:states:eu-west-1:123456789012:express:quote:a:b`], 'option_invalid', 'level ALL'],
  ['an activity', ['arn:aws:states:eu-west-1:123456789012:activity:a'], 'option_invalid', 'neither'],
  ['a name without a policy', ['approve-invoice'], 'option_invalid', 'No policy is named'],
  ['a workflow that is misspelt', ['aprove-invoice', '@policy'], 'option_invalid', 'did you mean "approve-invoice"'],
  ['an ID that is none', ['approve-invoice~x', '@policy'], 'run_not_found', 'none of an execution'],
  ['a file that is not there', ['nowhere.asl.json'], 'option_invalid', 'There is no file'],
  ['a file without states', ['@list'], 'option_invalid', 'holds no states'],
  ['a width that is none', ['x.json', '--width', 'wide'], 'option_invalid', 'from 40 to 1000'],
  ['two outputs', ['x.json', '--json', '--html', 'x.html'], 'option_invalid', 'each alone'],
])('%s is told', async (_what, args, code, message) => {
  const given = args.flatMap((one) =>
    one === '@policy' ? withPolicy() : one === '@list' ? [path.join(folder, 'list.json')] : [one],
  );
  const error = await thrownBy(() => show(given));
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
});

it.each<[string, Parameters<typeof terminalOf>[1], object]>([
  [
    'a terminal',
    { platform: 'linux', env: { LANG: 'en_GB.UTF-8' }, stdout: { isTTY: true, columns: 132 } },
    { width: 132, unicode: true, colours: true },
  ],
  [
    'a pipe',
    { platform: 'linux', env: { LANG: 'C.UTF-8' }, stdout: {} },
    { width: 100, unicode: true, colours: false },
  ],
  [
    'NO_COLOR',
    { platform: 'linux', env: { LANG: 'C.UTF-8', NO_COLOR: '1' }, stdout: { isTTY: true, columns: 80 } },
    { width: 80, unicode: true, colours: false },
  ],
  [
    'a locale without UTF-8',
    { platform: 'linux', env: { LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, stdout: { isTTY: true, columns: 80 } },
    { width: 80, unicode: false, colours: true },
  ],
  [
    'a terminal that can do nothing',
    { platform: 'linux', env: { TERM: 'dumb', LANG: 'C.UTF-8' }, stdout: { isTTY: true, columns: 20 } },
    { width: 40, unicode: false, colours: false },
  ],
  [
    "Windows' old console",
    { platform: 'win32', env: {}, stdout: { isTTY: true, columns: 80 } },
    { width: 80, unicode: false, colours: true },
  ],
  [
    'Windows Terminal',
    { platform: 'win32', env: { WT_SESSION: 'a' }, stdout: { isTTY: true, columns: 120 } },
    { width: 120, unicode: true, colours: true },
  ],
  [
    'COLUMNS',
    { platform: 'linux', env: { LANG: 'C.UTF-8', COLUMNS: '72' }, stdout: {} },
    { width: 72, unicode: true, colours: false },
  ],
])('%s gets what it can show', (_what, here, expected) => {
  expect(terminalOf({ ascii: false, width: undefined }, here)).toEqual(expected);
});
