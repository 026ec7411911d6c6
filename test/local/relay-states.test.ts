import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StartSyncExecutionCommand,
} from '@aws-sdk/client-sfn';
import { readPolicy } from '../../src/local/gateway/iam-policy';
import { startRelayStates } from '../../src/local/relay-states';
import type { StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { LogGroups } from '../../src/local/logs/log-groups';
import { startStsEndpoint, type StsEndpoint } from '../../src/local/sts/endpoint';
import { thrownBy } from '../support/errors';
import { answers, startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { waitFor } from '../support/wait';
import { clientFor } from './step-functions/support';

const folder = mkdtempSync(join(tmpdir(), 'baton-relay-states-'));
const role = (name: string): string => `arn:aws:iam::123456789012:role/${name}`;
const allow = (Action: string, Resource: string): object => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
});
const trustPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRoleWithWebIdentity',
      Principal: { Federated: 'arn:aws:iam::123456789012:oidc-provider/127.0.0.1' },
      Condition: { StringEquals: { '127.0.0.1:aud': 'a' } },
    },
  ],
};
const trusting = (AWS: string): object => ({
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS } }],
});
const ROLES = {
  [role('machine')]: { trustPolicy, policy: allow('sts:AssumeRole', role('pay*')) },
  [role('pay')]: { trustPolicy: trusting(role('machine')), policy: allow('lambda:InvokeFunction', '*') },
  [role('pay-account')]: {
    trustPolicy: trusting('arn:aws:iam::123456789012:root'),
    policy: allow('lambda:InvokeFunction', '*'),
  },
  [role('pay-strange')]: { trustPolicy: trusting(role('somebody')), policy: allow('*', '*') },
  [role('other')]: { trustPolicy, policy: allow('*', '*') },
};

let lambda: LambdaStub;
let sts: StsEndpoint;
let states: StepFunctionsEndpoint;

beforeAll(async () => {
  const definition = {
    StartAt: 'Pay',
    States: { Pay: { Type: 'Task', Resource: '${PayArn}', Credentials: { 'RoleArn.$': '$.role' }, End: true } },
  };
  writeFileSync(join(folder, 'pay.asl.json'), JSON.stringify(definition));
  const yaml = `StartAt: Done\nStates:\n  Done: { Type: Pass, Result: '\${Word}', End: true }\n`;
  writeFileSync(join(folder, 'done.asl.yaml'), yaml);
  lambda = await startLambdaStub();
  lambda.answer = answers('paid');
  sts = await startStsEndpoint({ providers: [], roles: ROLES });
  const pay = {
    definition: 'pay.asl.json',
    roleArn: role('machine'),
    substitutions: { PayArn: 'arn:aws:lambda:eu-west-1:123456789012:function:pay' },
  };
  const lambdaUrl = String(lambda.clientConfig['endpoint']);
  states = await startRelayStates(
    { pay, done: { definition: 'done.asl.yaml', substitutions: { Word: 'a: "b"' } } },
    { folder, lambdaUrl, sqsUrl: undefined, roles: ROLES, sts, port: 0, logger: undefined },
  );
});

afterAll(async () => {
  await Promise.all([states.stop(), sts.stop(), lambda.close()]);
  rmSync(folder, { recursive: true });
});

it.each([
  ['the role that the execution role may assume', 'pay', { status: 'SUCCEEDED', output: '"paid"' }],
  ['a role that trusts the account', 'pay-account', { status: 'SUCCEEDED', output: '"paid"' }],
  ['a role that trusts somebody else', 'pay-strange', { status: 'FAILED', error: 'States.Permissions' }],
  ['a role that it may not assume', 'other', { status: 'FAILED', error: 'States.Permissions' }],
  ['a role that is not there', 'none', { status: 'FAILED', error: 'States.Permissions' }],
])('a task has the power of %s', async (_what, name, expected) => {
  const client = clientFor(states.url);
  const before = lambda.calls.length;
  const input = JSON.stringify({ role: role(name) });
  const { executionArn } = await client.send(
    new StartExecutionCommand({ stateMachineArn: states.arnOf('pay'), input }),
  );
  const ended = await waitFor('the end', async () => {
    const described = await client.send(new DescribeExecutionCommand({ executionArn }));
    return described.status === 'RUNNING' ? undefined : described;
  });
  expect(ended).toMatchObject(expected);
  const keys = lambda.calls.slice(before).map(({ headers }) => ({
    accessKeyId: /Credential=(\w+)\//.exec(headers.authorization ?? '')?.[1] ?? '',
    sessionToken: String(headers['x-amz-security-token']),
  }));
  const used = keys.map(({ accessKeyId, sessionToken }) => sts.sessions.find(accessKeyId, sessionToken)?.roleArn);
  expect(used).toEqual(expected.status === 'SUCCEEDED' ? [role(name)] : []);
  client.destroy();
});

