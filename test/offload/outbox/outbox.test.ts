import { rmSync } from 'node:fs';
import path from 'node:path';
import { BatonError } from '../../../src/core/errors';
import type { Identity } from '../../../src/core/identity';
import { currentContext } from '../../../src/context/storage';
import { runDrainHooks } from '../../../src/core/process-hooks';
import { withBaton } from '../../../src/function/with-baton';
import { jwkSigner } from '../../../src/jws/sign';
import { createOffload, type Offload, type OffloadOptions } from '../../../src/offload/offload';
import { openDatabase, type OutboxDatabase } from '../../../src/offload/outbox/database';
import { countWork, listWork, retryDead } from '../../../src/offload/outbox/keeping';
import type { EnqueuedWork, EnqueueOptions } from '../../../src/offload/outbox/enqueue';
import type { DeliverOptions } from '../../../src/offload/outbox/outbox';
import { OutboxWriter } from '../../../src/offload/outbox/writer';
import { livePolicy } from '../../../src/policy/process-policy';
import { asCaller, type CallerOptions } from '../../support/as-caller';
import { codeOf, thrownBy } from '../../support/errors';
import { temporaryFolder } from '../../support/example';
import { verifiedParts } from '../../support/independent-verifier';
import { invoicesDocument, invoicesPolicy, relayKeys } from '../../support/invoices';
import { refuses, startLambdaStub, type LambdaAnswer, type LambdaStub } from '../../support/lambda-stub';
import { leakOf, recordingLogger, type RecordingLogger } from '../../support/recording-logger';
import { APP_ISSUER, FUNCTION_ARN, handOverToken, NOW, transactionToken, travellingClaims } from '../../support/tokens';
import { waitFor } from '../../support/wait';

const signer = jwkSigner(relayKeys.handOver.privateJwk);
const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/render';
const accepts: LambdaAnswer = (response) => response.writeHead(202).end();

let lambda: LambdaStub;
let folder: string;
let file: string;
let now: number;
let logger: RecordingLogger;
let reader: OutboxDatabase | undefined;

beforeEach(async () => {
  lambda = await startLambdaStub();
  lambda.answer = accepts;
  folder = temporaryFolder();
  file = path.join(folder, 'outbox.db');
  now = NOW * 1000;
  logger = recordingLogger();
});
afterEach(async () => {
  await runDrainHooks((error) => {
    throw error;
  });
  reader?.close();
  reader = undefined;
  await lambda.close();
  rmSync(folder, { recursive: true });
});

const create = (options: OffloadOptions = {}): Offload =>
  createOffload({
    policy: invoicesPolicy(),
    signer,
    clock: () => now,
    clientConfig: lambda.clientConfig,
    outbox: { path: file },
    ...options,
  });

interface Left extends EnqueueOptions, Pick<CallerOptions, 'claims' | 'context'> {
  readonly name?: string;
  readonly payload?: unknown;
}

function leave(
  offload: Offload,
  { name = 'render-invoice', claims, context, ...rest }: Left = {},
): Promise<EnqueuedWork> {
  const { payload = { id: 7 }, ...options } = rest;
  const caller = { ...(claims !== undefined && { claims }), ...(context && { context }), logger };
  return asCaller(caller, () => offload.enqueue(name, payload, options));
}

/** What is in the file, as another process sees it. */
function onDisk(): OutboxDatabase {
  reader ??= openDatabase(file);
  return reader;
}

const deliver = (offload: Offload, options: DeliverOptions = {}): void =>
  void offload.deliver({ pollMs: 5, logger, ...options });
const until = (state: 'waiting' | 'dead' | 'delivered', pieces: number): Promise<unknown> =>
  waitFor(`${pieces} ${state}`, () => countWork(onDisk())[state] === pieces);

