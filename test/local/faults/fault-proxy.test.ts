import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createServer } from 'node:http';
import { FAULT_SERVICES, type Fault, type FaultService } from '../../../src/local/faults/fault';
import { FaultPlan } from '../../../src/local/faults/fault-plan';
import { startFaultProxy, type FaultProxy, type FaultProxyOptions } from '../../../src/local/faults/fault-proxy';
import { closeServer, listenOnLoopback } from '../../../src/local/loopback';
import { thrownBy } from '../../support/errors';

/** A service that does whatever it is asked, and counts that. */
let done = 0;
const server = createServer((incoming, outgoing) => {
  incoming.resume().once('end', () => {
    done += 1;
    const isSts = incoming.headers['content-type']?.includes('form-urlencoded');
    outgoing.setHeader('Content-Type', isSts ? 'text/xml' : 'application/json');
    outgoing.setHeader('X-Served-Host', incoming.headers.host ?? '');
    outgoing.end(isSts ? STS_ANSWER : '{"MessageId":"m"}');
  });
});
const STS_ANSWER = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2026-11-20T13:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`;

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:approve-invoice';

let target: string;
beforeAll(async () => {
  target = `http://127.0.0.1:${await listenOnLoopback(server, 0, 'The service')}`;
});
afterAll(() => closeServer(server));

const open: { stop(): Promise<void> }[] = [];
beforeEach(() => (done = 0));
afterEach(async () => {
  for (const proxy of open.splice(0)) await proxy.stop();
});

async function proxyFor(service: FaultService, options: Partial<FaultProxyOptions> = {}): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ service, target, ...options });
  open.push(proxy);
  return proxy;
}

/** A token as far as its times go; nobody here verifies it. */
const tokenUntil = (exp: number): string =>
  `e30.${Buffer.from(JSON.stringify({ exp: Math.floor(exp / 1000), nbf: 0 })).toString('base64url')}.c2ln`;

/** One call of each service by the SDK, or by `fetch` where there is none; gives its end. */
async function call(service: FaultService, endpoint: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
  const config = {
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  };
  const sent = signal && { abortSignal: signal };
  const calls: Record<FaultService, () => Promise<unknown>> = {
    lambda: () => new LambdaClient(config).send(new InvokeCommand({ FunctionName: 'f', Payload: '{}' }), sent),
    sqs: () =>
      new SQSClient({ ...config, md5: false }).send(
        new SendMessageCommand({ QueueUrl: `${endpoint}/1/q`, MessageBody: 'x' }),
        sent,
      ),
    states: () => new SFNClient(config).send(new StartExecutionCommand({ stateMachineArn: MACHINE, name: 'n' }), sent),
    sts: () =>
      new STSClient(config).send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: 'arn:aws:iam::123456789012:role/clerk',
          RoleSessionName: 'carla',
          WebIdentityToken: tokenUntil(Date.now() + 300_000),
        }),
        sent,
      ),
    entra: () => post(`${endpoint}/t/oauth2/v2.0/token`, signal),
    keys: () => post(endpoint, signal),
  };
  return calls[service]().then(
    (value) => ({ value }),
    (thrown: unknown) => {
      const error = thrown as Error & { $metadata?: { httpStatusCode?: number } };
      return { name: error.name, status: error.$metadata?.httpStatusCode, error };
    },
  );
}

async function post(url: string, signal?: AbortSignal): Promise<unknown> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion: tokenUntil(Date.now() + 300_000),
  });
  const answer = await fetch(url, { method: 'POST', body, ...(signal && { signal }) });
  const text = await answer.text();
  if (answer.ok) return text;
  const named = /"error":"(\w+)".*"error_codes":\[(\d+)\]/.exec(text) ?? [];
  throw Object.assign(new Error(text), {
    name: named[1] ?? 'none',
    aadsts: named[2],
    $metadata: { httpStatusCode: answer.status },
  });
}

