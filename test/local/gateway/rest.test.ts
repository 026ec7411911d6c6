import { readFileSync } from 'node:fs';

import type { GatewayOptions } from '../../../src/local/gateway/gateway';
import {
  allowAll,
  cleanUp,
  definitionOf,
  exactValues,
  gatewayFor,
  policyOf,
  send,
  startOrigin,
  valuesOf,
  type Json,
  type Origin,
  type TestGateway,
} from './support';

const NOW = 1_794_000_000_000;
const AUTHORIZATION = ['Authorization', 'Bearer user-token'];

const operations = {
  'GET /open': { uri: 'https://${stageVariables.origin}/open' },
  'GET /invoices/{id}': {
    secured: true,
    uri: 'https://${stageVariables.origin}/app/invoices/{id}',
    parameters: {
      'integration.request.path.id': 'method.request.path.id',
      'integration.request.header.Txn-Token': 'context.authorizer.txnToken',
      'integration.request.header.X-Correlation-Id': 'context.extendedRequestId',
      'integration.request.header.X-Request': 'context.requestId',
      'integration.request.header.X-Static': "'fixed'",
      'integration.request.header.X-Copied': 'method.request.header.X-Source',
      'integration.request.querystring.stage': 'context.stage',
    },
  },
  'POST /invoices/{id}': { secured: true, uri: 'https://${stageVariables.origin}/post' },
  'ANY /any/{proxy+}': {
    uri: 'http://${stageVariables.origin}/{proxy}',
    parameters: { 'integration.request.path.proxy': 'method.request.path.proxy' },
  },
  'GET /forced': { uri: 'https://${stageVariables.origin}/forced', integrationMethod: 'POST' },
  'GET /slow': { uri: 'https://${stageVariables.origin}/slow', timeoutInMillis: 100 },
};

let origin: Origin;
let now: number;

beforeEach(async () => {
  now = NOW;
  origin = await startOrigin((request, response, body) => {
    if (request.url === '/slow') return;
    if (request.url?.startsWith('/status')) {
      response.writeHead(401, {
        'WWW-Authenticate': 'Bearer',
        'X-Own': 'kept',
        'x-amzn-RequestId': 'backend',
        'Content-Length': 4,
      });
    }
    response.end(`${request.method} ${body}`);
  });
});
afterEach(cleanUp);

function start(
  authorizer: (event: Json, context: Json) => Promise<unknown> = allowAll({ txnToken: 'signed' }),
  options: Partial<GatewayOptions> = {},
): Promise<TestGateway> {
  return gatewayFor({
    kind: 'rest',
    definition: definitionOf('rest', operations),
    authorizers: { baton: authorizer },
    stageVariables: { origin: origin.authority },
    clock: () => now,
    ...options,
  });
}

describe('routes', () => {
  it.each([
    ['a path that is not there', '/nowhere', 403, 'Missing Authentication Token'],
    ['a method that the path lacks', '/forced', 403, 'Missing Authentication Token'],
  ])('%s', async (_name, path, status, message) => {
    const gateway = await start();
    const answer = await send(`${gateway.url}${path}`, { method: path === '/forced' ? 'PUT' : 'GET' });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ message });
    expect(answer.headers['x-amzn-errortype']).toBe('MissingAuthenticationTokenException');
    expect(gateway.lines()[0]).toMatchObject({ status: '403', errorResponseType: 'MISSING_AUTHENTICATION_TOKEN' });
    expect(origin.seen).toHaveLength(0);
  });

  it('belong to a stage: another one is forbidden', async () => {
    const gateway = await start();
    expect(gateway.url).toBe(`http://127.0.0.1:${gateway.port}/prod`);
    for (const path of ['/open', '/product/open', '/test/open', '/']) {
      const answer = await send(`http://127.0.0.1:${gateway.port}${path}`);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([403, { message: 'Forbidden' }]);
    }
  });

  it('lead to the backend with the definition’s path and method, the query byte for byte', async () => {
    const gateway = await start();
    await send(`${gateway.url}/any/a%20b/c?x=1%2F2&y=%C3%A4+b`, { method: 'PATCH', body: 'hello' });
    await send(`${gateway.url}/forced`);
    expect(origin.seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['PATCH', '/a%20b/c?x=1%2F2&y=%C3%A4+b', 'hello'],
      ['POST', '/forced', ''],
    ]);
  });

  it('does not resolve dots in a path parameter', async () => {
    const gateway = await start();
    await send(`${gateway.url}/invoices/..`, { headers: AUTHORIZATION });
    expect(origin.seen[0]?.url).toBe('/app/invoices/..?stage=prod');
  });

  it('answers 400 to a parameter that cannot be decoded', async () => {
    const gateway = await start();
    expect((await send(`${gateway.url}/invoices/%ff`, { headers: AUTHORIZATION })).status).toBe(400);
  });
});

