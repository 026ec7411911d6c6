import { readLogs, withLogs, type Reading } from './reading';

const T = Date.parse('2026-03-01T12:00:00.000Z');
const at = (seconds: number): string => new Date(T + seconds * 1000).toISOString();
const baton = (seconds: number, fields: object): string =>
  JSON.stringify({ timestamp: at(seconds), level: 'info', message: 'm', ...fields });
const who = {
  correlationId: 'id=',
  traceId: 'a'.repeat(32),
  subject: 'entra:u',
  actor: 'copilot',
  transactionId: 't1',
};
const lines = (...all: readonly string[]): string => all.map((one) => `${one}\n`).join('');

const REQUEST = '3604209a-e9a3-11e6-939a-754dd98c7be3';
const REPORT = `REPORT RequestId: ${REQUEST}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB\tInit Duration: 202.10 ms\tXRAY TraceId: 1-65e1a0c0-0123456789abcdef01234567\tSegmentId: 1\tSampled: true`;

const FILES = {
  'web1/app.jsonl': lines(
    baton(0, { ...who, type: 'request', method: 'GET', path: '/a?secret', status: 200, durationMs: 9.5, policy: 'd1' }),
    baton(1, { type: 'request', correlationId: 'x', status: 499, aborted: true, host: 'WEB9' }),
    baton(2, {
      ...who,
      type: 'audit',
      event: 'access',
      outcome: 'denied',
      reason: 'permission_missing',
      rule: '/routes/3',
      code: 'c',
    }),
    baton(3, { level: 'warn', type: 'policy_drift', policy: 'd1', gatewayPolicy: 'd2' }),
    baton(4, {
      level: 'error',
      type: 'outbox',
      workId: 'w',
      attempts: 3,
      outcome: 'dead',
      function: 'f',
      code: 'c',
      reason: 'r',
    }),
    baton(5, { note: 'a line of the app itself' }),
    '{"level":"info","message":"no time"}',
    'text that is no JSON',
    '',
    baton(6, { type: 'request', correlationId: 'y' }).slice(0, 40),
  ).trimEnd(),
  'audit.20260301T000000000Z-1-9f3ab2c1.0001.jsonl': lines(
    JSON.stringify({ seq: 0, timestamp: at(0), prev: 'A', type: 'audit_chain', hash: 'h' }),
    JSON.stringify({
      seq: 1,
      timestamp: at(0),
      prev: 'h',
      type: 'audit',
      event: 'hand_over',
      outcome: 'allowed',
      workflow: 'w',
      execution: 'e',
      hash: 'h',
    }),
    JSON.stringify({
      seq: 2,
      timestamp: at(60),
      prev: 'h',
      type: 'audit',
      event: 'workflow_transition',
      outcome: 'allowed',
      at: at(30),
      state: 's',
      eventType: 'TaskFailed',
      hash: 'h',
    }),
    JSON.stringify({ seq: 3, timestamp: at(61), prev: 'h', type: 'audit_lost', lost: 5, hash: 'h' }),
    JSON.stringify({ seq: 4, timestamp: at(62), prev: 'h', type: 'audit_end', hash: 'h' }),
    '{"seq":5,"timestamp":',
  ),
  'text.log': lines(
    'INIT_START Runtime Version: nodejs:20.v9\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:x',
    `START RequestId: ${REQUEST} Version: 7`,
    baton(1, { ...who, type: 'audit', event: 'function', outcome: 'allowed', function: 'render' }),
    baton(2, {
      ...who,
      type: 'function',
      function: 'render',
      outcome: 'succeeded',
      source: 'call',
      durationMs: 11.5,
      requestId: REQUEST,
      coldStart: true,
    }),
    '{"_aws":{"Timestamp":1},"functionCalls":1}',
    'whatever the handler prints',
    '{ a: 1,',
    '{"printed":"by the handler"}',
    '{"timestamp":"2026-03',
    `END RequestId: ${REQUEST}`,
    REPORT,
    `REPORT RequestId: 4604209a-e9a3-11e6-939a-754dd98c7be3\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: timeout`,
  ),
  'exported.log': lines(
    `${at(0)} START RequestId: ${REQUEST} Version: 7`,
    `${at(1)} ${baton(1, { type: 'function', function: 'exported', outcome: 'failed', requestId: REQUEST })}`,
    `${at(1)} ${at(1)}\t${REQUEST}\tINFO\t${baton(1, { type: 'request', correlationId: 'never' })}`,
    `${at(2)}\t${REQUEST}\tINFO\t${baton(2, { note: 1 })}`,
    `${at(3)} 5604209a-e9a3-11e6-939a-754dd98c7be3 Task timed out after 3.00 seconds`,
    `${at(4)} REPORT RequestId: 5604209a-e9a3-11e6-939a-754dd98c7be3\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB`,
  ),
  'json.log': lines(
    JSON.stringify({ time: at(0), type: 'platform.start', record: { requestId: REQUEST } }),
    JSON.stringify({
      timestamp: at(1),
      level: 'INFO',
      requestId: REQUEST,
      message: baton(1, { type: 'function', function: 'wrapped', outcome: 'succeeded' }),
    }),
    JSON.stringify({ timestamp: at(2), level: 'WARN', requestId: REQUEST, message: 'hello' }),
    JSON.stringify({
      time: at(3),
      type: 'platform.report',
      record: {
        requestId: REQUEST,
        metrics: { durationMs: 5.5, billedDurationMs: 6, memorySizeMB: 256, maxMemoryUsedMB: 80, initDurationMs: 99.5 },
        tracing: {
          spanId: 's',
          type: 'X-Amzn-Trace-Id',
          value: 'Root=1-65e1a0c0-0123456789abcdef01234567;Parent=1;Sampled=1',
        },
        status: 'error',
      },
    }),
  ),
};

