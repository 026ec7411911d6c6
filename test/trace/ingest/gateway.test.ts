import { gzipSync } from 'node:zlib';
import { ACCESS_LOG_FORMAT } from '../../../src/correlation/access-log-format';
import { withLogs } from './reading';

const T = 1_772_323_200_123;
const ISO = new Date(T).toISOString();

/** A line as API Gateway writes it: every value text, `-` for what has none. */
function line(api: 'rest' | 'http', values: Readonly<Record<string, string>> = {}): string {
  const keys = Object.keys(ACCESS_LOG_FORMAT[api]);
  const defaults = { requestId: 'req', extendedRequestId: 'ext=', requestTimeEpoch: String(T), status: '200' };
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, { ...defaults, ...values }[key] ?? '-'])));
}

const ids = 'SELECT correlation_id FROM gateway ORDER BY 1';

it('a line of a REST API, with all its values', async () => {
  const values = {
    requestId: '7e1b6a1e-5d2c-4a0e-9d8f-1c2b3a4d5e6f',
    extendedRequestId: 'JKJaXmPLvHcESHA=',
    sourceIp: '203.0.113.7',
    httpMethod: 'POST',
    path: '/prod/invoices/7',
    stage: 'prod',
    status: '502',
    responseLatency: '31',
    integrationStatus: '502',
    integrationLatency: '20',
    integrationError: 'Network error',
    authorizerPrincipalId: 'entra:u',
    authorizerError: 'e',
    errorResponseType: 'INTEGRATION_FAILURE',
    resourcePath: '/invoices/{id}',
    authorizerLatency: '9',
    xrayTraceId: '1-65E1A0C0-0123456789abcdef01234567',
  };
  await withLogs({ 'rest.jsonl': `${line('rest', values)}\n` }, async ({ rows, accounts }) => {
    expect(await rows('SELECT * EXCLUDE (file_id) FROM gateway')).toEqual([
      {
        correlation_id: 'JKJaXmPLvHcESHA=',
        request_id: '7e1b6a1e-5d2c-4a0e-9d8f-1c2b3a4d5e6f',
        t_ms: T,
        api: 'rest',
        method: 'POST',
        path: '/prod/invoices/7',
        route: 'POST /invoices/{id}',
        stage: 'prod',
        status: 502,
        latency_ms: 31,
        integration_status: 502,
        integration_ms: 20,
        integration_error: 'Network error',
        authorizer_ms: 9,
        authorizer_error: 'e',
        principal: 'entra:u',
        error_type: 'INTEGRATION_FAILURE',
        source_ip: '203.0.113.7',
        trace_id: '65e1a0c00123456789abcdef01234567',
        format: Object.keys(ACCESS_LOG_FORMAT.rest).sort().join(' '),
      },
    ]);
    expect(await accounts()).toEqual({ 'rest.jsonl': ['gateway', 1, 1, 0, 0] });
  });
});

it('a line of an HTTP API: the ID is requestId, and what was not there is null', async () => {
  const text = line('http', { requestId: 'GQIVriFLIAMEMsA=', routeKey: 'GET /invoices/{id}', path: '/a?token=x' });
  await withLogs({ 'http.jsonl': text }, async ({ rows }) => {
    expect(
      await rows('SELECT correlation_id, api, route, path, integration_ms, principal, trace_id FROM gateway'),
    ).toEqual([
      {
        correlation_id: 'GQIVriFLIAMEMsA=',
        api: 'http',
        route: 'GET /invoices/{id}',
        path: '/a',
        integration_ms: null,
        principal: null,
        trace_id: null,
      },
    ]);
  });
});

