import { join } from 'node:path';
import { BatonError } from '../../src/core/errors';
import type { KeyFinder } from '../../src/jws/keys';
import { jwkSigner } from '../../src/jws/sign';
import { keySourceAt } from '../../src/keys/source';
import { startLogsEndpoint, type LogsEndpoint } from '../../src/local/logs/endpoint';
import type { WorkflowDocument } from '../../src/policy/document';
import { createWorkflowAuditor } from '../../src/workflows/auditor/auditor';
import { CursorFile } from '../../src/workflows/auditor/cursor-file';
import { logsAccess } from '../../src/workflows/auditor/logs-client';
import { handOverOf, Session } from '../../src/workflows/auditor/session';
import { RequestBudget } from '../../src/workflows/request-budget';
import { sfnAccess } from '../../src/workflows/sfn-client';
import { createWorkflows } from '../../src/workflows/workflows';
import { asCaller } from '../support/as-caller';
import { auditFolder, type AuditFolder } from '../support/audit-files';
import { clientConfigOf, transitionsIn } from '../support/auditing';
import { startAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint';
import { invoicesPolicy, relayKeys } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';
import { APPROVAL_ARN, QUOTE_ARN, workflowsOfInvoices } from '../support/workflows';

const logger = recordingLogger();
const { 'approve-invoice': approval, 'quote-invoice': quote } = workflowsOfInvoices;
let aws: AwsEndpoint;
let folder: AuditFolder;

beforeEach(async () => {
  folder = auditFolder();
  aws = await startAwsEndpoint(() => ({ executionArn: 'arn', startDate: 0, status: 'SUCCEEDED', output: '{}' }));
});
afterEach(async () => {
  await aws.close();
  await folder.remove();
});

const policyOf = (workflows: Readonly<Record<string, WorkflowDocument>>) =>
  invoicesPolicy({ workflows, routes: undefined });
const written = () =>
  transitionsIn(folder.lines()).map(({ execution, workflow, verified, eventId }) => ({
    ...{ execution, workflow, verified, eventId },
  }));

/** An execution as the app starts it. */
interface Started {
  readonly name: string;
  readonly input: string;
  readonly target: string;
}

async function started(policy: ReturnType<typeof policyOf>, workflow: string): Promise<Started> {
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const workflows = createWorkflows({ policy, signer, clientConfig: clientConfigOf(aws) });
  const { target, type } = policy.workflows[workflow]!;
  await asCaller({ logger }, () => workflows[type === 'EXPRESS' ? 'startSync' : 'start'](workflow, { invoice: 7 }));
  const { name, input } = aws.calls.at(-1)!.input;
  return { name: String(name), input: String(input), target };
}

describe('Express workflows of several state machines', () => {
  const PRICE_ARN = QUOTE_ARN.replace('quote-invoice', 'price-invoice');
  const [quotes, prices] = ['/aws/quotes', '/aws/prices'];
  const two = policyOf({
    'quote-invoice': { ...quote, logGroup: quotes },
    'price-invoice': { ...quote, target: PRICE_ARN, logGroup: prices },
  });
  let logs: LogsEndpoint;
  let now: number;

  beforeEach(async () => {
    logs = await startLogsEndpoint();
    for (const group of [quotes, prices]) logs.groups.put(group, 's', Date.now(), 'a line of somebody else');
    now = Date.now();
  });
  afterEach(() => logs.stop());

  /** A record of an execution; the first one holds its input. */
  function put(logGroup: string, { name, input, target }: Started, id: number): void {
    const arn = `${target.split(':').slice(0, 7).join(':').replace(':stateMachine:', ':express:')}:${name}:1`;
    const record = {
      ...{ id: String(id), previous_event_id: String(id - 1), redrive_count: '0' },
      ...{ type: id === 1 ? 'ExecutionStarted' : 'PassStateEntered', details: id === 1 ? { input } : { name: 'Add' } },
      ...{ execution_arn: arn, event_timestamp: String(now) },
    };
    logs.groups.put(logGroup, 's', now, JSON.stringify(record));
  }

  function begin(policy = two, names?: readonly string[], wrap = (keys: KeyFinder): KeyFinder => keys) {
    const { keys: location, algorithms } = handOverOf(policy);
    const keys = wrap(keySourceAt(location, { algorithms }));
    const cursorFile = join(folder.path, 'cursor');
    const budget = () => new RequestBudget({ requestsPerSecond: 1000 });
    const workshop = {
      ...{ policy: () => policy, keys: () => keys, audit: folder.trail({ clock: Date.now }), cursorFile, names },
      ...{ sfn: sfnAccess({}), logs: logsAccess(clientConfigOf(logs)), budgets: { sfn: budget(), logs: budget() } },
      ...{ pollIntervalMs: 10, causeCharacters: 0, sinceMs: undefined, logger, clock: () => now },
    };
    return Session.begin(workshop, new CursorFile(cursorFile), new AbortController().signal);
  }

  it('are asked for who started them by their own workflows, where the keys were away at first', async () => {
    let isAway = true;
    const session = await begin(two, undefined, (keys) => ({
      async find(kid, algorithm) {
        if (!isAway) return keys.find(kid, algorithm);
        isAway = false;
        throw new BatonError('keys_unavailable', 'away');
      },
    }));
    const price = await started(two, 'price-invoice');
    put(prices, price, 1);
    expect(await session.pass()).toMatchObject({ lines: 0, failures: 1 });
    expect(await session.pass()).toMatchObject({ lines: 1, failures: 0 });
    await session.end();
    expect(written()).toEqual([{ execution: price.name, workflow: 'price-invoice', verified: true, eventId: 1 }]);
  });

  it('wait for their first record until their own log group was read', async () => {
    const session = await begin();
    const price = await started(two, 'price-invoice');
    put(prices, price, 2);
    put(prices, price, 3);
    expect(await session.pass()).toMatchObject({ lines: 0 });
    put(prices, price, 1);
    now += 31_000;
    expect(await session.pass()).toMatchObject({ lines: 3 });
    await session.end();
    const line = { execution: price.name, workflow: 'price-invoice', verified: true };
    expect(written()).toEqual([1, 2, 3].map((eventId) => ({ ...line, eventId })));
  });

  it('are written without their first record once the others have waited for it', async () => {
    const session = await begin();
    const price = await started(two, 'price-invoice');
    for (const id of [2, 3]) put(prices, price, id);
    expect(await session.pass()).toMatchObject({ lines: 0 });
    now += 31_000;
    expect(await session.pass()).toMatchObject({ lines: 2 });
    await session.end();
    const line = { execution: price.name, workflow: 'price-invoice', verified: false };
    expect(written()).toEqual([2, 3].map((eventId) => ({ ...line, eventId })));
  });

  it('are written where they are followed, and not under the name of another one of their state machine', async () => {
    const both = policyOf({
      'quote-invoice': { ...quote, logGroup: quotes },
      'quote-live': { ...quote, target: `${QUOTE_ARN}:live`, logGroup: quotes },
    });
    const [plain, live] = [await started(both, 'quote-invoice'), await started(both, 'quote-live')];
    const byHand = { name: 'by-hand', input: '{}', target: QUOTE_ARN };
    const passed: number[] = [];
    for (const id of [1, 2]) {
      for (const one of [plain, live, byHand]) put(quotes, one, id);
      const session = await begin(both, ['quote-live']);
      passed.push((await session.pass()).lines, (await session.pass()).lines);
      await session.end();
    }
    expect(passed).toEqual([2, 0, 2, 0]);
    expect(written()).toEqual(
      [1, 2].flatMap((eventId) => [
        { execution: live.name, workflow: 'quote-live', verified: true, eventId },
        { execution: 'by-hand', workflow: 'quote-live', verified: false, eventId },
      ]),
    );
  });
});

describe('Standard workflows of one state machine', () => {
  const targets = { plain: APPROVAL_ARN, third: `${APPROVAL_ARN}:3`, live: `${APPROVAL_ARN}:live` };
  const policyWith = (names: readonly (keyof typeof targets)[]) =>
    policyOf(Object.fromEntries(names.map((name) => [name, { ...approval, target: targets[name] }])));
  const arnOf = (name: string): string => `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${name}`;

  /** What AWS says of an execution that was started with this ARN; an alias leads to a version. */
  const startedWith = (target: string): object => ({
    stateMachineArn: APPROVAL_ARN,
    ...(target !== targets.plain && { stateMachineVersionArn: targets.third }),
    ...(target === targets.live && { stateMachineAliasArn: target }),
  });

  /** Starts one of each, and has AWS list them. */
  async function listed(policy: ReturnType<typeof policyWith>): Promise<Map<string, string>> {
    const startDate = Date.now() / 1000;
    const executions = new Map<string, Started>();
    const names = new Map<string, string>();
    for (const workflow of Object.keys(policy.workflows)) {
      const one = await started(policy, workflow);
      executions.set(arnOf(one.name), one);
      names.set(workflow, one.name);
    }
    aws.answer = (operation, { executionArn }) => {
      if (operation === 'ListExecutions')
        return { executions: [...executions.keys()].map((arn) => ({ executionArn: arn, startDate })) };
      const { input, target } = executions.get(String(executionArn))!;
      if (operation === 'DescribeExecution') return { executionArn, startDate, input, ...startedWith(target) };
      return { events: [{ id: 1, type: 'ExecutionStarted', previousEventId: 0, timestamp: startDate }] };
    };
    return names;
  }

  const auditor = (policy: ReturnType<typeof policyWith>, workflows?: readonly string[]) =>
    createWorkflowAuditor({
      ...{ policy, audit: folder.trail({ clock: Date.now }), cursorFile: join(folder.path, 'cursor'), logger },
      ...{ clientConfig: clientConfigOf(aws), requestsPerSecond: 1000, ...(workflows && { workflows }) },
    });

  it.each([[['live', 'plain']], [['plain', 'live']], [['third', 'live']], [['live', 'third', 'plain']]] as const)(
    'are told apart by alias, version and neither, in whatever order the policy has them: %j',
    async (names) => {
      const policy = policyWith(names);
      const executions = await listed(policy);
      await auditor(policy).once();
      const lines = new Map(written().map((line) => [line.workflow, line]));
      for (const [workflow, execution] of executions) {
        expect(lines.get(workflow)).toEqual({ execution, workflow, verified: true, eventId: 1 });
      }
    },
  );

  it('are written where they are followed, and the others asked for once', async () => {
    const policy = policyWith(['plain', 'live']);
    const executions = await listed(policy);
    const before = aws.calls.length;
    expect(await auditor(policy, ['live']).once()).toMatchObject({ lines: 1, executions: 1, open: 1 });
    expect(await auditor(policy, ['live']).once()).toMatchObject({ lines: 0, failures: 0 });
    expect(written()).toMatchObject([{ execution: executions.get('live'), workflow: 'live', verified: true }]);
    const asked = aws.calls.slice(before).filter(({ input }) => input.executionArn === arnOf(executions.get('plain')!));
    expect(asked.map(({ operation }) => operation)).toEqual(['DescribeExecution']);
  });

  it('are followed to their end where they were begun, also while their name is not followed', async () => {
    const policy = policyWith(['plain', 'live']);
    const executions = await listed(policy);
    await auditor(policy).once();
    expect(await auditor(policy, ['live']).once()).toMatchObject({ lines: 0, open: 2 });
    const listedOnly = aws.answer;
    const events = ['ExecutionStarted', 'ExecutionSucceeded'].map((type, at) => ({ type, id: at + 1, timestamp: 1 }));
    aws.answer = (operation, input) =>
      operation === 'GetExecutionHistory' ? { events } : listedOnly(operation, input);
    expect(await auditor(policy, ['live']).once()).toMatchObject({ lines: 2, open: 0 });
    const ofPlain = written().filter(({ workflow }) => workflow === 'plain');
    expect(ofPlain).toMatchObject([1, 2].map((eventId) => ({ execution: executions.get('plain'), eventId })));
  });

  it('count as the first that is followed where nobody can say which they are', async () => {
    const policy = policyWith(['live', 'plain']);
    const executions = await listed(policy);
    const answer = aws.answer;
    // Started by a version that the policy does not name; AWS tells the plain ARN with it.
    aws.answer = (operation, input) => ({
      ...answer(operation, input),
      ...(operation === 'DescribeExecution' && {
        ...{ stateMachineArn: targets.plain, stateMachineVersionArn: `${APPROVAL_ARN}:7`, stateMachineAliasArn: null },
      }),
    });
    await auditor(policy, ['live']).once();
    expect(written()).toMatchObject([...executions.values()].map(() => ({ workflow: 'live', eventId: 1 })));
  });

  it('are followed to their end under a name that the policy has no more', async () => {
    const policy = policyWith(['live']);
    const executions = await listed(policy);
    await auditor(policy).once();
    const listedOnly = aws.answer;
    const events = ['ExecutionStarted', 'ExecutionSucceeded'].map((type, at) => ({ type, id: at + 1, timestamp: 1 }));
    aws.answer = (operation, input) =>
      operation === 'GetExecutionHistory' ? { events } : listedOnly(operation, input);
    const renamed = policyOf({ renamed: { ...approval, target: targets.live } });
    expect(await auditor(renamed, ['renamed']).once()).toMatchObject({ lines: 1, open: 0 });
    const line = { execution: executions.get('live'), workflow: 'live', verified: true };
    expect(written()).toMatchObject([line, line]);
  });
});