let reading: Reading;
beforeAll(async () => {
  reading = await readLogs(FILES);
});
afterAll(() => reading?.close());

const fileIs = (name: string): string => `file_id = (SELECT file_id FROM files WHERE path LIKE '%${name}')`;

it('every line is a row, rejected or skipped', async () => {
  expect(await reading.accounts()).toEqual({
    'audit.20260301T000000000Z-1-9f3ab2c1.0001.jsonl': ['audit', 6, 3, 1, 2],
    'exported.log': ['function', 6, 4, 0, 2],
    'json.log': ['function', 4, 3, 0, 1],
    'text.log': ['function', 12, 4, 1, 7],
    'web1/app.jsonl': ['app', 10, 6, 3, 1],
  });
  expect(await reading.rejects()).toEqual({
    'audit.20260301T000000000Z-1-9f3ab2c1.0001.jsonl': { json: 1 },
    'text.log': { json: 1 },
    'web1/app.jsonl': { time: 1, json: 1, truncated: 1 },
  });
});

it('requests', async () => {
  expect(await reading.rows(`SELECT * EXCLUDE (file_id) FROM app WHERE ${fileIs('app.jsonl')} ORDER BY t_ms`)).toEqual([
    {
      server: 'web1',
      t_ms: T,
      correlation_id: 'id=',
      trace_id: 'a'.repeat(32),
      method: 'GET',
      path: '/a',
      status: 200,
      duration_ms: 9.5,
      aborted: null,
      subject: 'entra:u',
      actor: 'copilot',
      transaction_id: 't1',
      policy: 'd1',
    },
    expect.objectContaining({ server: 'WEB9', correlation_id: 'x', status: 499, aborted: true, duration_ms: null }),
  ]);
});

it('decisions, those of workflows at the time when it happened', async () => {
  const columns = 'event, outcome, code, reason, rule, function_name, workflow, execution, state, event_type, t_ms';
  const values = (await reading.rows(`SELECT ${columns} FROM audit ORDER BY event`)).map((row) => Object.values(row));
  expect(values).toEqual([
    ['access', 'denied', 'c', 'permission_missing', '/routes/3', null, null, null, null, null, T + 2000],
    ['function', 'allowed', null, null, null, 'render', null, null, null, null, T + 1000],
    ['hand_over', 'allowed', null, null, null, null, 'w', 'e', null, null, T],
    ['workflow_transition', 'allowed', null, null, null, null, null, null, 's', 'TaskFailed', T + 30_000],
  ]);
});

it('all other lines', async () => {
  const columns = 'level, type, code, reason, function_name, outcome, work_id, attempts, policy, other_policy, message';
  const values = (await reading.rows(`SELECT ${columns} FROM app_events ORDER BY t_ms, type, message`)).map((row) =>
    Object.values(row),
  );
  expect(values).toEqual([
    ['warn', null, null, null, null, null, null, null, null, null, 'hello'],
    ['info', null, null, null, null, null, null, null, null, null, 'm'],
    ['warn', 'policy_drift', null, null, null, null, null, null, 'd1', 'd2', 'm'],
    ['error', 'outbox', 'c', 'r', 'f', 'dead', 'w', 3, null, null, 'm'],
    ['info', null, null, null, null, null, null, null, null, null, 'm'],
    [null, 'audit_lost', null, null, null, null, null, null, null, null, null],
  ]);
});