it('hands everything on untouched while no fault is switched on, and counts it', async () => {
  const proxy = await proxyFor('lambda');
  const answer = await fetch(`${proxy.url}/x?y=1`, { method: 'POST', body: 'z' });
  expect([answer.headers.get('x-served-host'), await answer.json()]).toEqual([
    new URL(proxy.url).host,
    { MessageId: 'm' },
  ]);
  expect(proxy.counts).toMatchObject({ requests: 1, passed: 1, throttle: 0 });
});

it.each<[FaultService, string, Fault, string, number]>([
  ['lambda', 'throttles', { kind: 'throttle' }, 'TooManyRequestsException', 429],
  ['lambda', 'fails', { kind: 'error' }, 'ServiceException', 500],
  ['lambda', 'finds the session expired', { kind: 'expired-token' }, 'ExpiredTokenException', 403],
  ['states', 'throttles', { kind: 'throttle', operation: 'StartExecution' }, 'ThrottlingException', 400],
  ['states', 'is away', { kind: 'error', status: 503 }, 'ServiceUnavailable', 503],
  ['states', 'finds the session expired', { kind: 'expired-token' }, 'ExpiredTokenException', 400],
  ['sqs', 'throttles', { kind: 'throttle' }, 'RequestThrottled', 403],
  ['sqs', 'is away', { kind: 'error', status: 503 }, 'ServiceUnavailable', 503],
  ['sqs', 'finds the session expired', { kind: 'expired-token' }, 'ExpiredTokenException', 403],
  ['sts', 'throttles', { kind: 'throttle' }, 'Throttling', 400],
  ['sts', 'fails', { kind: 'error' }, 'InternalFailure', 500],
  ['sts', 'finds the token expired', { kind: 'expired-token' }, 'ExpiredTokenException', 400],
  ['entra', 'throttles', { kind: 'throttle' }, 'temporarily_unavailable', 429],
  ['entra', 'is away', { kind: 'error', status: 504 }, 'temporarily_unavailable', 504],
  ['entra', 'finds the assertion expired', { kind: 'expired-token' }, 'invalid_client', 401],
  ['keys', 'throttles', { kind: 'throttle' }, 'none', 429],
  ['keys', 'fails', { kind: 'error', status: 502 }, 'none', 502],
])('%s %s, as its client understands it', async (service, _what, fault, name, status) => {
  const proxy = await proxyFor(service, { faults: [{ ...fault, times: 1 }] });
  expect(await call(service, proxy.url)).toMatchObject({ name, status });
  expect([done, proxy.counts[fault.kind]]).toEqual([0, 1]);
  proxy.set([]);
  expect(await call(service, proxy.url)).toHaveProperty('value');
  expect(proxy.counts).toMatchObject({ requests: 2, passed: 1 });
});

it.each<[Fault['kind'], 'request' | 'answer', number]>([
  ['reset', 'request', 0],
  ['reset', 'answer', 1],
  ['timeout', 'request', 0],
  ['timeout', 'answer', 1],
])('a %s that loses the %s leaves the work done %i times', async (kind, lost, times) => {
  const proxy = await proxyFor('lambda', { faults: [{ kind, lost }], holdMs: 100 });
  const { error, status } = await call('lambda', proxy.url);
  // By its text: in Jest the SDK does not know Node's errors for errors, and wraps them.
  expect([String(error), status]).toEqual([expect.stringContaining('ECONNRESET'), undefined]);
  expect([done, proxy.counts[kind]]).toEqual([times, 1]);
});

it('ends what it holds when it is stopped, and when the client gives up', async () => {
  const proxy = await proxyFor('keys', { faults: [{ kind: 'timeout' }] });
  const held = fetch(proxy.url).catch((error: unknown) => (error as Error).name);
  expect(await call('keys', proxy.url, AbortSignal.timeout(50))).toMatchObject({ name: 'TimeoutError' });
  await proxy.stop();
  expect(await held).toBe('TypeError');
});

