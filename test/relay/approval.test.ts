import { DescribeExecutionCommand, GetExecutionHistoryCommand, SFNClient } from '@aws-sdk/client-sfn';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkDefinitions } from '../../src/cli/policy/definitions';
import { examine } from '../../src/doctor/doctor';
import { findingsOf } from '../../src/policy/findings';
import { loadPolicy } from '../../src/policy/load';
import { waitFor } from '../support/wait';
import { filesWithTokens, jsonLines, readTree, startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(40_000);

const CARLA = 'entra:0b2f7a52-6c1e-4f7e-9a57-1a1f3c2d4e01';
const ADA = 'entra:7d9c1e34-2b5a-4c8f-8e21-5f6a7b8c9d02';
const BEN = 'entra:5a3e9b10-7c42-4d19-b6f0-2e8d1c9a7f03';
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:execution:approve-invoice';

/** Takes longer than the relay lets it, for the small invoice; its workflow goes on without it. */
const SLOW = `
const { withBaton } = require('iis-baton/function');
exports.handler = withBaton(({ invoice }) => new Promise((resolve) => setTimeout(resolve, invoice === '8' ? 20_000 : 0)));`;

let relay: TestRelay;
let states: SFNClient;
const tokens: Record<string, string> = {};
/** All that browsers got: headers and bodies. */
const answers: string[] = [];

beforeAll(async () => {
  relay = await startTestRelay((copy) => {
    copy.write('functions/notify-starter.js', SLOW);
    copy.edit('baton.dev.json', ({ functions }) => {
      functions['notify-starter'] = { file: 'functions/notify-starter.js', timeoutSeconds: 1 };
    });
  }, 'approval');
  for (const name of ['carla', 'ada', 'ben']) tokens[name] = await relay.signIn(name);
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  states = new SFNClient({ endpoint: relay.states!, region: 'eu-west-1', credentials });
});
afterAll(async () => {
  states.destroy();
  await relay.stop();
});

interface Got {
  readonly status: number;
  readonly correlationId: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of many shapes, held against literals
  readonly body: any;
}

async function ask(who: string, method: string, where: string, body?: object): Promise<Got> {
  const response = await fetch(relay.http + where, {
    method,
    headers: { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push(JSON.stringify([...response.headers]), text);
  const correlationId = response.headers.get('x-correlation-id') ?? '';
  return { status: response.status, correlationId, body: /^[{[]/.test(text) ? JSON.parse(text) : undefined };
}

/** A run that was started through the gateway. */
interface Started {
  readonly run: string;
  readonly path: string;
  readonly arn: string;
  readonly correlationId: string;
}

async function start(who: string, invoice: string): Promise<Started> {
  const { status, body, correlationId } = await ask(who, 'POST', `/invoices/${invoice}/approval`);
  expect(status).toBe(202);
  const { run } = body as { run: string };
  const arn = `${MACHINE}:${run.replace('~', '-')}`;
  return { run, path: `/workflows/${encodeURIComponent(run)}`, arn, correlationId };
}

const look = async (who: string, { path: where }: Started): Promise<Got['body']> => (await ask(who, 'GET', where)).body;

const waits = (run: Started): Promise<unknown> =>
  waitFor('the approval', async () => {
    const { pendingApprovals, status } = await look('carla', run);
    if (status !== 'RUNNING') throw new Error(`The run is ${String(status)}.`);
    return pendingApprovals[0]?.state === 'Approval';
  });

/** How it ended, and the way that it went. */
async function ended(run: Started, who = 'carla'): Promise<readonly [string, string | undefined, readonly string[]]> {
  const {
    status,
    error,
    states: passed,
  } = await waitFor('the end', async () => {
    const seen = await look(who, run);
    return seen.status !== 'RUNNING' && seen;
  });
  return [status, error, passed.map(({ name }: { name: string }) => name)];
}

const decide = async (who: string, { path: where }: Started, body: object): Promise<unknown[]> => {
  const { status, body: problem } = await ask(who, 'POST', `${where}/approvals/Approval`, body);
  return problem === undefined ? [status] : [status, problem.code];
};

/** The events of a run that has ended, as the browser's EventSource reads them. */
async function eventsOf(run: Started, lastEventId?: number): Promise<{ id: number; type: string }[]> {
  const response = await fetch(`${relay.http}${run.path}/events`, {
    headers: {
      authorization: `Bearer ${tokens.carla}`,
      ...(lastEventId !== undefined && { 'last-event-id': String(lastEventId) }),
    },
  });
  const text = await response.text();
  answers.push(text);
  const fieldOf = (block: string, name: string): string => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1] ?? '';
  const blocks = text.split('\n\n').filter((block) => fieldOf(block, 'data') !== '');
  return blocks.map((block) => {
    const data = JSON.parse(fieldOf(block, 'data')) as object;
    return { ...data, id: Number(fieldOf(block, 'id')), type: fieldOf(block, 'event') };
  });
}

const CHECKED = ['Validate', 'ByAmount', 'Checks', 'CheckSupplier', 'CheckBudget', 'Approval'];
const PAID = [...CHECKED, 'Pay', 'Notify', 'Paid'];

const appLines = (): Record<string, unknown>[] => jsonLines(relay.appLogFile);
const functionLines = async (name: string): Promise<Record<string, unknown>[]> =>
  jsonLines(await relay.functionLog(name));
const audited = (lines: Record<string, unknown>[], event: string, run: Started): Record<string, unknown>[] =>
  lines.filter((line) => line.event === event && run.arn.endsWith(`:${String(line.execution)}`));

/** The token that AWS gave the task: in the history, and nowhere else. */
async function taskTokenOf({ arn }: Started): Promise<string> {
  const { events = [] } = await states.send(new GetExecutionHistoryCommand({ executionArn: arn }));
  const sent = events.map(({ taskScheduledEventDetails }) => taskScheduledEventDetails?.parameters ?? '');
  const [, token] = /"taskToken":"([^"]+)"/.exec(sent.join('\n')) ?? [];
  return token ?? '';
}

it('a clerk starts, an approver decides, and the invoice is paid; each is named where they acted', async () => {
  const run = await start('carla', '9');
  await waits(run);
  const token = await taskTokenOf(run);
  expect(token.length).toBeGreaterThan(20);
  expect(await decide('carla', run, { decision: 'approve' })).toEqual([403, 'permission_denied']);
  expect(await decide('ben', run, { decision: 'approve', comment: 'agreed' })).toEqual([204]);
  expect(await ended(run)).toEqual(['SUCCEEDED', undefined, PAID]);

  const { states: passed } = await look('ada', run);
  const budget = passed.find(({ name }: { name: string }) => name === 'CheckBudget');
  expect(budget).toMatchObject({ attempts: 2, errors: ['BudgetServiceBusy'] });
  expect(await decide('ada', run, { decision: 'reject' })).toEqual([409, 'approval_not_pending']);

  const decided = await waitFor('the audit trail', () =>
    audited(appLines(), 'workflow_decision', run).find(({ outcome }) => outcome === 'allowed'),
  );
  expect(decided).toMatchObject({ subject: BEN, starter: CARLA, decision: 'approve', state: 'Approval' });
  const [paid] = audited(await functionLines('pay-invoice'), 'function_approval', run);
  expect(paid).toMatchObject({ subject: CARLA, approver: BEN, approval: 'Approval', outcome: 'allowed' });
  for (const name of ['validate-invoice', 'check-supplier', 'ask-approval', 'pay-invoice', 'notify-starter']) {
    const lines = audited(await functionLines(name), 'function', run);
    expect([name, lines.map(({ subject, outcome }) => [subject, outcome])]).toEqual([name, [[CARLA, 'allowed']]]);
  }
  const files = readTree(relay.logDirectory);
  const leaking = [...files].filter(([, text]) => text.includes(token)).map(([name]) => name);
  expect([leaking, answers.some((answer) => answer.includes(token))]).toEqual([[], false]);
});

it('one correlation ID is in the logs of gateway, IIS, app and functions, and in the execution', async () => {
  const run = await start('carla', '7');
  await waits(run);
  await decide('ben', run, { decision: 'approve' });
  await ended(run);
  const { input = '{}' } = await states.send(new DescribeExecutionCommand({ executionArn: run.arn }));
  expect(JSON.parse(input)).toMatchObject({
    invoice: '7',
    amount: 1200,
    caller: { subject: CARLA, correlationId: run.correlationId },
  });
  await relay.iisLog();
  const files = await waitFor('the logs', () => {
    const found = [...readTree(relay.logDirectory)].filter(([, text]) => text.includes(run.correlationId));
    return found.length >= 10 && found.map(([name]) => name).sort();
  });
  const functions = [
    'ask-approval',
    'check-budget',
    'check-supplier',
    'notify-starter',
    'pay-invoice',
    'validate-invoice',
  ];
  expect(files).toEqual([
    'app.jsonl',
    ...functions.map((name) => `functions/${name}.log`),
    'gateway-http.jsonl',
    expect.stringMatching(/^iis\/W3SVC1\/.+\.log$/),
    'workflows/approve-invoice.jsonl',
  ]);
});

it('nobody decides their own request, and who may not see a run cannot decide it', async () => {
  const run = await start('ada', '11');
  await waitFor('the approval', async () => (await look('ben', run)).pendingApprovals.length === 1);
  expect(await decide('ada', run, { decision: 'approve' })).toEqual([403, 'permission_denied']);
  expect((await ask('carla', 'GET', run.path)).status).toBe(404);
  expect(await decide('ben', run, { decision: 'reject', comment: 'too much' })).toEqual([204]);
  expect(await ended(run, 'ada')).toEqual(['FAILED', 'InvoiceRejected', [...CHECKED, 'Rejected']]);
  const denied = audited(appLines(), 'workflow_decision', run).find(({ outcome }) => outcome === 'denied');
  expect(denied).toMatchObject({ subject: ADA, starter: ADA });
  expect(audited(await functionLines('pay-invoice'), 'function', run)).toEqual([]);
});

it('a small amount is paid without a person; a function has the time that baton.dev.json gives it', async () => {
  const run = await start('carla', '8');
  expect(await ended(run)).toEqual(['SUCCEEDED', undefined, ['Validate', 'ByAmount', 'PaySmall', 'Notify', 'Paid']]);
  const { states: passed } = await look('carla', run);
  const told = passed.find(({ name }: { name: string }) => name === 'Notify');
  const tookMs = Date.parse(told.exitedAt) - Date.parse(told.enteredAt);
  expect([told.errors, tookMs > 900, tookMs < 10_000]).toEqual([['Sandbox.Timedout'], true, true]);
});

it('a check that fails for good ends the run where the Catch leads', async () => {
  const run = await start('carla', '10');
  const [status, error, way] = await ended(run);
  expect([status, error, way.at(-1), way.includes('Approval')]).toEqual(['FAILED', 'SupplierUnknown', 'Failed', false]);
});

it('clients follow a run by its events, and go on behind the last that they have', async () => {
  const run = await start('carla', '7');
  await waits(run);
  await decide('ada', run, { decision: 'reject' });
  await ended(run);
  const all = await eventsOf(run);
  expect(all.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['started', 'approval_pending', 'approval_decided']),
  );
  expect(all.at(-1)).toMatchObject({ type: 'ended', status: 'FAILED', error: 'InvoiceRejected' });
  expect(await eventsOf(run, all.at(-3)!.id)).toEqual(all.slice(-2));
});

it('the app asks Step Functions where the relay says, through the faults that are switched on', async () => {
  await relay.setFaults('states', [{ kind: 'throttle', operation: 'StartExecution' }]);
  const { status, body } = await ask('carla', 'POST', '/invoices/7/approval');
  expect([status, body.code]).toEqual([503, 'workflow_throttled']);
  expect((await relay.faultCounts('states')).throttle).toBeGreaterThan(0);
  await relay.setFaults('states', []);
});

it('no answer and no log holds a token of anybody', () => {
  const files = readTree(relay.logDirectory);
  expect(filesWithTokens(files, Object.values(tokens))).toEqual([]);
  expect(filesWithTokens(new Map(answers.map((text, index) => [String(index), text])), [])).toEqual([]);
  expect(answers.length).toBeGreaterThan(30);
});

it('baton policy check and baton doctor find nothing in the example', () => {
  const folder = path.join(__dirname, '..', '..', 'examples', 'approval');
  const { environment } = JSON.parse(readFileSync(path.join(folder, 'baton.dev.json'), 'utf8')) as {
    environment: Record<string, string>;
  };
  const known = {
    ...environment,
    IDP_ISSUER: 'https://a.example',
    GATEWAY_JWKS_URI: 'https://b.example/k.json',
    APP_JWKS_URI: 'https://c.example/k.json',
  };
  const file = path.join(folder, 'baton.policy.json');
  const policy = loadPolicy(file, known);
  const [checked] = checkDefinitions(policy, file, []);
  expect([checked?.workflow, checked?.findings]).toEqual(['approve-invoice', []]);
  expect(findingsOf(policy.document).filter(({ level }) => level !== 'note')).toEqual([]);
  expect(examine({ directory: folder, environment: known }).diagnoses).toEqual([]);
});
