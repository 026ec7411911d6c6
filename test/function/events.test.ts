import { currentContext, currentUser } from '../../src/context/storage';
import { withBaton, type FunctionHandler, type FunctionOptions } from '../../src/function/with-baton';
import { payloadDigest } from '../../src/token/left-work';
import { codeOf } from '../support/errors';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { handOverToken, NOW, transactionToken, travellingClaims } from '../support/tokens';

type Json = Readonly<Record<string, unknown>>;
const name = 'render-invoice';
const WORKFLOW = 'arn:aws:states:eu-west-1:123456789012:stateMachine:approve';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const X_RAY = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';

/** What the work saw. */
const report: FunctionHandler<unknown, unknown> = (payload, _context, work) => ({
  payload,
  work,
  subject: currentUser()?.subject,
  correlationId: currentContext()?.correlationId,
  traceId: currentContext()?.traceId,
});

function wrap(
  handler: FunctionHandler<never, unknown> = report,
  options: FunctionOptions = {},
): { run: (event: unknown, context?: unknown) => Promise<never>; logger: RecordingLogger } {
  const logger = recordingLogger();
  const wrapped = withBaton(handler, { name, policy: invoicesPolicy(), clock: testClock, logger, ...options });
  return { run: wrapped as never, logger };
}

const handOver = (claims: object = {}): string => handOverToken(relayKeys.handOver, { claims: { ...claims } });
const gatewayToken = (claims: object = {}): string => transactionToken(relayKeys.edge, { claims: { ...claims } });
const envelope = (payload: unknown, claims: object = {}, more: object = {}): Json => ({
  baton: 1,
  handOver: handOver(claims),
  correlationId: 'c-4711',
  payload,
  ...more,
});