it.each<[FaultService, number, string, number]>([
  ['lambda', 600, 'InvalidSignatureException', 403],
  ['lambda', -600, 'InvalidSignatureException', 403],
  ['states', 600, 'InvalidSignatureException', 403],
  ['sqs', 600, 'InvalidSignatureException', 403],
  ['sts', 600, 'ExpiredTokenException', 400],
  ['entra', 600, 'invalid_client', 401],
])(
  '%s with a clock that is off by %i s refuses what is out of its time',
  async (service, skewSeconds, name, status) => {
    const proxy = await proxyFor(service, { faults: [{ kind: 'clock-skew', skewSeconds }] });
    expect(await call(service, proxy.url)).toMatchObject({ name, status });
    expect(done).toBe(0);
  },
);

it('a client that goes by the time of the service gets through, and sessions end by that time', async () => {
  const faults: Fault[] = [{ kind: 'clock-skew', skewSeconds: -900 }];
  const lambda = await proxyFor('lambda', { faults });
  const client = new LambdaClient({
    endpoint: lambda.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 2,
  });
  expect((await client.send(new InvokeCommand({ FunctionName: 'f' }))).StatusCode).toBe(200);
  expect(lambda.counts['clock-skew']).toBe(2);
  client.destroy();
  const sts = await proxyFor('sts', { faults: [{ kind: 'clock-skew', skewSeconds: 120 }] });
  const { value } = (await call('sts', sts.url)) as { value: { Credentials: { Expiration: Date } } };
  expect(value.Credentials.Expiration.toISOString()).toBe('2026-11-20T13:02:00.000Z');
});

it('hits the same requests for the same seed, and others for another', () => {
  const hits = (seed: number): string => {
    const plan = new FaultPlan([{ kind: 'timeout', rate: 0.05 }], seed);
    return Array.from({ length: 10_000 }, () => (plan.next('Invoke') === undefined ? '.' : 'x')).join('');
  };
  expect(hits(7)).toBe(hits(7));
  expect(hits(7)).not.toBe(hits(8));
  const share = hits(7).replaceAll('.', '').length / 10_000;
  expect([share > 0.045, share < 0.055]).toEqual([true, true]);
});

it('goes by operation, by what came before and by how often; the first fault that hits counts', () => {
  const plan = new FaultPlan(
    [
      { kind: 'throttle', operation: 'SendMessage', after: 1, times: 2 },
      { kind: 'error', operation: 'ReceiveMessage' },
      { kind: 'reset', after: 4 },
    ],
    1,
  );
  const asked = ['SendMessage', 'ReceiveMessage', 'SendMessage', 'SendMessage', 'SendMessage', 'DeleteMessage'];
  expect(asked.map((operation) => plan.next(operation)?.kind)).toEqual([
    undefined,
    'error',
    'throttle',
    'throttle',
    'reset',
    'reset',
  ]);
});

it.each<[string, object, string]>([
  ['an unknown kind', { kind: 'slow' }, '/0/kind'],
  ['a rate above 1', { kind: 'reset', rate: 1.5 }, '/0/rate'],
  ['a status that is not 5xx', { kind: 'error', status: 404 }, '/0/status'],
  ['a status of what has none', { kind: 'reset', status: 500 }, '/0/status'],
  ['a skew without seconds', { kind: 'clock-skew' }, '/0/skewSeconds'],
  ['tokens of keys', { kind: 'expired-token' }, '/0/kind'],
  ['a misspelt member', { kind: 'reset', time: 1 }, '/0/time'],
])('%s is refused, and what was switched on stays', async (_what, fault, pointer) => {
  const proxy = await proxyFor('keys', { faults: [{ kind: 'throttle' }] });
  const { code, problems } = await thrownBy(() => proxy.set([fault as Fault]));
  expect([code, problems.map((problem) => problem.pointer)]).toEqual(['option_invalid', [pointer]]);
  expect(proxy.faults).toEqual([{ kind: 'throttle' }]);
});

it('stands only before what is on this machine', async () => {
  const error = await thrownBy(() =>
    startFaultProxy({ service: 'sts', target: 'https://sts.eu-west-1.amazonaws.com' }),
  );
  expect(error.code).toBe('option_invalid');
  expect(FAULT_SERVICES).toHaveLength(6);
});
