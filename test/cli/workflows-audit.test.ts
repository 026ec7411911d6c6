import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { audit } from '../../src/cli/workflows/audit';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { auditFolder, type AuditFolder } from '../support/audit-files';
import { clientConfigOf, differences, faultsOf, histories, transitionsIn } from '../support/auditing';
import { useAwsEndpoint } from '../support/aws-endpoint';
import { thrownBy } from '../support/errors';
import { invoicesDocument } from '../support/invoices';
import { itOnPosix, startNode } from '../support/processes';
import { waitFor } from '../support/wait';
import { APPROVAL_ARN, workflowsOfInvoices } from '../support/workflows';

const BATON = path.join(__dirname, '../../dist/cli/baton.js');
const definition = { StartAt: 'Work', States: { Work: { Type: 'Pass', End: true } } };

let states: StepFunctionsEndpoint;
let folder: AuditFolder;
let args: string[];
let restore: () => void;
let printed: jest.SpyInstance;

beforeEach(async () => {
  states = await startStepFunctionsEndpoint({ stateMachines: { 'approve-invoice': { definition } } });
  folder = auditFolder();
  const policy = path.join(folder.path, 'policy.json');
  writeFileSync(policy, JSON.stringify({ ...invoicesDocument, workflows: workflowsOfInvoices, routes: undefined }));
  args = ['--policy', policy, '--trail', folder.file, '--cursor', path.join(folder.path, 'cursor'), '--rate', '100'];
  restore = useAwsEndpoint(states.url);
  printed = jest.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(async () => {
  printed.mockRestore();
  restore();
  process.exitCode = undefined;
  await states.stop();
  await folder.remove();
});

async function startExecution(name: string): Promise<void> {
  const client = new SFNClient(clientConfigOf(states));
  await client.send(new StartExecutionCommand({ stateMachineArn: APPROVAL_ARN, name }));
  client.destroy();
}
const wrong = async (): Promise<string[]> => differences(folder.lines(), await histories(states, 'approve-invoice'));
const said = (): string[] => printed.mock.calls.map(([line]) => String(line));

it('reads what has happened, once, and says what it did', async () => {
  await startExecution('one');
  await audit([...args, '--once']);
  await audit([...args, '--once', '--json', '--workflow', 'approve-invoice']);
  expect(await wrong()).toEqual([]);
  expect(await faultsOf(folder.file)).toEqual([]);
  expect(said()[0]).toMatch(/^4 transitions of 1 execution, 0 open, \d+\.\d s behind, \d+ requests$/);
  expect(JSON.parse(said()[1]!)).toMatchObject({ lines: 0, executions: 0, failures: 0, lost: 0 });
  expect(process.exitCode).toBeUndefined();
});

it('leaves out what began before', async () => {
  await startExecution('one');
  await audit([...args, '--once', '--since', '2099-01-01']);
  expect(transitionsIn(folder.lines())).toEqual([]);
});

it('ends with 1 where something could not be read', async () => {
  await states.stop();
  const told = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  await audit([...args, '--once']);
  told.mockRestore();
  expect(process.exitCode).toBe(1);
  expect(said()[0]).toContain('1 failure');
});

it.each([
  [['--once'], '--trail and --cursor must be given'],
  [['--trail', 'a', '--cursor', 'b', '--since', 'yesterday'], '--since must be a date'],
  [['--trail', 'a', '--cursor', 'b', '--rate', 'fast'], '--rate must be a number'],
  [['--trail', 'a', '--cursor', 'b', '--interval', '0'], '--interval must be a number'],
  [['one'], 'one argument too many'],
])('refuses %j', async (given, message) => {
  expect(await thrownBy(() => audit(given))).toMatchObject({
    reason: 'usage',
    message: expect.stringContaining(message),
  });
});

itOnPosix('follows until it is asked to end, and ends in order', async () => {
  const env = { ...clientEnvironment(), AWS_ENDPOINT_URL: states.url };
  const run = startNode([BATON, 'workflows', 'audit', ...args, '--interval', '0.1'], { env });
  await startExecution('one');
  await waitFor('the lines', () => folder.files().length > 0 && transitionsIn(folder.lines()).length === 4);
  run.signal('SIGTERM');
  expect([await run.ended, run.stderr.replace(/\(node:\d+\)[\s\S]*/, '')]).toEqual([0, '']);
  expect(run.stdout).toContain('4 transitions of 1 execution');
  expect(await wrong()).toEqual([]);
  expect(folder.lines().at(-1)).toMatchObject({ type: 'audit_end' });
});

const clientEnvironment = (): Readonly<Record<string, string>> => ({
  ...{ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
});