describe('a request through API Gateway', () => {
  const rest = (more: object = {}, context: object = {}): Json => ({
    httpMethod: 'GET',
    path: '/invoices/7',
    headers: { Host: 'x' },
    multiValueHeaders: { Host: ['x'] },
    body: null,
    isBase64Encoded: false,
    requestContext: { extendedRequestId: 'ext-1=', requestId: 'set-by-client', stage: 'prod', ...context },
    ...more,
  });
  const http = (more: object = {}, context: object = {}): Json => ({
    version: '2.0',
    rawPath: '/prod/invoices/7',
    headers: { host: 'x' },
    requestContext: { requestId: 'http-1=', stage: 'prod', http: { method: 'GET' }, ...context },
    ...more,
  });
  const one = (value: string): object => ({ multiValueHeaders: { 'txn-token': [value] } });

  it.each<[string, (token: string) => Json, string]>([
    ['REST, token in the authorizer’s context', (txnToken) => rest({}, { authorizer: { txnToken } }), 'ext-1='],
    ['REST, token in the header', (token) => rest(one(token)), 'ext-1='],
    ['HTTP, token in the context', (txnToken) => http({}, { authorizer: { lambda: { txnToken } } }), 'http-1='],
    ['HTTP, token in the header', (token) => http({ headers: { 'txn-token': token } }), 'http-1='],
    [
      'HTTP, the same in both',
      (txnToken) => http({ headers: { 'txn-token': txnToken } }, { authorizer: { lambda: { txnToken } } }),
      'http-1=',
    ],
  ])('%s: the handler gets the event as the caller', async (_name, eventOf, correlationId) => {
    const event = eventOf(gatewayToken());
    const { run, logger } = wrap();
    const answer = (await run(event)) as { statusCode: number; headers: Json; body: string };
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'X-Correlation-Id': correlationId } });
    expect(JSON.parse(answer.body)).toMatchObject({
      payload: event,
      work: { source: 'gateway' },
      subject: 'entra:7d3c',
      correlationId,
    });
    expect(logger.ofType('function')).toEqual([expect.objectContaining({ source: 'gateway', correlationId })]);
  });

  it('keeps a handler’s own answer, with the correlation ID on it', async () => {
    const own = { statusCode: 201, headers: { ETag: '"1"' }, body: 'made', cookies: ['a=b'] };
    const answer = await wrap(() => own).run(rest(one(gatewayToken())));
    expect(answer).toEqual({ ...own, headers: { ETag: '"1"', 'X-Correlation-Id': 'ext-1=' } });
  });

  it.each<[string, () => Json, number, string]>([
    ['without token', () => rest(), 401, 'identity_missing'],
    [
      'with another scheme than Bearer',
      () => http({ headers: { authorization: 'Basic eA==' } }),
      401,
      'identity_missing',
    ],
    ['with a token that is none', () => rest(one('x')), 401, 'token_invalid'],
    ['with a hand-over in its place', () => rest(one(handOver())), 401, 'token_invalid'],
    [
      'with the client’s own token beside the authorizer’s',
      () => rest(one(gatewayToken({ sub: 'entra:other' })), { authorizer: { txnToken: gatewayToken() } }),
      400,
      'identity_header_invalid',
    ],
    [
      'with a look-alike beside it',
      () => rest({ multiValueHeaders: { Txn_Token: ['x'] } }, { authorizer: { txnToken: gatewayToken() } }),
      400,
      'identity_header_invalid',
    ],
    [
      'with two, joined by HTTP APIs',
      () => http({ headers: { 'txn-token': `${gatewayToken()},${gatewayToken()}` } }),
      400,
      'identity_header_invalid',
    ],
    [
      'without the permission',
      () => rest(one(gatewayToken({ tctx: { ...travellingClaims.tctx, roles: [] } }))),
      403,
      'permission_denied',
    ],
  ])('%s is answered with a problem, and the handler does not run', async (_name, eventOf, status, code) => {
    const handler = jest.fn();
    const { run, logger } = wrap(handler);
    const answer = (await run(eventOf())) as { statusCode: number; headers: Json; body: string };
    expect(answer).toMatchObject({
      statusCode: status,
      headers: { 'Content-Type': 'application/problem+json; charset=utf-8', 'X-Correlation-Id': expect.any(String) },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ status, code });
    expect(answer.headers['WWW-Authenticate']).toEqual(status === 401 ? expect.stringMatching(/^Bearer /) : undefined);
    expect(handler).not.toHaveBeenCalled();
    expect(logger.ofType('audit')).toEqual([expect.objectContaining({ outcome: 'denied' })]);
  });

  it('a handler’s own failure is the gateway’s to answer', async () => {
    const { run, logger } = wrap(() => Promise.reject(new RangeError('inner')));
    await expect(run(rest(one(gatewayToken())))).rejects.toEqual(new RangeError('inner'));
    expect(logger.ofType('function')).toEqual([expect.objectContaining({ outcome: 'failed' })]);
  });

  it.each<[string, () => Json]>([
    ['envelope in the body', () => rest({ httpMethod: 'POST', body: JSON.stringify(envelope({ id: 7 })) })],
    [
      'envelope in a body of base64',
      () => http({ body: Buffer.from(JSON.stringify(envelope({ id: 7 }))).toString('base64'), isBase64Encoded: true }),
    ],
    [
      'hand-over in the Authorization header',
      () =>
        http({ headers: { authorization: `Bearer ${handOver()}`, 'x-correlation-id': 'c-4711' }, body: '{"id":7}' }),
    ],
  ])('a call of the app, %s: the handler gets the payload, the app its answer', async (_name, eventOf) => {
    const answer = (await wrap().run(eventOf())) as { statusCode: number; body: string };
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({
      payload: { id: 7 },
      subject: 'entra:7d3c',
      correlationId: 'c-4711',
    });
  });

  it.each<[string, FunctionHandler<never, unknown>, object, number, object]>([
    [
      'a refusal',
      report,
      { tctx: { ...travellingClaims.tctx, roles: [] } },
      403,
      { errorType: 'baton.permission_denied' },
    ],
    ['a stale hand-over', report, { iat: NOW - 99, exp: NOW - 60 }, 401, { errorType: 'baton.token_invalid' }],
    [
      'a failure',
      () => {
        throw new RangeError('inner');
      },
      {},
      500,
      { errorType: 'RangeError', errorMessage: 'inner' },
    ],
  ])('the app reads %s as it would from Invoke', async (_name, handler, claims, status, expected) => {
    const event = http({ body: JSON.stringify(envelope(null, claims)) });
    const answer = (await wrap(handler).run(event)) as { statusCode: number; body: string };
    expect(answer.statusCode).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject(expected);
  });

  it.each([
    [
      'a body that is no JSON',
      { body: 'x', headers: { authorization: `Bearer ${handOver()}` } },
      'baton.event_invalid',
    ],
  ])('%s is refused', async (_name, more, errorType) => {
    const answer = (await wrap().run(http(more))) as { body: string };
    expect(JSON.parse(answer.body)).toMatchObject({ errorType });
  });

  describe('by a policy that lets a token be used once, on its own route', () => {
    const edge = { ...invoicesDocument.edge, replay: 'reject' };
    const token = (): string => gatewayToken({ exp: NOW + 60 });

    it('needs a store that all environments share', async () => {
      const { run, logger } = wrap(undefined, { policy: invoicesPolicy({ edge }) });
      expect(await run(rest(one(token())))).toMatchObject({ statusCode: 500 });
      expect(logger.ofType('error')).toEqual([expect.objectContaining({ code: 'option_invalid' })]);
    });

    it('refuses the second use', async () => {
      const used = new Set<string>();
      const replayStore = {
        firstUse: (id: string) => Promise.resolve(!used.has(id) && used.add(id) === used),
      };
      const { run } = wrap(undefined, { policy: invoicesPolicy({ edge }), replayStore });
      const event = rest(one(token()));
      expect(await run(event)).toMatchObject({ statusCode: 200 });
      expect(await run(event)).toMatchObject({ statusCode: 401 });
    });
  });
});

