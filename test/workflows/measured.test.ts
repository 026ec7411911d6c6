import { currentRecord, runInContext } from '../../src/context/storage';
import type { MetricsSink, WorkflowStartMeasure } from '../../src/core/metrics';
import { jwkSigner } from '../../src/jws/sign';
import type { FollowOptions } from '../../src/workflows/follow';
import { createWorkflows, type Workflows } from '../../src/workflows/workflows';
import { asCaller } from '../support/as-caller';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { thrownBy } from '../support/errors';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { NOW } from '../support/tokens';
import { workflowsOfInvoices } from '../support/workflows';

const policy = invoicesPolicy({ workflows: workflowsOfInvoices });
const signer = jwkSigner(relayKeys.handOver.privateJwk);

it('starts are counted by workflow and outcome, and names of nobody’s are not', async () => {
  let input = '';
  const aws = await startAwsEndpoint((operation, asked) => {
    if (operation === 'StartSyncExecution') return { status: 'FAILED', error: 'Busy', startDate: NOW };
    if (operation === 'DescribeExecution') return { input, startDate: NOW };
    const isFirst = input === '';
    input = isFirst ? String(asked.input) : input;
    return isFirst ? { executionArn: 'arn:x', startDate: NOW } : { __type: 'ExecutionAlreadyExists', message: '' };
  });
  const { maxAttempts: _, ...clientConfig } = aws.clientConfig;
  const workflows = createWorkflows({ policy, signer, clock: testClock, clientConfig });
  const starts: WorkflowStartMeasure[] = [];
  const metrics = { workflowStart: (measure: WorkflowStartMeasure) => starts.push(measure) } as unknown as MetricsSink;
  const counting = (work: () => Promise<unknown>): Promise<unknown> =>
    asCaller({}, () => runInContext({ ...currentRecord()!, metrics }, work)).catch(() => undefined);
  const start = (name: string, value: object) => () => workflows.start(name, value, { idempotencyKey: 'k' });
  await counting(start('approve-invoice', { id: 7 }));
  await counting(start('approve-invoice', { id: 7 }));
  await counting(start('approve-invoice', { id: 8 }));
  await counting(() => workflows.startSync('quote-invoice', {}));
  await counting(start('name-of-somebody', {}));
  await aws.close();
  const durationMs = expect.any(Number) as number;
  const approval = { workflow: 'approve-invoice', durationMs };
  expect(starts).toEqual([
    { ...approval, outcome: 'started' },
    { ...approval, outcome: 'known' },
    { ...approval, outcome: 'idempotency_conflict' },
    { workflow: 'quote-invoice', outcome: 'workflow_failed', durationMs },
  ]);
});

const id = `approve-invoice~${'x'.repeat(43)}`;
it.each<[string, (workflows: Workflows) => Promise<unknown>]>([
  ['run()', (workflows) => workflows.run(id)],
  ['cancel()', (workflows) => workflows.cancel(id)],
  ['events()', (workflows) => workflows.events(id).opened()],
  ['decide()', (workflows) => workflows.decide(id, { state: 'Approve', decision: 'approve' })],
])('%s is refused before AWS is asked where the caller’s identity has ended', async (_name, work) => {
  const late = createWorkflows({ policy, signer, clock: () => testClock() + 400_000, clientConfig: {} });
  expect(await thrownBy(() => asCaller({}, () => work(late)))).toMatchObject({
    code: 'token_invalid',
    reason: 'expired',
  });
  const anonymous = createWorkflows({ policy, signer, clock: testClock, clientConfig: {} });
  expect(await thrownBy(() => asCaller({ claims: null }, () => work(anonymous)))).toMatchObject({
    code: 'identity_missing',
  });
});

it.each([
  [{ afterEventId: -1 }, 'option_invalid'],
  [{ afterEventID: 1 }, 'option_unknown'],
])('events() refuses the options %j', async (options, code) => {
  const workflows = createWorkflows({ policy, signer, clientConfig: {} });
  expect(await thrownBy(() => workflows.events(id, options as FollowOptions))).toMatchObject({ code });
});
