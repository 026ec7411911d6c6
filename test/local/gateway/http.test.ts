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
const TTL = { authorizerResultTtlInSeconds: 300 };

const operations = {
  'GET /open': { uri: 'https://${stageVariables.origin}/open' },
  'GET /invoices/{id}': {
    secured: true,
    uri: 'https://${stageVariables.origin}',
    parameters: {
      'overwrite:path': '$request.path',
      'overwrite:header.Txn-Token': '$context.authorizer.txnToken',
      'overwrite:header.X-Correlation-Id': '$context.requestId',
      'append:header.X-Chain': 'gateway',
      'remove:header.X-Secret': "''",
      'overwrite:querystring.route': 'r-${request.path.id}-${context.stage}',
      'append:querystring.k': 'added',
      'remove:querystring.drop': "''",
    },
  },
  'ANY /any/{proxy+}': { uri: 'https://${stageVariables.origin}/below/{proxy}' },
  'GET /slow': { uri: 'https://${stageVariables.origin}/slow', timeoutInMillis: 100 },
};

const yes =
  (context?: object): (() => Promise<unknown>) =>
  async () => ({ isAuthorized: true, ...(context && { context }) });

let origin: Origin;
let now: number;

beforeEach(async () => {
  now = NOW;
  origin = await startOrigin((request, response) => {
    if (request.url === '/slow') return;
    response.writeHead(request.url === '/below/401' ? 401 : 200, { 'WWW-Authenticate': 'Bearer' });
    response.end('ok');
  });
});
afterEach(cleanUp);

function start(
  authorizer: (event: Json) => Promise<unknown> = yes({ txnToken: 'signed' }),
  options: Partial<GatewayOptions> = {},
  authorizerDefinition: Record<string, unknown> = TTL,
): Promise<TestGateway> {
  return gatewayFor({
    kind: 'http',
    definition: definitionOf('http', operations, authorizerDefinition),
    authorizers: { baton: authorizer },
    stageVariables: { origin: origin.authority },
    clock: () => now,
    ...options,
  });
}

describe('routes', () => {
  it('have no stage in the path by default; what is not there is 404', async () => {
    const gateway = await start();
    expect(gateway.url).toBe(`http://127.0.0.1:${gateway.port}`);
    const answer = await send(`${gateway.url}/nowhere`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([404, { message: 'Not Found' }]);
    expect((await send(`${gateway.url}/open`, { method: 'POST' })).status).toBe(404);
  });

  it('have a named stage in front, which $request.path leaves out', async () => {
    const events: Json[] = [];
    const gateway = await start(
      async (event) => {
        events.push(event);
        return { isAuthorized: true };
      },
      { stage: 'test' },
    );
    expect((await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION })).status).toBe(200);
    expect(origin.seen[0]?.url).toMatch(/^\/invoices\/7\?/);
    expect(events[0]).toMatchObject({ rawPath: '/test/invoices/7', requestContext: { stage: 'test' } });
    expect((await send(`http://127.0.0.1:${gateway.port}/open`)).status).toBe(404);
  });

  it('fill {proxy} from the path by themselves', async () => {
    const gateway = await start();
    await send(`${gateway.url}/any/a/b%20c?x=%2F`, { method: 'DELETE' });
    expect(origin.seen.map(({ method, url }) => [method, url])).toEqual([['DELETE', '/below/a/b%20c?x=%2F']]);
  });
});