describe('a batch of SQS', () => {
  const record = (messageId: string, body: unknown, more: object = {}): Json => ({
    messageId,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { ApproximateReceiveCount: '1', ...more },
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:work',
  });
  const fifo = (messageId: string, group: string, body: unknown): Json => ({
    ...record(messageId, body, { MessageGroupId: group }),
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:work.fifo',
  });
  const failing: FunctionHandler<{ fails?: boolean; id?: string }, unknown> = ({ fails }) => {
    if (fails === true) throw new RangeError('inner');
  };

  it('opens a context for each record', async () => {
    const seen: unknown[] = [];
    const { run, logger } = wrap(async (payload, context, work) => {
      await new Promise(setImmediate);
      seen.push(report(payload, context, work));
    });
    const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
    process.env._X_AMZN_TRACE_ID = 'Root=1-11111111-222222222222222222222222';
    const answer = await run(
      {
        Records: [
          record('m-1', envelope(1, { sub: 'entra:1' }, { correlationId: 'c-1', traceparent })),
          record('m-2', envelope(2, { sub: 'entra:2' }, { correlationId: 'c-2' }), {
            AWSTraceHeader: X_RAY,
            ApproximateReceiveCount: '3',
          }),
        ],
      },
      { awsRequestId: 'r-1' },
    );
    delete process.env._X_AMZN_TRACE_ID;
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(seen).toEqual([
      {
        payload: 1,
        work: { source: 'queue', messageId: 'm-1', deliveries: 1 },
        subject: 'entra:1',
        correlationId: 'c-1',
        traceId: TRACE,
      },
      {
        payload: 2,
        work: { source: 'queue', messageId: 'm-2', deliveries: 3 },
        subject: 'entra:2',
        correlationId: 'c-2',
        traceId: '5759e988bd862e3fe1be46a994272793',
      },
    ]);
    expect(logger.ofType('function')).toEqual([
      expect.objectContaining({ messageId: 'm-1', correlationId: 'c-1', subject: 'entra:1', requestId: 'r-1' }),
      expect.objectContaining({ messageId: 'm-2', correlationId: 'c-2', subject: 'entra:2', deliveries: 3 }),
    ]);
  });

  it('has come again what failed or was refused, and nothing else', async () => {
    const { run, logger } = wrap(failing);
    const denied = { tctx: { ...travellingClaims.tctx, roles: [] } };
    const answer = await run({
      Records: [
        record('good-1', envelope({})),
        record('fails', envelope({ fails: true })),
        record('denied', envelope({}, denied)),
        record('no-json', '{'),
        record('no-envelope', { id: 7 }),
        record('good-2', envelope({})),
      ],
    });
    const failures = ['fails', 'denied', 'no-json', 'no-envelope'].map((itemIdentifier) => ({ itemIdentifier }));
    expect(answer).toEqual({ batchItemFailures: failures });
    expect(logger.ofType('error').map(({ messageId, code }) => [messageId, code])).toEqual(
      expect.arrayContaining([
        ['denied', 'permission_denied'],
        ['no-json', 'event_invalid'],
        ['no-envelope', 'event_invalid'],
      ]),
    );
  });

  it('fails as a whole where each record failed: its messages stay, whatever the mapping is set to', async () => {
    const { run } = wrap(failing);
    const Records = [record('a', envelope({ fails: true })), record('b', '{')];
    await expect(run({ Records })).rejects.toThrow('All 2 records of the batch failed');
  });

  it('keeps the order of a FIFO group: what stands behind a failure comes again, other groups go on', async () => {
    const done: string[] = [];
    const { run } = wrap((payload: { id: string; fails?: boolean }) => {
      done.push(payload.id);
      return failing(payload, undefined, undefined as never);
    });
    const work = (id: string, fails = false): Json => envelope({ id, fails });
    const answer = await run({
      Records: [
        fifo('a1', 'a', work('a1')),
        fifo('b1', 'b', work('b1')),
        fifo('a2', 'a', work('a2', true)),
        fifo('a3', 'a', work('a3')),
        fifo('b2', 'b', work('b2')),
      ],
    });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'a2' }, { itemIdentifier: 'a3' }] });
    expect([...done].sort()).toEqual(['a1', 'a2', 'b1', 'b2']);
    expect(done.filter((id) => id.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  it.each([
    [{}, 10],
    [{ batchConcurrency: 3 }, 3],
    [{ batchConcurrency: 1000 }, 25],
  ])('with %j does %i records at a time', async (options, expected) => {
    let running = 0;
    let most = 0;
    const { run } = wrap(async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
    }, options);
    await run({ Records: Array.from({ length: 25 }, (_, i) => record(`m-${i}`, envelope(i))) });
    expect(most).toBe(expected);
  });

  describe('with work that was left behind', () => {
    const payload = { id: 7 };
    const work = { id: 'w-1', key: 'k-1', sha256: payloadDigest(JSON.stringify(payload)), left_at: NOW - 7200 };
    const left = { iat: NOW - 7200, exp: NOW + 3600, rctx: { ...travellingClaims.rctx, idp_exp: NOW - 60 }, work };
    const other = { ...work, sha256: payloadDigest('{"id":8}') };

    it('does it when its caller has gone home, and hands on the key that it may come again under', async () => {
      const handler = jest.fn(report);
      const { run } = wrap(handler as never);
      await run({ Records: [record('m', envelope(payload, left, { idempotencyKey: 'k-1' }))] });
      expect(handler.mock.calls[0]?.[2]).toMatchObject({ source: 'queue', idempotencyKey: 'k-1' });
    });

    it.each([
      ['another payload', envelope({ id: 8 }, left)],
      ['a payload of another piece of work', envelope(payload, { ...left, work: other })],
      ['another key', envelope(payload, left, { idempotencyKey: 'k-2' })],
    ])('refuses its hand-over for %s', async (_name, body) => {
      const { run, logger } = wrap();
      await expect(run({ Records: [record('m', body)] })).rejects.toThrow();
      expect(logger.ofType('audit')).toEqual([expect.objectContaining({ outcome: 'denied', reason: 'binding' })]);
    });
  });
});