describe('work that is left behind', () => {
  it('is on disk when enqueue() settles, and in no process', async () => {
    const { id, idempotencyKey, deadline, alreadyKnown } = await leave(create(), { idempotencyKey: 'invoice-7' });
    expect({ idempotencyKey, deadline, alreadyKnown }).toEqual({
      idempotencyKey: 'invoice-7',
      deadline: new Date((NOW + 86_400) * 1000),
      alreadyKnown: false,
    });
    expect(listWork(onDisk(), { limit: 9 })).toEqual([
      expect.objectContaining({
        id,
        state: 'waiting',
        function: 'render-invoice',
        correlationId: 'c-4711',
        attempts: 0,
      }),
    ]);
    expect(lambda.calls).toHaveLength(0);
  });

  it('is an asynchronous invocation as the caller, bound to this one piece of work', async () => {
    const offload = create();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const { id } = await leave(offload, { idempotencyKey: 'invoice-7', context: { traceId, sampled: true } });
    now += 7200_000;
    deliver(offload);
    await until('delivered', 1);
    const [call, ...more] = lambda.calls;
    expect(more).toEqual([]);
    expect(call?.path).toBe(`/2015-03-31/functions/${FUNCTION_ARN}/invocations`);
    expect(call?.headers).toMatchObject({
      'x-amz-invocation-type': 'Event',
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-0af76519-/),
    });
    const { handOver, traceparent, ...rest } = call!.event;
    expect(rest).toEqual({ baton: 1, correlationId: 'c-4711', idempotencyKey: 'invoice-7', payload: { id: 7 } });
    expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(verifiedParts(String(handOver), relayKeys.handOver.publicKey).claims).toEqual({
      iss: APP_ISSUER,
      aud: FUNCTION_ARN,
      iat: NOW + 7200,
      exp: NOW + 86_400 + 30,
      jti: expect.any(String),
      req_wl: 'invoices',
      work: { id, key: 'invoice-7', sha256: expect.stringMatching(/^[\w-]{43}$/), left_at: NOW },
      ...travellingClaims,
    });
  });

  it('is taken by the function, with its caller and its key, though the sign-in has ended meanwhile', async () => {
    const offload = create();
    await leave(offload, { idempotencyKey: 'invoice-7', payload: { b: 'ü', 7: [1.5, null], a: { '': -0 } } });
    now += 20 * 3600_000;
    deliver(offload);
    await until('delivered', 1);
    const seen: unknown[] = [];
    const handler = withBaton((payload) => seen.push([currentContext()?.user?.subject, payload]), {
      policy: invoicesPolicy(),
      name: 'render-invoice',
      clock: () => now + 60_000,
      logger,
    });
    const { event } = lambda.calls[0]!;
    await handler(event);
    expect(seen).toEqual([['entra:7d3c', { b: 'ü', 7: [1.5, null], a: { '': 0 } }]]);
    await expect(async () => handler({ ...event, payload: { id: 8 } })).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['the same payload', { id: 7 }, { alreadyKnown: true }],
    ['another payload', { id: 8 }, undefined],
  ])('with the same key and %s', async (_what, payload, expected) => {
    const offload = create();
    const { id } = await leave(offload, { idempotencyKey: 'a' });
    const again = leave(offload, { idempotencyKey: 'a', payload });
    if (expected) expect(await again).toMatchObject({ id, ...expected });
    else expect(await thrownBy(() => again)).toMatchObject({ code: 'idempotency_conflict', status: 409 });
    expect(countWork(onDisk()).waiting).toBe(1);
  });

  it('with the same key is another caller, or another actor: other work', async () => {
    const offload = create();
    for (const claims of [{}, { sub: 'entra:other' }, { act: { sub: 'copilot' } }]) {
      expect(await leave(offload, { idempotencyKey: 'a', claims })).toMatchObject({ alreadyKnown: false });
    }
    expect(countWork(onDisk()).waiting).toBe(3);
  });

  it('keeps the order in which it was left, though each piece is signed on its own', async () => {
    const offload = create();
    await Promise.all(Array.from({ length: 30 }, (_, i) => leave(offload, { orderingKey: 'k', payload: i })));
    deliver(offload);
    await until('delivered', 30);
    expect(lambda.calls.map(({ event }) => event.payload)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  it('waits for its time', async () => {
    const offload = create();
    await leave(offload, { payload: 'later', notBefore: new Date(now + 60_000) });
    await leave(offload, { payload: 'now' });
    deliver(offload);
    await until('delivered', 1);
    now += 60_000;
    await until('delivered', 2);
    expect(lambda.calls.map(({ event }) => event.payload)).toEqual(['now', 'later']);
  });

  const rows: readonly (readonly [string, Left, object])[] = [
    ['outside of a request', { claims: null }, { code: 'identity_missing' }],
    ['for an unknown function', { name: 'constructor' }, { code: 'function_unknown' }],
    [
      'without permission',
      { claims: { tctx: { ...travellingClaims.tctx, roles: [] } } },
      { code: 'permission_denied', status: 403 },
    ],
    ['with a payload that is too large', { payload: 'x'.repeat(970_000) }, { code: 'payload_too_large', status: 413 }],
    ['with a payload that is no JSON', { payload: 1n }, { code: 'payload_invalid', status: 400 }],
    ['with an empty key', { idempotencyKey: '' }, { code: 'work_invalid', reason: 'idempotencyKey', status: 400 }],
    ['with a key of blanks', { orderingKey: 'a b' }, { code: 'work_invalid', reason: 'orderingKey' }],
    ['with a deadline gone by', { deadline: new Date(NOW * 1000) }, { code: 'work_invalid', reason: 'deadline' }],
    ['beyond the policy', { deadline: new Date((NOW + 86_401) * 1000) }, { code: 'work_invalid', reason: 'deadline' }],
    ['with a date that is none', { notBefore: new Date('no') }, { code: 'work_invalid', reason: 'notBefore' }],
    [
      'after its own deadline',
      { notBefore: new Date((NOW + 60) * 1000), deadline: new Date((NOW + 60) * 1000) },
      { code: 'work_invalid', reason: 'notBefore' },
    ],
    ['with a misspelt option', { idempotenceKey: 'a' } as Left, { code: 'option_unknown' }],
  ];
  it.each(rows)('is not taken in %s', async (_what, left, expected) => {
    const offload = create();
    expect(await thrownBy(() => leave(offload, left))).toMatchObject(expected);
    expect(countWork(onDisk()).waiting).toBe(0);
  });

  it('is told of: how much waits and for how long, and how much is dead', async () => {
    const offload = create({ policy: invoicesPolicy() });
    expect(offload.outboxState()).toEqual({ waiting: 0, dead: 0, oldestSeconds: 0 });
    await leave(offload);
    // Its time has not come: it waits, but nobody is late with it.
    await leave(offload, { notBefore: new Date(now + 3600_000) });
    now += 90_500;
    expect(offload.outboxState()).toEqual({ waiting: 2, dead: 0, oldestSeconds: 90 });
    lambda.answer = refuses(413, 'RequestTooLargeException');
    deliver(offload);
    await until('dead', 1);
    expect(offload.outboxState()).toEqual({ waiting: 1, dead: 1, oldestSeconds: 0 });
    expect(createOffload({ policy: invoicesPolicy(), signer }).outboxState()).toBeUndefined();
  });

  it('needs an outbox, and says how to name one', async () => {
    const offload = createOffload({ policy: invoicesPolicy(), signer });
    expect((await thrownBy(() => asCaller({}, () => offload.enqueue('render-invoice', 1)))).message).toMatch(
      /BATON_OUTBOX/,
    );
    expect(await codeOf(() => offload.deliver())).toBe('option_invalid');
  });
});

/** Work whose seal was replaced on disk. */
async function leaveUnder(seal: string): Promise<void> {
  await leave(create());
  onDisk().run('UPDATE work SET seal = ?', seal);
}

describe('a delivery that goes wrong', () => {
  it.each([
    ['Lambda is away', refuses(503, 'ServiceUnavailable'), 'function_unavailable'],
    ['Lambda throttles', refuses(429, 'TooManyRequestsException'), 'function_throttled'],
    ['the connection breaks', (response) => response.socket?.destroy(), 'function_unavailable'],
    ['AWS refuses', refuses(403, 'AccessDeniedException'), 'function_access_denied'],
  ] as const satisfies readonly (readonly [string, LambdaAnswer, string])[])(
    'is tried again, later and later, when %s',
    async (_what, answer, code) => {
      const offload = create();
      lambda.answer = answer;
      await leave(offload);
      deliver(offload);
      const tried = (times: number): Promise<unknown> =>
        waitFor(`attempt ${times}`, () => listWork(onDisk(), { limit: 1 })[0]?.attempts === times);
      const waits: number[] = [];
      for (let times = 1; times <= 4; times++) {
        await tried(times);
        const [work] = listWork(onDisk(), { limit: 1 });
        expect(work).toMatchObject({ state: 'waiting', code });
        waits.push(Date.parse(work!.nextAttemptAt!) - now);
        now += 40_000;
      }
      waits.forEach((wait, i) => expect([i, wait >= 500 * 2 ** i && wait <= 1000 * 2 ** i]).toEqual([i, true]));
      lambda.answer = accepts;
      now += 60_000;
      await until('delivered', 1);
      expect(lambda.calls).toHaveLength(5);
    },
  );

  it('leaves a function alone that cannot be reached, and no other', async () => {
    const functions = {
      'render-invoice': invoicesDocument.functions['render-invoice'],
      other: { target: FUNCTION_ARN.replace('render-invoice', 'other'), permission: 'invoice:read' },
    };
    const offload = create({ policy: invoicesPolicy({ functions }) });
    lambda.answer = (response, call) =>
      (call.path.includes('other') ? accepts : refuses(503, 'ServiceUnavailable'))(response, call);
    for (let i = 0; i < 50; i++) await leave(offload);
    for (let i = 0; i < 5; i++) await leave(offload, { name: 'other' });
    deliver(offload, { concurrency: 5 });
    await until('delivered', 5);
    const refused = lambda.calls.filter(({ path: asked }) => !asked.includes('other'));
    expect([refused.length <= 5, countWork(onDisk()).waiting]).toEqual([true, 50]);
  });

  const deniesAll = invoicesPolicy({ roles: { clerk: {}, approver: {}, suspended: {} } });
  it.each([
    ['the policy of now refuses the caller', { policy: deniesAll }, 'permission_denied'],
    ['the policy of now has no such function', { policy: invoicesPolicy({ functions: {} }) }, 'function_unknown'],
    ['its deadline has passed', { clock: () => (NOW + 86_400) * 1000 }, 'work_expired'],
  ])('ends as a dead letter when %s', async (_what, options: OffloadOptions, code) => {
    await leave(create());
    deliver(create(options));
    await until('dead', 1);
    expect(listWork(onDisk(), { limit: 1 })).toMatchObject([{ state: 'dead', code, attempts: 1 }]);
    expect(lambda.calls).toHaveLength(0);
    expect(logger.ofType('outbox')).toEqual([
      expect.objectContaining({ level: 'error', outcome: 'dead', code, correlationId: 'c-4711' }),
    ]);
  });

  it.each([
    ['the payload', `payload = '{"id":8}'`],
    ['the function', `function = 'other'`],
    ['the key', `idempotency_key = 'x'`],
    ['the time', `not_before = 1`],
    ['the deadline', `deadline = deadline + 1000`],
    ['the order', `ordering_key = 'x'`],
    ['the seal', `seal = replace(seal, '.', '.e')`],
    ['the whole seal', `seal = ''`],
  ])('ends as a dead letter when somebody changed %s on disk', async (_what, change) => {
    const functions = { ...invoicesDocument.functions, other: { target: FUNCTION_ARN, permission: 'invoice:read' } };
    const offload = create({ policy: invoicesPolicy({ functions }) });
    await leave(offload);
    onDisk().exec(`UPDATE work SET ${change}`);
    deliver(offload);
    await until('dead', 1);
    expect(listWork(onDisk(), { limit: 1 })).toMatchObject([{ code: 'token_invalid' }]);
    expect(lambda.calls).toHaveLength(0);
  });

  it('is none where somebody changed what is not under the seal: correlation and trace', async () => {
    const offload = create();
    await leave(offload);
    onDisk().exec(`UPDATE work SET correlation_id = 'a b', trace = '{'`);
    await leave(offload);
    onDisk().exec(`UPDATE work SET trace = '{"traceId":"x"}' WHERE trace IS NULL`);
    deliver(offload);
    await until('delivered', 2);
    const [first, second] = lambda.calls.map(({ event }) => event);
    expect([first!.correlationId, first!.traceparent]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), undefined]);
    expect([second!.correlationId, second!.traceparent]).toEqual(['c-4711', undefined]);
  });

  it.each([
    ['a stranger’s key', () => leave(create({ signer: jwkSigner(relayKeys.edge.privateJwk) }))],
    ['a hand-over', () => leaveUnder(handOverToken(relayKeys.handOver))],
    ['a Transaction Token', () => leaveUnder(transactionToken(relayKeys.edge))],
  ])('cannot be sealed with %s', async (_what, left) => {
    await left();
    deliver(create());
    await until('dead', 1);
    expect(lambda.calls).toHaveLength(0);
  });

  it('is made by the policy of the moment once a dead letter is tried again', async () => {
    const refusing = invoicesPolicy({ roles: { clerk: {}, approver: {}, suspended: {} } });
    const live = livePolicy(refusing);
    const { id } = await leave(create());
    deliver(create({ policy: refusing }));
    await until('dead', 1);
    live.replace(invoicesPolicy());
    expect(retryDead(id, now)(onDisk())).toBe('done');
    await until('delivered', 1);
    expect(lambda.calls).toHaveLength(1);
  });
});