describe('the authorizer', () => {
  it('gets the event of payload format 2.0', async () => {
    const events: Json[] = [];
    const gateway = await start(async (event) => {
      events.push(event);
      return { isAuthorized: true };
    });
    const headers = ['X-Two', 'a', 'x-two', 'b', 'Cookie', 'one=1; two=2', 'User-Agent', 'curl/8'];
    const answer = await send(`${gateway.url}/invoices/a%20b?q=1&q=2`, { headers: [...AUTHORIZATION, ...headers] });
    expect(events[0]).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:eu-west-1:123456789012:localapi01/$default/GET/invoices/a%20b',
      identitySource: ['Bearer user-token'],
      routeKey: 'GET /invoices/{id}',
      rawPath: '/invoices/a%20b',
      rawQueryString: 'q=1&q=2',
      cookies: ['one=1', 'two=2'],
      headers: { authorization: 'Bearer user-token', 'x-two': 'a,b', 'user-agent': 'curl/8' },
      queryStringParameters: { q: '1,2' },
      pathParameters: { id: 'a b' },
      stageVariables: { origin: origin.authority },
      requestContext: {
        accountId: '123456789012',
        apiId: 'localapi01',
        http: {
          method: 'GET',
          path: '/invoices/a%20b',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'curl/8',
        },
        requestId: answer.headers['apigw-requestid'],
        routeKey: 'GET /invoices/{id}',
        stage: '$default',
        time: '06/Nov/2026:21:20:00 +0000',
        timeEpoch: NOW,
      },
    });
    expect(Object.keys(events[0].headers)).not.toContain('cookie');
  });

  const cases: [string, () => Promise<unknown>, number, string][] = [
    ['no', async () => ({ isAuthorized: false }), 403, 'Forbidden'],
    ['an error', () => Promise.reject(new Error('Unauthorized')), 500, 'Internal Server Error'],
    ['a policy where a simple response is due', allowAll(), 500, 'Internal Server Error'],
    ['text for yes', async () => ({ isAuthorized: 'true' }), 500, 'Internal Server Error'],
    ['nothing', async () => null, 500, 'Internal Server Error'],
  ];
  it.each(cases)('answers %s', async (_name, authorizer, status, message) => {
    const gateway = await start(authorizer);
    const answer = await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([status, { message }]);
    expect(origin.seen).toHaveLength(0);
  });

  it('may answer with a policy where simple responses are off', async () => {
    const off = { ...TTL, enableSimpleResponses: false };
    const allowed = await start(allowAll({ txnToken: 'p' }), {}, off);
    expect((await send(`${allowed.url}/invoices/7`, { headers: AUTHORIZATION })).status).toBe(200);
    const denied = await start(policyOf([]), {}, off);
    expect((await send(`${denied.url}/invoices/7`, { headers: AUTHORIZATION })).status).toBe(403);
  });

  it('is not called without its identity source', async () => {
    const gateway = await start();
    expect((await send(`${gateway.url}/invoices/7`)).status).toBe(401);
    expect(gateway.authorizerCalls).toBe(0);
  });

  it('is asked every time where no TTL is set, and once where there is one', async () => {
    const always = await start(undefined, {}, {});
    const kept = await start();
    for (const gateway of [always, kept]) {
      for (let i = 0; i < 2; i++) await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    }
    expect([always.authorizerCalls, kept.authorizerCalls]).toEqual([2, 1]);
  });

  it('keeps apart what its identity sources keep apart, the route among them', async () => {
    const sources = {
      ...TTL,
      identitySource: '$request.header.Authorization, $context.routeKey, $request.querystring.t',
    };
    const gateway = await start(undefined, {}, sources);
    for (const query of ['?t=1', '?t=2', '?t=1', '']) {
      await send(`${gateway.url}/invoices/7${query}`, { headers: AUTHORIZATION });
    }
    expect(gateway.authorizerCalls).toBe(2);
    expect(gateway.lines().at(-1)?.['status']).toBe('401');
  });
});