describe('a task of a state machine', () => {
  const steps = { Render: { function: name, permission: 'invoice:read' } };
  const workflows = { approve: { target: WORKFLOW, permission: 'invoice:approve', steps } };
  const policy = invoicesPolicy({ workflows });
  const work = { id: 'run-1', key: 'run-1', sha256: payloadDigest('{"invoice":7}'), left_at: NOW - 10 };
  const task = (claims: object = {}, more: object = {}): Json => ({
    caller: { handOver: handOver({ aud: WORKFLOW, exp: NOW + 3600, work, ...claims }), correlationId: 'c-9' },
    execution: 'run-1',
    state: 'Render',
    payload: { invoice: 7 },
    ...more,
  });

  it('is done as who started the execution', async () => {
    expect(await wrap(undefined, { policy }).run(task())).toMatchObject({
      payload: { invoice: 7 },
      work: { source: 'workflow' },
      subject: 'entra:7d3c',
      correlationId: 'c-9',
    });
  });

  it.each<[string, Json, string, FunctionOptions?]>([
    ['of a workflow that gives the function no state', task(), 'token_invalid', {}],
    ['with a hand-over for the function', task({ aud: invoicesDocument.functions[name].target }), 'token_invalid'],
    ['of another execution', task({}, { execution: 'run-2' }), 'token_invalid'],
    ['of another state', task({}, { state: 'Archive' }), 'token_invalid'],
    ['without execution', task({}, { execution: undefined }), 'event_invalid'],
    ['whose hand-over names no execution', task({ work: undefined, exp: NOW + 30 }), 'token_invalid'],
    ['without hand-over', task({}, { caller: { correlationId: 'c-9' } }), 'event_invalid'],
    ['whose caller is null', task({}, { caller: null }), 'event_invalid'],
    ['of a caller without role', task({ tctx: { ...travellingClaims.tctx, roles: [] } }), 'permission_denied'],
  ])('%s is refused', async (_name, event, code, options = { policy }) => {
    await expect(wrap(undefined, options).run(event)).rejects.toMatchObject({ name: `baton.${code}` });
  });

  it('a workflow’s hand-over is none for a call', async () => {
    const call = envelope(null, { aud: WORKFLOW });
    await expect(wrap(undefined, { policy }).run(call)).rejects.toMatchObject({ name: 'baton.token_invalid' });
  });
});