it('asks for the credentials of the caller and the target, and calls with them', async () => {
  const asked: unknown[] = [];
  const offload = create({
    credentials: {
      forTarget: async ({ user }: { user: Identity }, target) => {
        asked.push([user.subject, target]);
        return Object.freeze({ accessKeyId: 'ASIACALLER', secretAccessKey: 's', sessionToken: 't' });
      },
    },
  });
  await leave(offload);
  deliver(offload);
  await until('delivered', 1);
  const target = { kind: 'function', name: 'render-invoice', arn: FUNCTION_ARN, actions: ['lambda:InvokeFunction'] };
  expect(asked).toEqual([['entra:7d3c', target]]);
  expect(String(lambda.calls[0]!.headers.authorization)).toContain('Credential=ASIACALLER/');
});

it('goes to the queue that the policy names, as the same envelope', async () => {
  const functions = {
    'render-invoice': {
      ...invoicesDocument.functions['render-invoice'],
      delivery: 'sqs',
      queueUrl: `${queueUrl}.fifo`,
      deadlineSeconds: 600,
    },
  };
  const queueClientConfig = { ...lambda.clientConfig, useQueueUrlAsEndpoint: false, md5: false } as const;
  const offload = create({ policy: invoicesPolicy({ functions }), outbox: { path: file, queueClientConfig } });
  lambda.answer = (response) => response.end('{"MessageId":"m-1"}');
  const { id, deadline } = await leave(offload, { orderingKey: 'k', idempotencyKey: 'a' });
  expect(deadline).toEqual(new Date((NOW + 600) * 1000));
  deliver(offload);
  await until('delivered', 1);
  const { headers, event } = lambda.calls[0]!;
  expect(headers['x-amz-target']).toBe('AmazonSQS.SendMessage');
  expect(event).toMatchObject({ QueueUrl: `${queueUrl}.fifo`, MessageGroupId: 'k', MessageDeduplicationId: id });
  expect(JSON.parse(String(event.MessageBody))).toMatchObject({ baton: 1, idempotencyKey: 'a', payload: { id: 7 } });
});

