import { join } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';

import { BatonError } from '../../../src/core/errors';
import { accessLogFormatText } from '../../../src/correlation/access-log-format';
import type { GatewayOptions } from '../../../src/local/gateway/gateway';
import { allowAll, cleanUp, definitionOf, gatewayFor, send, startOrigin, valuesOf, type Json } from './support';

afterEach(cleanUp);

const authorizers = { baton: allowAll() };
const stageVariables = { origin: '127.0.0.1:9' };

/** Starts a gateway that must not start. */
async function refusal(options: Partial<Omit<GatewayOptions, 'accessLogFile'>>): Promise<BatonError> {
  const started = gatewayFor({
    kind: 'rest',
    definition: definitionOf('rest', { 'GET /': {} }),
    authorizers,
    stageVariables,
    ...options,
  });
  const error = await started.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BatonError);
  return error as BatonError;
}

const withIntegration = (change: (integration: Record<string, Json>) => void): object => {
  const definition = definitionOf('rest', { 'GET /a/{id}': {} });
  change(definition['paths']['/a/{id}'].get['x-amazon-apigateway-integration']);
  return definition;
};

const withAuthorizer = (kind: 'rest' | 'http', change: Record<string, unknown>): object =>
  definitionOf(kind, { 'GET /a': { secured: true } }, change);

describe('a definition that cannot be played stops the start', () => {
  it('names every problem by its JSON pointer', async () => {
    const definition = definitionOf('rest', { 'GET /a/{x+}/b': {}, 'GET /ok': {} });
    definition['paths']['/ok'].get['x-amazon-apigateway-integration'].type = 'mock';
    const error = await refusal({ definition });
    expect(error.code).toBe('relay_failed');
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/paths/~1a~1{x+}~1b', '/paths/~1ok/get/x-amazon-apigateway-integration']),
    );
  });

  const cases: [string, object, 'rest' | 'http'][] = [
    ['no paths', { openapi: '3.0.1' }, 'rest'],
    ['no operation', { paths: {} }, 'rest'],
    ['a part of a parameter', definitionOf('rest', { 'GET /a-{id}': {} }), 'rest'],
    ['no integration', { paths: { '/a': { get: {} } } }, 'rest'],
    ['a URI without a scheme', withIntegration((i) => (i['uri'] = '${stageVariables.origin}/a')), 'rest'],
    ['a timeout of 30 s on REST', withIntegration((i) => (i['timeoutInMillis'] = 30_000)), 'rest'],
    ['a stage variable that is not given', withIntegration((i) => (i['uri'] = 'https://${stageVariables.x}/')), 'rest'],
    ['a URI parameter that nothing fills', withIntegration((i) => (i['uri'] = 'https://h/{id}')), 'rest'],
    ['an unknown security scheme', { paths: { '/a': { get: { security: [{ other: [] }] } } } }, 'rest'],
    ['a TOKEN authorizer', withAuthorizer('rest', { type: 'token' }), 'rest'],
    ['a TTL above an hour', withAuthorizer('rest', { authorizerResultTtlInSeconds: 3601 }), 'rest'],
    ['a TTL without identity sources', withAuthorizer('rest', { identitySource: '' }), 'rest'],
    ['a path as identity source', withAuthorizer('rest', { identitySource: 'method.request.path.id' }), 'rest'],
    ['payload format 1.0', withAuthorizer('http', { authorizerPayloadFormatVersion: '1.0' }), 'http'],
    ['an identity source without $', withAuthorizer('http', { identitySource: 'request.header.A' }), 'http'],
  ];
  it.each(cases)('%s', async (_name, definition, kind) => {
    expect((await refusal({ definition, kind })).code).toBe('relay_failed');
  });

  it.each([
    ['rest', 'integration.request.header.X-Amzn-Trace-Id', "'x'"],
    ['rest', 'integration.request.header.Content-Length', "'1'"],
    ['rest', 'integration.response.header.X', "'x'"],
    ['rest', 'integration.request.header.X', 'context.requestid'],
    ['rest', 'integration.request.header.X', '$context.requestId'],
    ['rest', 'integration.request.header.X', 'context.routeKey'],
    ['http', 'overwrite:header.Authorization', '$context.requestId'],
    ['http', 'overwrite:header.x-amzn-anything', '$context.requestId'],
    ['http', 'append:header.X-Forwarded-For', '$context.requestId'],
    ['http', 'remove:header.via', "''"],
    ['http', 'replace:header.x', '$context.requestId'],
    ['http', 'overwrite:header.x', '$context.xrayTraceId'],
    ['http', 'overwrite:header.x', '$request.body.name'],
  ] as ['rest' | 'http', string, string][])('%s mapping %s: %s', async (kind, target, value) => {
    const definition = definitionOf(kind, { 'GET /a': { parameters: { [target]: value } } });
    const error = await refusal({ kind, definition });
    expect(error.code).toBe('relay_failed');
    expect(error.message).toContain(target);
  });
});