describe('the authorizer', () => {
  it('is not called without the identity source', async () => {
    const gateway = await start();
    for (const headers of [[], ['Authorization', '']]) {
      const answer = await send(`${gateway.url}/invoices/7`, { headers });
      expect([answer.status, JSON.parse(answer.body)]).toEqual([401, { message: 'Unauthorized' }]);
    }
    expect(gateway.authorizerCalls).toBe(0);
  });

  it('is not called on an operation without security', async () => {
    const gateway = await start();
    expect((await send(`${gateway.url}/open`)).status).toBe(200);
    expect(gateway.authorizerCalls).toBe(0);
  });

  it('gets the REQUEST event and a Lambda context', async () => {
    const calls: [Json, Json][] = [];
    const gateway = await start(async (event, context) => {
      calls.push([event, context]);
      return allowAll({ txnToken: 't' })();
    });
    const headers = ['AUTHORIZATION', 'Bearer user-token', 'X-Two', 'a', 'X-Two', 'b', 'User-Agent', 'curl/8'];
    const answer = await send(`${gateway.url}/invoices/a%20b?q=1&q=2`, { headers });
    const [event, context] = calls[0] ?? [];
    expect(event).toMatchObject({
      type: 'REQUEST',
      methodArn: 'arn:aws:execute-api:eu-west-1:123456789012:localapi01/prod/GET/invoices/a%20b',
      resource: '/invoices/{id}',
      path: '/invoices/a%20b',
      httpMethod: 'GET',
      headers: { AUTHORIZATION: 'Bearer user-token', 'X-Two': 'b' },
      multiValueHeaders: { 'X-Two': ['a', 'b'] },
      queryStringParameters: { q: '2' },
      multiValueQueryStringParameters: { q: ['1', '2'] },
      pathParameters: { id: 'a b' },
      stageVariables: { origin: origin.authority },
      requestContext: {
        resourcePath: '/invoices/{id}',
        httpMethod: 'GET',
        path: '/prod/invoices/a%20b',
        accountId: '123456789012',
        protocol: 'HTTP/1.1',
        stage: 'prod',
        requestTimeEpoch: NOW,
        requestTime: '06/Nov/2026:21:20:00 +0000',
        identity: { sourceIp: '127.0.0.1', userAgent: 'curl/8', accessKey: null },
        apiId: 'localapi01',
        requestId: answer.headers['x-amzn-requestid'],
        extendedRequestId: answer.headers['x-amz-apigw-id'],
      },
    });
    expect(context.functionName).toBe('baton');
    expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
  });

  const decisions: [string, unknown, number, string][] = [
    ['an explicit deny', [{ Effect: 'Deny', Action: '*', Resource: '*' }], 403, 'ACCESS_DENIED_EXPLICIT'],
    ['nothing that allows', [{ Effect: 'Allow', Action: '*', Resource: 'arn:x' }], 403, 'ACCESS_DENIED'],
    ['no statement', [], 403, 'ACCESS_DENIED'],
    [
      'a Condition',
      [{ Effect: 'Allow', Action: '*', Resource: '*', Condition: {} }],
      500,
      'AUTHORIZER_CONFIGURATION_ERROR',
    ],
  ];
  it.each(decisions)('%s', async (_name, statements, status, type) => {
    const gateway = await start(policyOf(statements));
    const answer = await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(answer.status).toBe(status);
    if (status === 403) {
      expect((JSON.parse(answer.body) as { Message: string }).Message).toContain('User is not authorized');
    }
    expect(gateway.lines()[0]).toMatchObject({ errorResponseType: type, status: String(status) });
    expect(origin.seen).toHaveLength(0);
  });

  const failures: [string, () => Promise<unknown>, number, string][] = [
    ['throws Unauthorized', () => Promise.reject(new Error('Unauthorized')), 401, 'UNAUTHORIZED'],
    ['throws unauthorized', () => Promise.reject(new Error('unauthorized')), 500, 'AUTHORIZER_FAILURE'],
    ['throws anything else', () => Promise.reject(new Error('boom')), 500, 'AUTHORIZER_FAILURE'],
    ['answers nothing', async () => undefined, 500, 'AUTHORIZER_CONFIGURATION_ERROR'],
    [
      'answers no principalId',
      async () => ({ policyDocument: { Statement: [] } }),
      500,
      'AUTHORIZER_CONFIGURATION_ERROR',
    ],
    ['answers as an HTTP API’s', async () => ({ isAuthorized: true }), 500, 'AUTHORIZER_CONFIGURATION_ERROR'],
    ['answers an object in context', allowAll({ user: { id: 1 } }), 500, 'AUTHORIZER_CONFIGURATION_ERROR'],
    ['answers a list in context', allowAll({ roles: ['a'] }), 500, 'AUTHORIZER_CONFIGURATION_ERROR'],
  ];
  it.each(failures)('%s', async (_name, authorizer, status, type) => {
    const gateway = await start(authorizer);
    const answer = await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toEqual({ message: status === 401 ? 'Unauthorized' : null });
    expect(gateway.lines()[0]?.['errorResponseType']).toBe(type);
    // Nothing of a failure is kept.
    await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(gateway.authorizerCalls).toBe(2);
  });

  it('is asked anew when the TTL of 300 s, the default, is over', async () => {
    const gateway = await start();
    const ask = (): Promise<unknown> => send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    await ask();
    now += 299_999;
    await ask();
    expect(gateway.authorizerCalls).toBe(1);
    now += 1;
    await ask();
    expect(gateway.authorizerCalls).toBe(2);
  });

  it('is asked every time with a TTL of 0, and for every other identity', async () => {
    const always = await start(undefined, { authorizerResultTtlSeconds: 0 });
    for (let i = 0; i < 3; i++) await send(`${always.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(always.authorizerCalls).toBe(3);
    const kept = await start();
    for (const token of ['a', 'b', 'a']) {
      await send(`${kept.url}/invoices/7`, { headers: ['Authorization', token] });
    }
    expect(kept.authorizerCalls).toBe(2);
  });

  it('has its policy kept whole: one that names only the first method denies the next, with the same context', async () => {
    let call = 0;
    const gateway = await start(async (event) => ({
      principalId: 'p',
      policyDocument: { Statement: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: event.methodArn }] },
      context: { txnToken: `token-${++call}` },
    }));
    const get = (path: string): Promise<{ status: number }> =>
      send(`${gateway.url}${path}`, { headers: AUTHORIZATION });
    expect((await get('/invoices/7')).status).toBe(200);
    expect((await get('/invoices/8')).status).toBe(403);
    expect((await get('/invoices/7')).status).toBe(200);
    expect(gateway.authorizerCalls).toBe(1);
    expect(origin.seen.flatMap(({ rawHeaders }) => exactValues(rawHeaders, 'Txn-Token'))).toEqual([
      'token-1',
      'token-1',
    ]);
  });

  it('keeps a deny too', async () => {
    const gateway = await start(policyOf([{ Effect: 'Deny', Action: '*', Resource: '*' }]));
    for (let i = 0; i < 2; i++) await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(gateway.authorizerCalls).toBe(1);
  });
});

describe('parameter mapping', () => {
  it('puts context, literals and parameters into the backend’s request, in place of every copy of the client', async () => {
    const gateway = await start(allowAll({ txnToken: 'signed', admin: true }));
    const headers = ['txn-token', 'forged', 'TXN-TOKEN', 'forged too', 'x-correlation-id', 'mine', 'X-Source', 's'];
    await send(`${gateway.url}/invoices/a%2Fb?stage=client&k=v`, { headers: [...AUTHORIZATION, ...headers] });
    const { rawHeaders = [], url } = origin.seen[0] ?? {};
    expect(valuesOf(rawHeaders, 'txn-token')).toEqual(['signed']);
    expect(exactValues(rawHeaders, 'Txn-Token')).toEqual(['signed']);
    expect(valuesOf(rawHeaders, 'x-static')).toEqual(['fixed']);
    expect(valuesOf(rawHeaders, 'x-copied')).toEqual(['s']);
    expect(valuesOf(rawHeaders, 'x-correlation-id')).toEqual([gateway.lines()[0]?.['extendedRequestId']]);
    expect(url).toBe('/app/invoices/a/b?stage=prod&k=v');
  });

  it.each([
    ['missing', {}],
    ['empty', { txnToken: '' }],
    ['null', { txnToken: null }],
  ])('is skipped where the context value is %s: the client’s copy passes', async (_name, context) => {
    const gateway = await start(allowAll(context));
    await send(`${gateway.url}/invoices/7`, { headers: [...AUTHORIZATION, 'Txn-Token', 'forged'] });
    expect(valuesOf(origin.seen[0]?.rawHeaders ?? [], 'txn-token')).toEqual(['forged']);
  });

  it('writes numbers and booleans as text', async () => {
    const gateway = await start(allowAll({ txnToken: 7 }));
    await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(exactValues(origin.seen[0]?.rawHeaders ?? [], 'Txn-Token')).toEqual(['7']);
  });

  it('fails the request where the value cannot be a header', async () => {
    const gateway = await start(allowAll({ txnToken: 'a\r\nX-Evil: 1' }));
    expect((await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION })).status).toBe(504);
    expect(gateway.lines()[0]?.['integrationError']).toBe('ERR_INVALID_CHAR');
    expect(origin.seen).toHaveLength(0);
  });
});

describe('request headers', () => {
  it('reach the backend in the client’s spelling and order, less those that end at the gateway', async () => {
    const gateway = await start();
    const dropped = ['Connection', 'X-Hop', 'X-Hop', '1', 'TE', 'trailers', 'Via', '1.1 x', 'Proxy-Authorization', 'p'];
    const kept = ['x-LOWER-Upper', '1', 'Accept', '*/*', 'x-lower-upper', '2', 'Authorization', 'Bearer t'];
    await send(`${gateway.url}/open`, { headers: [...dropped, ...kept] });
    const { rawHeaders = [] } = origin.seen[0] ?? {};
    expect(rawHeaders.slice(0, 10)).toEqual(['Host', origin.authority, ...kept]);
    for (const name of ['te', 'via', 'x-hop', 'proxy-authorization']) expect(valuesOf(rawHeaders, name)).toEqual([]);
  });

  it('lose an Authorization that is a signature for AWS', async () => {
    const gateway = await start();
    await send(`${gateway.url}/open`, { headers: ['Authorization', 'AWS4-HMAC-SHA256 Credential=x'] });
    expect(valuesOf(origin.seen[0]?.rawHeaders ?? [], 'authorization')).toEqual([]);
  });

  it('say where the request came from, the client’s own claim first', async () => {
    const gateway = await start();
    await send(`${gateway.url}/open`, { headers: ['X-Forwarded-For', '10.0.0.1', 'x-forwarded-proto', 'gopher'] });
    const { rawHeaders = [] } = origin.seen[0] ?? {};
    expect(valuesOf(rawHeaders, 'x-forwarded-for')).toEqual(['10.0.0.1, 127.0.0.1']);
    expect(valuesOf(rawHeaders, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(rawHeaders, 'x-forwarded-port')).toEqual(['443']);
    expect(valuesOf(rawHeaders, 'x-amzn-apigateway-api-id')).toEqual(['localapi01']);
  });

  it('get a trace root that dates from now, without a parent', async () => {
    const gateway = await start();
    await send(`${gateway.url}/open`);
    const [trace = ''] = valuesOf(origin.seen[0]?.rawHeaders ?? [], 'x-amzn-trace-id');
    expect(trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(Number.parseInt(trace.slice(7, 15), 16)).toBe(NOW / 1000);
    expect(gateway.lines()[0]?.['xrayTraceId']).toBe(trace.slice('Root='.length));
  });

  it('keep the client’s trace if it names a root, and get a new one if it does not', async () => {
    const gateway = await start();
    const given = 'Root=1-67890abc-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1';
    await send(`${gateway.url}/open`, { headers: ['x-amzn-trace-id', given] });
    await send(`${gateway.url}/open`, { headers: ['x-amzn-trace-id', 'Root=nonsense'] });
    const traces = origin.seen.map(({ rawHeaders }) => valuesOf(rawHeaders, 'x-amzn-trace-id'));
    expect(traces[0]).toEqual([given]);
    expect(traces[1]).toEqual([expect.stringMatching(/^Root=1-/)]);
  });
});

describe('identifiers', () => {
  it('let the client choose the request ID, but not the extended one', async () => {
    const gateway = await start();
    const headers = ['x-amzn-RequestId', 'chosen', 'x-amz-apigw-id', 'chosen', 'x-amzn-extended-request-id', 'chosen'];
    const answer = await send(`${gateway.url}/invoices/7`, { headers: [...AUTHORIZATION, ...headers] });
    expect(answer.headers['x-amzn-requestid']).toBe('chosen');
    expect(answer.headers['x-amz-apigw-id']).toMatch(/^[A-Za-z0-9_-]{15}=$/);
    const { rawHeaders = [] } = origin.seen[0] ?? {};
    expect(valuesOf(rawHeaders, 'x-request')).toEqual(['chosen']);
    expect(valuesOf(rawHeaders, 'x-correlation-id')).toEqual([answer.headers['x-amz-apigw-id']]);
  });
});

describe('response headers', () => {
  it('come back under other names where REST renames them', async () => {
    const gateway = await start();
    const answer = await send(`${gateway.url}/any/status`);
    expect(answer.status).toBe(401);
    expect(answer.headers).toMatchObject({
      'x-own': 'kept',
      'x-amzn-remapped-www-authenticate': 'Bearer',
      'x-amzn-remapped-x-amzn-requestid': 'backend',
      'x-amzn-remapped-date': expect.any(String),
      'x-amzn-remapped-connection': 'keep-alive',
      'x-amzn-remapped-content-length': '4',
      'content-length': '4',
    });
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(valuesOf(answer.rawHeaders, 'x-amzn-requestid')).toHaveLength(1);
    expect(answer.headers['x-amzn-requestid']).not.toBe('backend');
    expect(answer.body).toBe('GET ');
  });
});

describe('limits', () => {
  it('answers 431 above 10,240 bytes of header values, and not at them', async () => {
    const gateway = await start();
    const fixed = `127.0.0.1:${gateway.port}`.length + 'close'.length;
    const at = await send(`${gateway.url}/open`, {
      headers: ['Connection', 'close', 'X-Big', 'x'.repeat(10_240 - fixed)],
    });
    expect(at.status).toBe(200);
    const above = await send(`${gateway.url}/open`, {
      headers: ['Connection', 'close', 'X-Big', 'x'.repeat(10_241 - fixed)],
    });
    expect(above.status).toBe(431);
  });

  it('answers 413 to an announced payload above 10 MB', async () => {
    const gateway = await start();
    const body = Buffer.alloc(10 * 1024 * 1024);
    const length = ['Content-Length', String(body.length)];
    expect((await send(`${gateway.url}/any/x`, { method: 'POST', body, headers: length })).status).toBe(200);
    const more = Buffer.alloc(body.length + 1);
    // The gateway answers without reading; whether the client can still read that depends on how much it had to write.
    const answer = await send(`${gateway.url}/any/x`, {
      method: 'POST',
      headers: ['Content-Length', String(more.length), 'Expect', '100-continue'],
    }).catch((error: unknown) => error);
    expect(answer).toMatchObject({ status: 413 });
    expect(gateway.lines().at(-1)?.['status']).toBe('413');
  });

  it('answers 413 to a payload that grows above 10 MB', async () => {
    const gateway = await start();
    await send(`${gateway.url}/any/x`, {
      method: 'POST',
      headers: ['Transfer-Encoding', 'chunked'],
      body: Buffer.alloc(11 * 1024 * 1024),
    }).catch(() => undefined);
    expect(gateway.lines()[0]).toMatchObject({ status: '413', errorResponseType: 'REQUEST_TOO_LARGE' });
    expect(origin.seen).toHaveLength(0);
  });

  it('answers 414 to a method ARN above 1,600 bytes', async () => {
    const gateway = await start();
    const answer = await send(`${gateway.url}/invoices/${'x'.repeat(1_600)}`, { headers: AUTHORIZATION });
    expect(answer.status).toBe(414);
    expect(gateway.authorizerCalls).toBe(0);
  });

  it('answers 504 when the integration takes too long', async () => {
    const gateway = await start();
    const answer = await send(`${gateway.url}/slow`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([504, { message: 'Endpoint request timed out' }]);
    expect(gateway.lines()[0]?.['errorResponseType']).toBe('INTEGRATION_TIMEOUT');
  });

  it('answers 504 when the origin cannot be reached', async () => {
    const gateway = await start();
    await origin.stop();
    const answer = await send(`${gateway.url}/open`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      504,
      { message: 'Network error communicating with endpoint' },
    ]);
    expect(gateway.lines()[0]).toMatchObject({
      errorResponseType: 'INTEGRATION_FAILURE',
      integrationError: 'ECONNREFUSED',
      integrationStatus: '-',
    });
  });

  it('breaks the connection when the origin breaks off its answer', async () => {
    const broken = await startOrigin((_request, response) => {
      response.writeHead(200, { 'Content-Length': 10 });
      response.write('half', () => response.destroy());
    });
    const gateway = await start(undefined, { stageVariables: { origin: broken.authority } });
    await expect(send(`${gateway.url}/open`)).rejects.toThrow();
  });
});

describe('the access log', () => {
  it('has one line a request, all values text, and no token', async () => {
    const gateway = await start(allowAll({ txnToken: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln' }));
    const answer = await send(`${gateway.url}/invoices/7?x=1`, { headers: AUTHORIZATION });
    expect(gateway.lines()).toEqual([
      {
        requestId: answer.headers['x-amzn-requestid'],
        extendedRequestId: answer.headers['x-amz-apigw-id'],
        requestTimeEpoch: String(NOW),
        sourceIp: '127.0.0.1',
        httpMethod: 'GET',
        path: '/prod/invoices/7',
        stage: 'prod',
        status: '200',
        responseLatency: '0',
        responseLength: '4',
        integrationStatus: '200',
        integrationLatency: '0',
        integrationError: '-',
        authorizerPrincipalId: 'entra:ada',
        authorizerError: '-',
        errorResponseType: '-',
        resourcePath: '/invoices/{id}',
        authorizerLatency: '0',
        xrayTraceId: expect.stringMatching(/^1-/),
      },
    ]);
    const text = readFileSync(gateway.accessLogFile, 'utf8');
    expect(text).not.toContain('eyJ');
    expect(text).not.toContain('user-token');
  });

  it('takes tokens out of an authorizer’s error, as the log of the gateway does', async () => {
    const messages: string[] = [];
    const log = (message: string): unknown => messages.push(message);
    const logger = { error: log, warn: log, info: log, debug: log };
    const gateway = await start(() => Promise.reject(new Error('bad token eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.')), {
      logger,
    });
    await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(gateway.lines()[0]?.['authorizerError']).toBe('bad token [token]');
    expect(messages).toEqual(['Authorizer "baton" failed: bad token [token]']);
  });
});

it('stops with connections open', async () => {
  const gateway = await start();
  await fetch(`${gateway.url}/open`).then((response) => response.text());
  await gateway.stop();
  await expect(fetch(`${gateway.url}/open`)).rejects.toThrow();
});
