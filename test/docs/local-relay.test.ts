import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAULT_KINDS, FAULT_SERVICES } from '../../src/local/faults/fault';
import { readRelayConfig } from '../../src/local/relay-config';
import { SQS_ACTIONS } from '../../src/local/sqs/actions';
import { startSqsEndpoint } from '../../src/local/sqs/endpoint';
import { STEP_FUNCTIONS_ACTIONS } from '../../src/local/step-functions/endpoint';
import { block, readPage } from './markdown';

const PAGE = 'docs/local-relay.md';
const page = readPage(PAGE);
const example = (kind: string): object => JSON.parse(block(PAGE, 'json', kind)) as object;

const folder = mkdtempSync(join(tmpdir(), 'baton-page-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('the examples of docs/local-relay.md are a configuration that the relay takes', async () => {
  const files = ['web.config', 'handler.js', 'http.json', 'approve-invoice.asl.json', 'quote-invoice.asl.json'];
  for (const name of files) writeFileSync(join(folder, name), '');
  const config = {
    webConfig: 'web.config',
    authorizer: 'handler.js',
    functions: { 'render-invoice': 'handler.js' },
    gateways: { http: 'http.json' },
    environment: { RENDER_QUEUE: '${relay.queues}/renders' },
    identityProvider: { tenant: 't', audience: 'api://a', users: [], clients: [] },
    sts: { audiences: ['a'], roles: {} },
    ...example('relay-sqs'),
    ...example('relay-faults'),
    ...example('relay-states'),
  };
  writeFileSync(join(folder, 'baton.dev.json'), JSON.stringify(config));
  const { sqs, faults } = readRelayConfig(join(folder, 'baton.dev.json'));
  expect(faults?.lambda).toEqual([{ kind: 'timeout', rate: 0.05, lost: 'answer' }]);
  const endpoint = await startSqsEndpoint({ queues: sqs!.queues });
  await endpoint.stop();
  expect(
    endpoint.queues
      .list()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['dead', 'orders.fifo', 'renders']);
});

it('docs/local-relay.md lists every operation of queues and state machines, every kind of fault and every service', () => {
  const queues = page.slice(page.indexOf('What the real SDK can ask:'), page.indexOf('As in AWS:'));
  const single = [...SQS_ACTIONS.keys()].filter((name) => !name.endsWith('Batch'));
  expect([...queues.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(single.sort());
  const machines = page.slice(page.indexOf('Operations that are answered:'), page.indexOf("Like AWS's:"));
  const operations = [...machines.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(operations.sort()).toEqual([...STEP_FUNCTIONS_ACTIONS.keys()].sort());
  const rows = [...page.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  expect(rows.filter((name) => name !== 'kind')).toEqual([...FAULT_KINDS]);
  const services = page.slice(page.indexOf('Services are'), page.indexOf('(the servers of public keys)'));
  expect([...services.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual([...FAULT_SERVICES]);
});