describe('withBaton()', () => {
  it.each([
    ['no concurrency', { batchConcurrency: 0 }],
    ['metrics in a namespace of AWS’s own', { metrics: { namespace: 'AWS/Lambda' } }],
    ['metrics that are written to nothing', { metrics: { write: 'stdout' } }],
  ])('does not wrap with %s', async (_name, options) => {
    expect(await codeOf(() => wrap(undefined, options as never))).toBe('option_invalid');
  });
});

describe('metrics', () => {
  const lines: Record<string, unknown>[] = [];
  const metrics = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  beforeEach(() => lines.splice(0));

  it('are one line an invocation, the first with its cold start', async () => {
    let fails = false;
    const { run, logger } = wrap(() => (fails ? Promise.reject(new RangeError()) : 'done'), { metrics });
    await run(envelope(1));
    await run(envelope(1, { exp: NOW - 60, iat: NOW - 99 })).catch(() => undefined);
    fails = true;
    await run(envelope(1)).catch(() => undefined);
    expect(
      lines.map(({ coldStarts, denied, failed, functionRuns }) => [coldStarts, denied, failed, functionRuns]),
    ).toEqual([
      [1, 0, 0, 1],
      [0, 1, 0, 1],
      [0, 0, 1, 1],
    ]);
    expect(lines[0]).toEqual({
      _aws: {
        Timestamp: NOW * 1000,
        CloudWatchMetrics: [
          {
            Namespace: 'Baton',
            Dimensions: [['application', 'function']],
            Metrics: [
              { Name: 'functionRuns', Unit: 'Count' },
              { Name: 'functionRunMs', Unit: 'Milliseconds' },
              { Name: 'coldStarts', Unit: 'Count' },
              { Name: 'denied', Unit: 'Count' },
              { Name: 'failed', Unit: 'Count' },
            ],
          },
        ],
      },
      application: 'invoices',
      function: name,
      functionRuns: 1,
      functionRunMs: [expect.any(Number)],
      coldStarts: 1,
      denied: 0,
      failed: 0,
    });
    expect(logger.ofType('function').map(({ coldStart }) => coldStart)).toEqual([true, undefined]);
  });

  it('of a batch stay within the format’s 100 values a line', async () => {
    const { run } = wrap(undefined, { metrics: { ...metrics, namespace: 'Invoices' } });
    const body = JSON.stringify(envelope(1));
    const Records = Array.from({ length: 130 }, (_, i) => ({ messageId: `${i}`, body, eventSource: 'aws:sqs' }));
    await run({ Records });
    expect(lines.map(({ functionRuns, coldStarts }) => [functionRuns, coldStarts])).toEqual([
      [100, 1],
      [30, 0],
    ]);
    expect(lines[0]?._aws).toMatchObject({ CloudWatchMetrics: [{ Namespace: 'Invoices' }] });
  });

  it.each([
    ['on, where Lambda runs the function', undefined, 'render-invoice', 1],
    ['off elsewhere', undefined, undefined, 0],
    ['off where the app says so', false, 'render-invoice', 0],
    ['on where the app says so', true, undefined, 1],
  ])('are %s', async (_name, setting, lambda, expected) => {
    if (lambda !== undefined) process.env.AWS_LAMBDA_FUNCTION_NAME = lambda;
    const print = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await wrap(undefined, setting === undefined ? {} : { metrics: setting }).run(envelope(1));
      expect(print.mock.calls.filter(([line]) => String(line).includes('"_aws"'))).toHaveLength(expected);
    } finally {
      print.mockRestore();
      delete process.env.AWS_LAMBDA_FUNCTION_NAME;
    }
  });
});