it('functions, whatever wraps their lines', async () => {
  const columns = 'function_name, request_id, outcome, source, duration_ms, cold_start, subject';
  const values = (await reading.rows(`SELECT ${columns} FROM functions ORDER BY 1`)).map((row) => Object.values(row));
  expect(values).toEqual([
    ['exported', REQUEST, 'failed', null, null, null, null],
    ['render', REQUEST, 'succeeded', 'call', 11.5, true, 'entra:u'],
    ['wrapped', null, 'succeeded', null, null, null, null],
  ]);
});

it('reports of Lambda, as text and as JSON', async () => {
  const columns =
    'request_id[1] AS id, t_ms, duration_ms, billed_ms, init_ms, memory_mb, max_memory_mb, status, trace_id';
  const values = (await reading.rows(`SELECT ${columns} FROM lambda_reports ORDER BY 1, t_ms NULLS FIRST`)).map((row) =>
    Object.values(row),
  );
  const trace = '65e1a0c00123456789abcdef01234567';
  expect(values).toEqual([
    ['3', null, 12.34, 13, 202.1, 512, 90, null, trace],
    ['3', T + 3000, 5.5, 6, 99.5, 256, 80, 'error', trace],
    ['4', null, 3000, 3000, null, 128, 128, 'timeout', null],
    ['5', T + 4000, 3000, 3000, null, 128, 128, 'timeout', null],
  ]);
});

const CALLER = { caller: { subject: 'entra:u', correlationId: 'id=', handOver: 'secret' }, invoice: 7 };
const ARN = 'arn:aws:states:eu-west-1:123456789012:execution:approve:approve.1';

it('histories of Step Functions, as the AWS CLI prints them and as CloudWatch logs them', async () => {
  const history = {
    events: [
      {
        timestamp: '2026-03-01T12:00:00.000000+00:00',
        type: 'ExecutionStarted',
        id: 1,
        previousEventId: 0,
        executionStartedEventDetails: { input: JSON.stringify(CALLER), inputDetails: { truncated: false } },
      },
      {
        timestamp: T / 1000 + 1.5,
        type: 'TaskStateEntered',
        id: 2,
        previousEventId: 0,
        stateEnteredEventDetails: { name: 'Render', input: '{}' },
      },
      {
        timestamp: T / 1000 + 2,
        type: 'TaskFailed',
        id: 3,
        previousEventId: 2,
        taskFailedEventDetails: { error: 'Boom', cause: 'c' },
      },
      { type: 'TaskFailed', id: 4 },
    ],
  };
  const record = (id: number, type: string, details: object, arn = ARN): string =>
    JSON.stringify({
      id: String(id),
      type,
      details,
      previous_event_id: '0',
      event_timestamp: String(T + id),
      execution_arn: arn,
    });
  const express = ARN.replace(':execution:', ':express:') + ':4a5b';
  const files = {
    'approve.7.json': JSON.stringify(history, null, 4),
    'cloudwatch.log': lines(
      record(1, 'ExecutionStarted', { input: JSON.stringify(CALLER) }),
      record(2, 'ExecutionSucceeded', { output: '{}' }, express),
      record(3, 'X', {}).replace('execution_arn', 'other'),
      '{"id":"4"',
    ),
  };
  await withLogs(files, async ({ rows, accounts, rejects }) => {
    expect(await accounts()).toEqual({
      'approve.7.json': ['workflow', 4, 3, 1, 0],
      'cloudwatch.log': ['workflow', 4, 2, 2, 0],
    });
    expect(await rejects()).toEqual({ 'approve.7.json': { time: 1 }, 'cloudwatch.log': { id: 1, json: 1 } });
    const columns = 'execution, event_id, previous_event_id, event_type, t_ms, state, error, correlation_id, subject';
    const values = (await rows(`SELECT ${columns} FROM workflow_events ORDER BY 1, 2`)).map((row) =>
      Object.values(row),
    );
    expect(values).toEqual([
      ['approve.1', 1, 0, 'ExecutionStarted', T + 1, null, null, 'id=', 'entra:u'],
      ['approve.1', 2, 0, 'ExecutionSucceeded', T + 2, null, null, null, null],
      ['approve.7', 1, 0, 'ExecutionStarted', T, null, null, 'id=', 'entra:u'],
      ['approve.7', 2, 0, 'TaskStateEntered', T + 1500, 'Render', null, null, null],
      ['approve.7', 3, 2, 'TaskFailed', T + 2000, null, 'Boom', null, null],
    ]);
  });
});