describe('options', () => {
  it('refuses an unknown one and names the one that was meant', async () => {
    const error = await refusal({ stageVariable: {} } as never);
    expect(error.code).toBe('option_unknown');
    expect(error.message).toContain('"stageVariables"');
  });

  it.each([
    ['an origin with a scheme', { stageVariables: { origin: 'http://127.0.0.1:9' } }],
    ['an unknown kind', { kind: 'websocket' as never }],
    ['no authorizer function', { definition: definitionOf('rest', { 'GET /': { secured: true } }), authorizers: {} }],
    ['a port out of range', { port: 70_000 }],
  ])('refuses %s', async (_name, options) => {
    expect((await refusal(options)).code).toBe('option_invalid');
  });

  it('says so when the port is taken', async () => {
    const origin = await startOrigin();
    expect((await refusal({ port: Number(origin.authority.split(':')[1]) })).code).toBe('relay_failed');
  });
});

describe('the example', () => {
  const directory = join(__dirname, '../../../examples/invoices');
  const read = (kind: string): object =>
    JSON.parse(readFileSync(join(directory, `gateway.${kind}.openapi.json`), 'utf8')) as object;

  const results = {
    rest: allowAll({ txnToken: 'the-token' }),
    http: async () => ({ isAuthorized: true, context: { txnToken: 'the-token' } }),
  };

  it.each(['rest', 'http'] as const)('is played as %s', async (kind) => {
    const origin = await startOrigin();
    const gateway = await gatewayFor({
      kind,
      definition: read(kind),
      authorizers: { baton: results[kind] },
      stageVariables: { origin: origin.authority },
    });
    const headers = ['Authorization', 'Bearer x', 'x-correlation-id', 'mine', 'txn-token', 'forged'];
    expect((await send(`${gateway.url}/invoices/7?a=b%20c`, { headers })).status).toBe(200);
    expect((await send(`${gateway.url}/invoices/7/approve`, { method: 'POST', headers, body: '{}' })).status).toBe(200);
    expect((await send(`${gateway.url}/health`)).status).toBe(200);
    expect((await send(`${gateway.url}/elsewhere`)).status).toBe(kind === 'rest' ? 403 : 404);
    expect(gateway.authorizerCalls).toBe(1);
    expect(origin.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /invoices/7?a=b%20c',
      'POST /invoices/7/approve',
      'GET /health',
    ]);
    const first = origin.seen[0]?.rawHeaders ?? [];
    expect(valuesOf(first, 'txn-token')).toEqual(['the-token']);
    expect(valuesOf(first, 'x-correlation-id')).toEqual([gateway.lines()[0]?.['extendedRequestId']]);
  });

  it('has a template with this access log format, these definitions, and handlers that exist', () => {
    const template = readFileSync(join(directory, 'template.yaml'), 'utf8');
    for (const kind of ['rest', 'http'] as const) {
      expect(template).toContain(`Format: '${accessLogFormatText(kind)}'`);
      expect(template).toContain(`Location: gateway.${kind}.openapi.json`);
    }
    const handlers = [...template.matchAll(/Handler: (\S+)\.handler/g)].map(([, file]) => `${file}.js`);
    expect(handlers).toHaveLength(2);
    for (const file of handlers) expect(existsSync(join(directory, file))).toBe(true);
  });

  it.each(['rest', 'http'] as const)('has an authorizer on every path but /health, %s', (kind) => {
    const { paths } = read(kind) as { paths: Record<string, Record<string, { security?: unknown }>> };
    const open = Object.entries(paths).flatMap(([path, item]) =>
      Object.values(item).some(({ security }) => security === undefined) ? [path] : [],
    );
    expect(open).toEqual(['/health']);
  });
});
