import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRelayConfig } from '../../src/local/relay-config';
import { thrownBy } from '../support/errors';

const folder = mkdtempSync(join(tmpdir(), 'baton-relay-config-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of ['web.config', 'authorizer.js', 'http.json', 'rest.json']) writeFileSync(join(folder, name), '');

/** Writes a configuration with these limits; gives its path. */
function configWith(throttling: unknown): string {
  const file = join(folder, 'baton.dev.json');
  const config = {
    webConfig: 'web.config',
    authorizer: 'authorizer.js',
    gateways: { http: 'http.json', rest: 'rest.json' },
    environment: {},
    identityProvider: { tenant: 't', audience: 'api://a', users: [], clients: [] },
    throttling,
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