describe('parameter mapping', () => {
  it('overwrites, appends and removes', async () => {
    const gateway = await start(yes({ txnToken: 'signed' }));
    const headers = ['TXN-token', 'forged', 'Txn-Token', 'forged', 'X-Chain', 'client', 'X-SECRET', 's'];
    const answer = await send(`${gateway.url}/invoices/7?k=1&drop=1&route=mine`, {
      headers: [...AUTHORIZATION, ...headers],
    });
    const { rawHeaders = [], url = '' } = origin.seen[0] ?? {};
    expect(valuesOf(rawHeaders, 'txn-token')).toEqual(['signed']);
    expect(valuesOf(rawHeaders, 'x-correlation-id')).toEqual([answer.headers['apigw-requestid']]);
    expect(valuesOf(rawHeaders, 'x-chain')).toEqual(['client,gateway']);
    expect(valuesOf(rawHeaders, 'x-secret')).toEqual([]);
    expect(url).toBe('/invoices/7?k=1&route=r-7-%24default&k=added');
  });

  it('is skipped where the context value is missing: the client’s copy passes', async () => {
    const gateway = await start(yes());
    await send(`${gateway.url}/invoices/7`, { headers: [...AUTHORIZATION, 'Txn-Token', 'forged'] });
    expect(valuesOf(origin.seen[0]?.rawHeaders ?? [], 'txn-token')).toEqual(['forged']);
  });

  it('writes objects of the context as JSON', async () => {
    const gateway = await start(yes({ txnToken: { a: [1] } }));
    await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
    expect(valuesOf(origin.seen[0]?.rawHeaders ?? [], 'txn-token')).toEqual(['{"a":[1]}']);
  });
});

describe('headers', () => {
  it('go on in lower case, equal ones joined, with Forwarded for the X-Forwarded ones', async () => {
    const gateway = await start();
    const headers = ['X-Two', 'a', 'x-TWO', 'b', 'X-Forwarded-For', '10.0.0.1', 'Forwarded', 'for=1.2.3.4'];
    await send(`${gateway.url}/open`, { headers });
    const { rawHeaders = [] } = origin.seen[0] ?? {};
    expect(exactValues(rawHeaders, 'x-two')).toEqual(['a,b']);
    expect(valuesOf(rawHeaders, 'x-forwarded-for')).toEqual([]);
    expect(exactValues(rawHeaders, 'forwarded')).toEqual([
      `for=1.2.3.4, by=127.0.0.1;for=127.0.0.1;host=127.0.0.1:${gateway.port};proto=https`,
    ]);
    expect(valuesOf(rawHeaders, 'x-amzn-trace-id')).toEqual([
      expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
    ]);
  });

  it('come back under their own names', async () => {
    const gateway = await start();
    const answer = await send(`${gateway.url}/any/401`);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.headers['apigw-requestid']).toMatch(/^[A-Za-z0-9_-]{15}=$/);
    expect(answer.rawHeaders.join()).not.toMatch(/x-amzn-remapped/i);
  });

  it('count with the request line towards 10,240 bytes', async () => {
    const gateway = await start();
    const line = `GET /open HTTP/1.1`.length;
    const fixed = line + `127.0.0.1:${gateway.port}`.length + 'close'.length;
    const status = async (size: number): Promise<number> =>
      (await send(`${gateway.url}/open`, { headers: ['Connection', 'close', 'X-Big', 'x'.repeat(size)] })).status;
    expect(await status(10_240 - fixed)).toBe(200);
    expect(await status(10_241 - fixed)).toBe(431);
  });
});

describe('a backend that fails', () => {
  it('is 504 when it takes too long', async () => {
    const gateway = await start();
    expect((await send(`${gateway.url}/slow`)).status).toBe(504);
  });

  it('is 503 when it cannot be reached', async () => {
    const gateway = await start();
    await origin.stop();
    const answer = await send(`${gateway.url}/open`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([503, { message: 'Service Unavailable' }]);
  });
});

it('logs the route key, one ID under both names, no trace and no error of its own', async () => {
  const gateway = await start(yes({ txnToken: 't' }));
  const answer = await send(`${gateway.url}/invoices/7`, { headers: AUTHORIZATION });
  const [line] = gateway.lines();
  expect(line).toMatchObject({
    requestId: answer.headers['apigw-requestid'],
    extendedRequestId: answer.headers['apigw-requestid'],
    routeKey: 'GET /invoices/{id}',
    status: '200',
    errorResponseType: '-',
    authorizerPrincipalId: '-',
  });
  expect(line).not.toHaveProperty('xrayTraceId');
});
