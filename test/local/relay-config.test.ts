import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fillRelayDocument, readRelayConfig } from '../../src/local/relay-config';
import { thrownBy } from '../support/errors';

const folder = mkdtempSync(join(tmpdir(), 'baton-relay-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ['web.config', 'authorizer.js', 'http.json', 'rest.json']) writeFileSync(join(folder, name), '');

/** Writes a configuration with these limits; gives its path. */
function configWith(throttling: unknown, sts?: unknown): string {
  const file = join(folder, 'baton.dev.json');
  const config = {
    webConfig: 'web.config',
    authorizer: 'authorizer.js',
    gateways: { http: 'http.json', rest: 'rest.json' },
    environment: {},
    identityProvider: { tenant: 't', audience: 'api://a', users: [], clients: [] },
    throttling,
    sts,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

it('the limits of a stage are read as they are', () => {
  const throttling = {
    rest: { default: { rateLimit: 0.5, burstLimit: 0 } },
    http: {
      routes: { 'GET /invoices/{id}': { rateLimit: 5, burstLimit: 10 }, $default: { rateLimit: 1, burstLimit: 1 } },
    },
  };
  expect(readRelayConfig(configWith(throttling)).throttling).toEqual(throttling);
});

it.each<[string, unknown, string]>([
  ['a negative rate', { rest: { default: { rateLimit: -1, burstLimit: 1 } } }, '/throttling/rest/default/rateLimit'],
  [
    'a rate that is text',
    { rest: { default: { rateLimit: '1', burstLimit: 1 } } },
    '/throttling/rest/default/rateLimit',
  ],
  ['part of a burst', { http: { default: { rateLimit: 1, burstLimit: 0.5 } } }, '/throttling/http/default/burstLimit'],
  ['a limit without burst', { http: { default: { rateLimit: 1 } } }, '/throttling/http/default'],
  ['an unknown API', { soap: {} }, '/throttling/soap'],
  [
    'a route without method',
    { http: { routes: { '/x': { rateLimit: 1, burstLimit: 1 } } } },
    '/throttling/http/routes/~1x',
  ],
])('%s stops the start', async (_what, throttling, pointer) => {
  const { problems } = await thrownBy(() => readRelayConfig(configWith(throttling)));
  expect(problems.map((problem) => problem.pointer)).toEqual([expect.stringContaining(pointer)]);
});

it('a state machine is a file that is there, and of a type that there is', async () => {
  const file = configWith(undefined);
  const document = JSON.parse(readFileSync(file, 'utf8')) as object;
  const stateMachines = { pay: { definition: 'pay.asl.json' }, quote: { definition: 'http.json', type: 'FAST' } };
  writeFileSync(file, JSON.stringify({ ...document, stateMachines }));
  const typed = await thrownBy(() => readRelayConfig(file));
  expect(typed.problems.map(({ pointer }) => pointer)).toEqual(['/stateMachines/quote/type']);
  writeFileSync(file, JSON.stringify({ ...document, stateMachines: { pay: stateMachines.pay } }));
  const missing = await thrownBy(() => readRelayConfig(file));
  expect(missing.problems.map(({ pointer }) => pointer)).toEqual(['/stateMachines/pay/definition']);
});

describe('STS', () => {
  const role = { trustPolicy: { Statement: { '${relay.identityProviderHost}:aud': 'a' } }, policy: {} };
  const arn = 'arn:aws:iam::123456789012:role/clerk';

  it('is read with its documents, in which addresses are filled, names of members too', () => {
    const sts = { audiences: ['a'], roles: { [arn]: role } };
    const names = {
      folder: '/f',
      entra: 'e',
      queues: 'q',
      identityProvider: 'i',
      identityProviderHost: '127.0.0.1:1',
      gatewayKeys: 'g',
      appKeys: 'k',
    };
    const read = readRelayConfig(configWith(undefined, sts)).sts;
    expect(fillRelayDocument(read, names)?.roles[arn]?.trustPolicy).toEqual({ Statement: { '127.0.0.1:1:aud': 'a' } });
  });

  it.each<[string, object, string]>([
    ['without audience', { audiences: [], roles: {} }, '/sts/audiences'],
    ['with a role that is no ARN', { audiences: ['a'], roles: { clerk: role } }, '/sts/roles/clerk'],
    ['with a document that is none', { audiences: ['a'], roles: { [arn]: { ...role, policy: [] } } }, '/policy'],
    ['with an address that nobody knows', { audiences: ['${relay.entra2}'], roles: {} }, '/sts'],
  ])('%s stops the start', async (_what, sts, pointer) => {
    const { problems } = await thrownBy(() => readRelayConfig(configWith(undefined, sts)));
    expect(problems.map((problem) => problem.pointer)).toEqual([expect.stringContaining(pointer)]);
  });
});

/** The problems of a configuration with these members more. */
async function problemsWith(members: object): Promise<string[]> {
  const file = configWith(undefined);
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...config, ...members }));
  return (await thrownBy(() => readRelayConfig(file))).problems.map(({ pointer }) => pointer);
}

it.each<[string, object, string]>([
  ['a fault of what does not run', { faults: { sqs: [{ kind: 'reset' }] } }, '/faults/sqs'],
  ['a fault of state machines that there are none', { faults: { states: [{ kind: 'reset' }] } }, '/faults/states'],
  [
    'a function that takes too long',
    { functions: { f: { file: 'http.json', timeoutSeconds: 901 } } },
    '/functions/f/timeoutSeconds',
  ],
  ['a function whose file is not there', { functions: { f: { file: 'f.js' } } }, '/functions/f'],
  ['a fault of a service that is none', { faults: { iis: [] } }, '/faults/iis'],
  ['a fault without kind', { faults: { lambda: [{}] } }, '/faults/lambda/0/kind'],
  ['a seed that is none', { faults: { seed: -1 } }, '/faults/seed'],
  [
    'an event source of no queue',
    { functions: { f: 'authorizer.js' }, sqs: { queues: {}, eventSources: [{ queue: 'q', functionName: 'f' }] } },
    '/sqs/eventSources/0/queue',
  ],
  [
    'an event source of no function',
    { sqs: { queues: { q: {} }, eventSources: [{ queue: 'q', functionName: 'f' }] } },
    '/sqs/eventSources/0/functionName',
  ],
  ['a queue with a name that is none', { sqs: { queues: { 'q.x': {} } } }, '/sqs/queues/q.x'],
])('%s stops the start', async (_what, members, pointer) => {
  expect(await problemsWith(members)).toEqual([pointer]);
});