it('a definition may be YAML, and what is filled in is none of its syntax', async () => {
  const client = clientFor(states.url);
  const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn: states.arnOf('done') }));
  const output = await waitFor('the end', async () =>
    client.send(new DescribeExecutionCommand({ executionArn })).then((described) => described.output),
  );
  expect(output).toBe(JSON.stringify('a: "b"'));
  client.destroy();
});

it('a session starts what its role allows, and nothing else', async () => {
  const userArn = 'arn:aws:sts::123456789012:assumed-role/clerk/anna';
  const start = async (resource: string): Promise<unknown> => {
    const statement = readPolicy(allow('states:StartExecution', resource));
    if (typeof statement === 'string') throw new Error(statement);
    const session = {
      roleArn: role('clerk'),
      sessionName: 'anna',
      userArn,
      rolePolicy: statement,
      sessionPolicy: undefined,
    };
    const client = new SFNClient({
      endpoint: states.url,
      region: 'eu-west-1',
      credentials: sts.sessions.open(session, 900),
      maxAttempts: 1,
    });
    return client
      .send(new StartExecutionCommand({ stateMachineArn: states.arnOf('pay') }))
      .then(
        () => 'started',
        (error: unknown) => (error as Error).name,
      )
      .finally(() => client.destroy());
  };
  await expect(start(states.arnOf('pay'))).resolves.toBe('started');
  await expect(start(states.arnOf('other'))).resolves.toBe('AccessDeniedException');
});

it('a definition that cannot be run stops the start, with the machine and the place', async () => {
  writeFileSync(join(folder, 'bad.asl.json'), '{"StartAt":"A","QueryLanguage":"JSONata","States":{}}');
  const parts = {
    folder,
    lambdaUrl: 'http://127.0.0.1:1',
    sqsUrl: undefined,
    roles: undefined,
    sts: undefined,
    port: 0,
    logger: undefined,
  };
  const { message } = await thrownBy(() => startRelayStates({ bad: { definition: 'bad.asl.json' } }, parts));
  expect(message).toContain('state machine "bad"');
  expect(message).toContain('at /QueryLanguage');
});

it.each([
  ['ALL', 3],
  ['ERROR', 2],
  ['FATAL', 1],
  ['OFF', 0],
] as const)('a machine that logs at level %s leaves %i records in its log group', async (level, count) => {
  const definition = { StartAt: 'Refuse', States: { Refuse: { Type: 'Fail', Error: 'No' } } };
  writeFileSync(join(folder, 'fail.asl.json'), JSON.stringify({ ...definition, TimeoutSeconds: 5 }));
  const logGroups = new LogGroups();
  const endpoint = await startRelayStates(
    { fail: { definition: 'fail.asl.json', type: 'EXPRESS', logging: { level, logGroup: '/mine' } } },
    {
      folder,
      lambdaUrl: 'http://127.0.0.1:1',
      sqsUrl: undefined,
      roles: undefined,
      sts: undefined,
      port: 0,
      logGroups,
      logger: undefined,
    },
  );
  const client = new SFNClient({
    ...{ endpoint: endpoint.url, region: 'eu-west-1', disableHostPrefix: true },
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  await client.send(
    new StartSyncExecutionCommand({ stateMachineArn: endpoint.arnOf('fail'), input: '{"a":"secret"}' }),
  );
  client.destroy();
  await endpoint.stop();
  const records = logGroups.events('/mine') ?? [];
  expect(records.map(({ message }) => (JSON.parse(message) as { type: string }).type)).toEqual(
    ['ExecutionStarted', 'FailStateEntered', 'ExecutionFailed'].slice(3 - Math.min(count, 3)),
  );
  // Without includeExecutionData there is no input in them.
  expect(JSON.stringify(records)).not.toContain('secret');
});