it('formats of others: keys of the console, other times, values without quotes', async () => {
  const console_ =
    '{ "requestId":"a1","ip": "203.0.113.7", "requestTime":"01/Mar/2026:02:00:00 +0200","httpMethod":"GET","routeKey":"$default", "status":"200","protocol":"HTTP/1.1", "responseLength":"2" }';
  const bare =
    '{"requestId":"b1","extendedRequestId":"b2=","requestTimeEpoch":1772323200000,"httpMethod":GET,"resourcePath":"/a","status":200,"integrationLatency":-,"responseLatency":5}';
  const snake =
    '{"request_id":"c1","route_key":"GET /c","request_time_epoch":1772323200000,"integration_latency":7,"latency":8,"status":200,"source_ip":"::1"}';
  const files = { 'console.jsonl': console_, 'bare.jsonl': bare, 'snake.jsonl': snake };
  await withLogs(files, async ({ rows, rejects }) => {
    const columns = 'correlation_id, api, t_ms, method, route, status, latency_ms, integration_ms, source_ip';
    expect(await rows(`SELECT ${columns} FROM gateway ORDER BY correlation_id`)).toEqual(
      [
        ['a1', 'http', 1_772_323_200_000, 'GET', '$default', 200, null, null, '203.0.113.7'],
        ['b2=', 'rest', 1_772_323_200_000, 'GET', 'GET /a', 200, 5, null, null],
        ['c1', 'http', 1_772_323_200_000, null, 'GET /c', 200, 8, 7, '::1'],
      ].map((values) => Object.fromEntries(columns.split(', ').map((name, index) => [name, values[index]]))),
    );
    expect(await rejects()).toEqual({});
    expect(await rows(`SELECT format FROM gateway WHERE correlation_id = 'a1'`)).toEqual([
      { format: 'httpMethod ip protocol requestId requestTime responseLength routeKey status' },
    ]);
  });
});

it('a format that changes in the middle of a file', async () => {
  const text = [line('http', { requestId: 'a=' }), line('http', { requestId: 'b=' }).replace('{', '{"userAgent":"x",')];
  await withLogs({ 'a.jsonl': text.join('\n') }, async ({ rows }) => {
    const formats = (await rows('SELECT format FROM gateway ORDER BY t_ms, correlation_id')).map(
      (row) => row['format'],
    );
    expect(formats).toEqual([
      Object.keys(ACCESS_LOG_FORMAT.http).sort().join(' '),
      [...Object.keys(ACCESS_LOG_FORMAT.http), 'userAgent'].sort().join(' '),
    ]);
  });
});

const http = (requestId: string): string => line('http', { requestId, routeKey: 'GET /a' });
const envelope = (...messages: readonly string[]): string =>
  JSON.stringify({
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: '/aws/apigateway/a',
    logEvents: messages.map((message, index) => ({ id: String(index), timestamp: T, message })),
  });
const cliEvents = { events: [{ timestamp: T, message: http('p='), ingestionTime: T }, { message: 7 }], nextToken: 'x' };

