import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { StartSyncExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { jwkSigner } from '../../src/jws/sign';
import { startLogsEndpoint, type LogsEndpoint } from '../../src/local/logs/endpoint';
import type { MachineLogging } from '../../src/local/step-functions/log-delivery';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { createWorkflowAuditor, type WorkflowAuditorOptions } from '../../src/workflows/auditor/auditor';
import { createWorkflows } from '../../src/workflows/workflows';
import { asCaller } from '../support/as-caller';
import { auditFolder, type AuditFolder } from '../support/audit-files';
import { clientConfigOf, transitionsIn } from '../support/auditing';
import { invoicesPolicy, relayKeys } from '../support/invoices';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { QUOTE_ARN, workflowsOfInvoices } from '../support/workflows';

const GROUP = '/aws/vendedlogs/states/quote-invoice';
const { 'quote-invoice': quote } = workflowsOfInvoices;
const policy = invoicesPolicy({ workflows: { 'quote-invoice': { ...quote, logGroup: GROUP } }, routes: undefined });
const definition = { StartAt: 'Add', States: { Add: { Type: 'Pass', Next: 'Done' }, Done: { Type: 'Succeed' } } };
const TYPES = [
  'ExecutionStarted',
  'PassStateEntered',
  'PassStateExited',
  'SucceedStateEntered',
  'SucceedStateExited',
  'ExecutionSucceeded',
];

let logs: LogsEndpoint;
let states: StepFunctionsEndpoint;
let folder: AuditFolder;
let logger: RecordingLogger;
let now: number;

const startEndpoints = async (logging: MachineLogging): Promise<void> => {
  await states?.stop();
  const stateMachines = { 'quote-invoice': { definition, type: 'EXPRESS', logging } } as const;
  states = await startStepFunctionsEndpoint({ stateMachines, logGroups: logs.groups });
};
beforeEach(async () => {
  now = Date.now();
  logs = await startLogsEndpoint();
  await startEndpoints({ level: 'ALL', includeExecutionData: true });
  folder = auditFolder();
  logger = recordingLogger();
});
afterEach(async () => {
  await states.stop();
  await logs.stop();
  await folder.remove();
});

const auditor = (options: Partial<WorkflowAuditorOptions> = {}) =>
  createWorkflowAuditor({
    policy,
    audit: folder.trail({ clock: Date.now }),
    cursorFile: join(folder.path, 'cursor'),
    clientConfig: clientConfigOf(states),
    logsClientConfig: clientConfigOf(logs),
    requestsPerSecond: 1000,
    clock: () => now,
    logger,
    ...options,
  });
const run = (sub: string) => {
  const workflows = createWorkflows({
    policy,
    signer: jwkSigner(relayKeys.handOver.privateJwk),
    clientConfig: clientConfigOf(states),
  });
  return asCaller({ claims: { sub }, logger }, () => workflows.startSync('quote-invoice', { invoice: 7 }));
};
const written = () => transitionsIn(folder.lines());

describe('Express workflows, by the records of their log group', () => {
  it('are in the trail once, each with who started it', async () => {
    await run('entra:ada');
    await run('entra:bob');
    expect(await auditor().once()).toMatchObject({ lines: 12, failures: 0 });
    await run('entra:eve');
    expect(await auditor().once()).toMatchObject({ lines: 6, failures: 0 });
    expect(await auditor().once()).toMatchObject({ lines: 0 });
    expect(written().map(({ subject }) => subject)).toEqual(
      ['entra:ada', 'entra:bob', 'entra:eve'].flatMap((sub) => TYPES.map(() => sub)),
    );
    expect(
      written()
        .slice(0, 6)
        .map(({ eventType }) => eventType),
    ).toEqual(TYPES);
    expect(written()[1]).toMatchObject({
      workflow: 'quote-invoice',
      state: 'Add',
      verified: true,
      correlationId: 'c-4711',
    });
    expect(JSON.stringify(folder.lines())).not.toMatch(/eyJ/);
  });

  it('are followed on behind a record of the future: CloudWatch takes what is two hours ahead', async () => {
    const other = { id: '1', type: 'ExecutionStarted', details: {}, previous_event_id: '0', redrive_count: '0' };
    const execution_arn = `${QUOTE_ARN.replace(':stateMachine:', ':express:')}:other:1`;
    const ahead = now + 2 * 3600_000;
    const message = JSON.stringify({ ...other, execution_arn, event_timestamp: String(ahead) });
    logs.groups.put(GROUP, 's', ahead, message);
    expect(await auditor().once()).toMatchObject({ lines: 1 });
    await run('entra:ada');
    expect(await auditor().once()).toMatchObject({ lines: 6 });
    expect(await auditor().once()).toMatchObject({ lines: 0 });
  });

  it('are of the one among the policy’s workflows that they were started as, by version or alias', async () => {
    const logged = { ...quote, logGroup: GROUP };
    const aliased = { ...logged, target: `${QUOTE_ARN}:live` };
    const both = invoicesPolicy({ workflows: { 'quote-live': aliased, 'quote-invoice': logged }, routes: undefined });
    await run('entra:ada');
    expect(await auditor({ policy: both }).once()).toMatchObject({ lines: 6 });
    expect(written()[5]).toMatchObject({ verified: true, subject: 'entra:ada', workflow: 'quote-invoice' });
  });

  it('are put in order when records come late, and twice', async () => {
    await run('entra:ada');
    const records = [...logs.groups.events(GROUP)!];
    await logs.stop();
    logs = await startLogsEndpoint();
    const bring = (...numbers: number[]): void =>
      numbers.forEach((at) => logs.groups.put(GROUP, 's', records[at - 1]!.timestamp, records[at - 1]!.message));
    logs.groups.put(GROUP, 's', now, 'START a line of somebody else');
    const follower = auditor();
    bring(2, 3, 6);
    expect((await follower.once()).lines).toBe(0);
    bring(1);
    expect((await follower.once()).lines).toBe(3);
    bring(4, 2, 3);
    expect((await follower.once()).lines).toBe(1);
    expect(written().map(({ eventId, subject }) => [eventId, subject])).toEqual(
      [1, 2, 3, 4].map((id) => [id, 'entra:ada']),
    );
  });

  it('are written without a record that never comes, and with it when it comes after all', async () => {
    await run('entra:ada');
    const records = [...logs.groups.events(GROUP)!];
    await logs.stop();
    logs = await startLogsEndpoint();
    for (const at of [0, 1, 3, 4, 5]) logs.groups.put(GROUP, 's', records[at]!.timestamp, records[at]!.message);
    const follower = auditor({ pollIntervalMs: 10 });
    follower.start();
    const lines = async (count: number): Promise<void> => {
      while (written().length < count) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await lines(2);
    now += 31_000;
    await lines(5);
    logs.groups.put(GROUP, 's', records[2]!.timestamp, records[2]!.message);
    await lines(6);
    await follower.stop();
    expect(written().map(({ eventId }) => eventId)).toEqual([1, 2, 4, 5, 6, 3]);
    rmSync(join(folder.path, 'cursor'));
    expect((await auditor().once()).lines).toBe(0);
  });

  it('wait for a record from one process to the next, and not for ever', async () => {
    await run('entra:ada');
    const records = [...logs.groups.events(GROUP)!];
    await logs.stop();
    logs = await startLogsEndpoint();
    for (const at of [0, 2]) logs.groups.put(GROUP, 's', records[at]!.timestamp, records[at]!.message);
    const passes = [(await auditor().once()).lines, (await auditor().once()).lines];
    now += 301_000;
    passes.push((await auditor().once()).lines, (await auditor().once()).lines);
    expect(passes).toEqual([1, 0, 1, 0]);
  });

  it('have no caller where the log holds no data, or somebody else wrote the input', async () => {
    const sfn = new SFNClient({ ...clientConfigOf(states), disableHostPrefix: true });
    const input = JSON.stringify({ caller: { subject: 'entra:ada', handOver: 'a.b.c' } });
    await sfn.send(new StartSyncExecutionCommand({ stateMachineArn: QUOTE_ARN, input }));
    sfn.destroy();
    await startEndpoints({ level: 'ALL' });
    await run('entra:ada');
    await auditor().once();
    expect(written()).toHaveLength(12);
    expect(written().every(({ verified, subject }) => verified === false && subject === undefined)).toBe(true);
  });

  it('say that the log group is not there, and go on', async () => {
    await logs.stop();
    logs = await startLogsEndpoint();
    expect(await auditor().once()).toMatchObject({ lines: 0, failures: 1 });
    expect(logger.ofType('workflow_audit')[0]).toMatchObject({ outcome: 'failing', workflow: 'quote-invoice' });
  });

  it.each([
    ['ERROR', 0],
    ['FATAL', 0],
    ['OFF', 0],
  ] as const)('are not there at level %s when all went well', async (level, lines) => {
    await startEndpoints({ level });
    await run('entra:ada');
    expect(logs.groups.events(GROUP) ?? []).toHaveLength(lines);
  });
});

it('refuses what FilterLogEvents does not take', async () => {
  const client = new CloudWatchLogsClient({ ...clientConfigOf(logs), maxAttempts: 1 });
  const asking = (input: object) => client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input }));
  await expect(asking({ logGroupName: '/none' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(asking({ filterPattern: 'ERROR' })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(asking({ nextToken: 'made up' })).rejects.toMatchObject({ name: 'InvalidParameterException' });
  client.destroy();
});