it('two processes share the file: each piece is delivered once', async () => {
  const [one, two] = [create(), create()];
  await Promise.all(Array.from({ length: 100 }, (_, i) => leave(i % 2 === 0 ? one : two, { payload: i })));
  deliver(one);
  deliver(two);
  await until('delivered', 100);
  const payloads = lambda.calls.map(({ event }) => Number(event.payload));
  expect(payloads.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

it('delivers again, under the same key, what could not be written down as delivered', async () => {
  const offload = create();
  await leave(offload, { idempotencyKey: 'a' });
  const write = jest.spyOn(OutboxWriter.prototype, 'write');
  lambda.answer = (response, call) => {
    write.mockRejectedValueOnce(new BatonError('outbox_full', 'The disk is full.', { reason: 'disk' }));
    lambda.answer = accepts;
    accepts(response, call);
  };
  deliver(offload);
  await waitFor('the line about it', () => logger.lines.some(({ code }) => code === 'outbox_full'));
  expect(countWork(onDisk())).toMatchObject({ waiting: 1, delivered: 0 });
  now += 60_000;
  await until('delivered', 1);
  expect(lambda.calls.map(({ event }) => event.idempotencyKey)).toEqual(['a', 'a']);
  write.mockRestore();
});

it('ends with the server: what is under way is brought to its end, the rest stays on disk', async () => {
  const offload = create();
  for (let i = 0; i < 5; i++) await leave(offload);
  let answer = (): void => {};
  lambda.answer = (response) => (answer = () => response.writeHead(202).end());
  deliver(offload, { concurrency: 1 });
  await lambda.nextCall();
  const drained = runDrainHooks(() => {});
  answer();
  await drained;
  expect(countWork(onDisk())).toMatchObject({ delivered: 1, waiting: 4 });
  expect(await codeOf(() => leave(offload))).toBe('outbox_unavailable');
  deliver(create());
  lambda.answer = accepts;
  await until('delivered', 5);
  expect(lambda.calls).toHaveLength(5);
});

it('says once that the clock was set back, and once that it caught up, and loses nothing', async () => {
  const offload = create();
  await leave(offload);
  now -= 3_600_000;
  await leave(offload);
  deliver(offload);
  await until('delivered', 2);
  now += 3_600_000;
  await waitFor('the end of it', () =>
    logger.lines.some(({ message }) => String(message).startsWith('The clock is where')),
  );
  const told = logger.lines.filter(({ code }) => code === 'outbox_clock_set_back');
  expect(told).toEqual([expect.objectContaining({ level: 'warn', behindMs: 3_600_000 })]);
});

it('leaves neither token nor payload in the log, and the decisions in the audit trail', async () => {
  const offload = create();
  await leave(offload, { payload: { card: 'very-private-payload' } });
  const [{ seal }] = onDisk().all('SELECT seal FROM work') as [{ seal: string }];
  deliver(offload);
  await until('delivered', 1);
  const handOver = String(lambda.calls[0]!.event.handOver);
  const handed = logger.handed.join('\n');
  expect([leakOf(seal, handed), leakOf(handOver, handed), handed.includes('very-private')]).toEqual([
    undefined,
    undefined,
    false,
  ]);
  expect(logger.ofType('audit')).toEqual([
    expect.objectContaining({ event: 'hand_over', outcome: 'allowed', subject: 'entra:7d3c' }),
    expect.objectContaining({ event: 'hand_over', outcome: 'allowed', subject: 'entra:7d3c' }),
  ]);
});