it.each<[string, string | Buffer, readonly string[], readonly number[], Readonly<Record<string, number>>]>([
  ['exported by CloudWatch', gzipSync(`${ISO} ${http('p=')}\n${ISO} ${http('q=')}\n`), ['p=', 'q='], [2, 2, 0, 0], {}],
  ['of `aws logs tail --format short`', `2026-03-01T00:00:00 ${http('p=')}\n`, ['p='], [1, 1, 0, 0], {}],
  ['of `aws logs tail`', `2026-03-01T00:00:00+00:00 a1b2/c[$x] ${http('p=')}\n`, ['p='], [1, 1, 0, 0], {}],
  [
    'envelopes one after the other, as Firehose writes them',
    Buffer.concat([gzipSync(envelope(http('p='), http('q='))), gzipSync(envelope(http('r=')))]),
    ['p=', 'q=', 'r='],
    [3, 3, 0, 0],
    {},
  ],
  [
    'an envelope a line, with the one that tests the way',
    `${envelope(http('p='))}\n{"messageType":"CONTROL_MESSAGE"}\n`,
    ['p='],
    [1, 1, 0, 0],
    {},
  ],
  [
    'an envelope that is cut off',
    `${envelope(http('p='))}${envelope(http('q=')).slice(0, -5)}`,
    ['p='],
    [2, 1, 1, 0],
    { truncated: 1 },
  ],
  ['what `aws logs filter-log-events` prints', JSON.stringify(cliEvents, null, 2), ['p='], [2, 1, 1, 0], { json: 1 }],
  [
    'lines that are torn',
    `${http('p=')}\n${http('q=').slice(0, 90)}\n${http('q=').slice(50)}\n\n${http('r=').slice(0, 30)}`,
    ['p='],
    [5, 1, 3, 1],
    { json: 2, truncated: 1 },
  ],
  [
    'a quote that was not escaped',
    `${http('p=')}\n${http('q=').replace('"stage":"-"', '"stage":"a"b"')}\n`,
    ['p='],
    [2, 1, 1, 0],
    { json: 1 },
  ],
  ['no ID', `${http('p=')}\n${http('-')}\n[1]\n{"a":1}\n`, ['p='], [4, 1, 3, 0], { id: 2, json: 1 }],
  ['no time', `${http('p=')}\n${http('q=').replace(String(T), '-')}\n`, ['p='], [2, 1, 1, 0], { time: 1 }],
  [
    'bytes that are no UTF-8',
    Buffer.concat([Buffer.from(`${http('p=')}\n`), Buffer.from(http('q=').replace('GET /a', 'GET /\u00fc'), 'latin1')]),
    ['p=', 'q='],
    [2, 2, 0, 0],
    {},
  ],
])('%s', async (_, content, expected, counts, reasons) => {
  await withLogs({ 'api.log': content }, async ({ rows, accounts, rejects }) => {
    expect((await rows(ids)).map((row) => row['correlation_id'])).toEqual(expected);
    expect(await accounts()).toEqual({ 'api.log': ['gateway', ...counts] });
    expect((await rejects())['api.log'] ?? {}).toEqual(reasons);
  });
});

it('the sample of a rejected line is bounded, and no terminal obeys it', async () => {
  const torn = `{"requestId":"\u001b[2J\u009b\u2028${'x'.repeat(5000)}`;
  await withLogs({ 'a.log': `${http('p=')}\n${torn}\n` }, async ({ rows }) => {
    const [reject] = await rows('SELECT sample FROM rejects');
    const sample = String(reject!['sample']);
    expect(sample).toMatch(/^\{"requestId":"\\u001b\[2J\\u009b\\u2028x+$/);
    expect(sample.length).toBeLessThan(300);
  });
});

it('JSON that is made to break a parser costs its own line at most', async () => {
  const with_ = (value: string): string => `${http('x=').slice(0, -1)},"user":${value}}`;
  const odd = [
    'NaN',
    '1e999',
    '"\\u0000"',
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
    '{"a":'.repeat(9000) + '1' + '}'.repeat(9000),
  ];
  const wrong = ['"\\ud800"', '"\u0001"', '/**/1', "'a'x"];
  const files = {
    'odd.log': [http('p='), ...odd.map(with_)].join('\n'),
    'wrong.log': [http('p='), ...wrong.map(with_)].join('\n'),
  };
  await withLogs(files, async ({ accounts }) => {
    const [read, refused] = Object.values(await accounts());
    expect(read).toEqual(['gateway', 6, 6, 0, 0]);
    expect(refused).toEqual(['gateway', 5, 1 + 2, 2, 0]);
  });
});

it('works within little memory, on the disk', async () => {
  const text = Array.from({ length: 60_000 }, (_, index) => http(`id${index}=`)).join('\n');
  await withLogs(
    { 'a.log': text },
    async ({ rows }) => {
      expect(await rows('SELECT count(DISTINCT correlation_id) AS n FROM gateway')).toEqual([{ n: 60_000 }]);
      expect(await rows(`SELECT path <> '' AS on_disk FROM duckdb_databases() WHERE database_name = 'trace'`)).toEqual([
        { on_disk: true },
      ]);
    },
    { memory: '200MB' },
  );
});
