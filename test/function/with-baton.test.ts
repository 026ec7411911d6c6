import { currentContext, currentUser } from '../../src/context/storage';
import type { Identity } from '../../src/core/identity';
import { withBaton, type FunctionHandler, type FunctionOptions } from '../../src/function/with-baton';
import { codeOf } from '../support/errors';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { startKeyServer } from '../support/key-server';
import { leakOf, recordingLogger } from '../support/recording-logger';
import { APP_ISSUER, handOverToken, makeKey, NOW, transactionToken, travellingClaims } from '../support/tokens';

const name = 'render-invoice';
const policy = invoicesPolicy();
const reader: FunctionHandler<unknown, unknown> = () => currentUser()?.subject;

/** A wrapped handler, and the logger it writes to. */
function wrap(handler = reader, options: FunctionOptions = {}): ReturnType<typeof withBaton> {
  return withBaton(handler, { name, policy, clock: testClock, logger: recordingLogger(), metrics: false, ...options });
}

const envelope = (claims: object = {}, more: object = {}): Record<string, unknown> => ({
  baton: 1,
  handOver: handOverToken(relayKeys.handOver, { claims: { ...claims } }),
  correlationId: 'c-4711',
  payload: { id: 7 },
  ...more,
});

/** What Lambda's runtime makes of an error: its name and message, and its stack. */
const refusalOf = async (answer: Promise<unknown>): Promise<Error> => {
  const error = await answer.then(
    (value) => new Error(`It was let in: ${String(value)}`),
    (thrown: unknown) => thrown as Error,
  );
  return error;
};

afterEach(() => delete process.env._X_AMZN_TRACE_ID);

describe('a wrapped handler', () => {
  it('gets the bare payload and Lambda’s context, and gives its answer back', async () => {
    const lambdaContext = { awsRequestId: 'r-1' };
    const seen: unknown[] = [];
    const handler = wrap((payload, context) => {
      seen.push(payload, context);
      return { done: true };
    });
    expect(await handler(envelope(), lambdaContext)).toEqual({ done: true });
    expect(seen).toEqual([{ id: 7 }, lambdaContext]);
  });

  it('knows its caller, frozen, wherever its work goes on', async () => {
    const act = { sub: 'copilot' };
    const seen: (Identity | undefined)[] = [];
    const handler = wrap(async () => {
      seen.push(currentUser());
      await new Promise(setImmediate);
      await Promise.all([1, 2].map(async () => seen.push(currentUser())));
      return currentContext()?.correlationId;
    });
    expect(await handler(envelope({ act }))).toBe('c-4711');
    const [user] = seen;
    expect(seen).toEqual([user, user, user]);
    expect(Object.isFrozen(user)).toBe(true);
    expect(user).toEqual({
      subject: 'entra:7d3c',
      kind: 'user',
      name: 'Ada',
      tenant: 'tenant-1',
      roles: ['clerk'],
      scopes: ['invoices.read', 'invoices.write'],
      actor: { subject: 'copilot' },
      authentication: {
        provider: 'entra',
        acr: 'urn:mfa',
        amr: ['pwd', 'otp'],
        authTime: NOW - 600,
        providerExpiresAt: NOW + 3600,
      },
      clientAddress: '203.0.113.7',
      edge: { profile: 'hand-over', issuer: APP_ISSUER },
      transactionId: 'txn-4711',
      expiresAt: NOW + 30,
      policyDigest: 'sha256-abc',
    });
    expect(currentUser()).toBeUndefined();
  });

  it('never sees another invocation’s caller', async () => {
    const waiting: (() => void)[] = [];
    const handler = wrap(async (payload) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 20) waiting.reverse().forEach((go) => go());
      });
      return [payload, currentUser()?.subject, currentContext()?.correlationId];
    });
    const numbers = Array.from({ length: 20 }, (_, i) => i);
    const results = await Promise.all(
      numbers.map((i) => handler(envelope({ sub: `entra:${i}` }, { correlationId: `c-${i}`, payload: i }))),
    );
    expect(results).toEqual(numbers.map((i) => [i, `entra:${i}`, `c-${i}`]));
  });

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  it.each([
    ['the envelope’s trace', { traceparent }, undefined, { traceId, parentSpanId: 'b7ad6b7169203331', sampled: true }],
    [
      'Lambda’s own trace header before it',
      { traceparent },
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
      { traceId: '5759e988bd862e3fe1be46a994272793', parentSpanId: '53995c3f42cd8ad8', sampled: false },
    ],
    ['no trace where there is none', {}, undefined, {}],
    ['no trace of a malformed one', { traceparent: 'x' }, 'Root=x', {}],
    ['no trace of what is no text', { traceparent: [traceparent] }, undefined, {}],
  ])('opens a context with %s', async (_name, more, header, expected) => {
    if (header !== undefined) process.env._X_AMZN_TRACE_ID = header;
    const { user: _user, ...context } = (await wrap(() => currentContext())(envelope({}, more))) as Record<
      string,
      unknown
    >;
    expect(context).toEqual({ correlationId: 'c-4711', ...expected });
  });

  it('replaces a correlation ID that logs would not keep', async () => {
    const id = await wrap(() => currentContext()?.correlationId)(envelope({}, { correlationId: 'a\r\nb' }));
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['an answer', () => 'done', 'succeeded', 'info'],
    [
      'an error',
      () => {
        throw new RangeError('too many pages');
      },
      'failed',
      'error',
    ],
    ['a rejection', () => Promise.reject(new RangeError('too many pages')), 'failed', 'error'],
  ])('writes one line for %s, beside the audit', async (_name, work, outcome, level) => {
    const logger = recordingLogger();
    const answer = wrap(work, { logger })(envelope());
    if (outcome === 'failed') await expect(answer).rejects.toEqual(new RangeError('too many pages'));
    else await expect(answer).resolves.toBe('done');
    expect(logger.lines).toHaveLength(2);
    expect(logger.ofType('audit')).toEqual([
      expect.objectContaining({
        event: 'function',
        outcome: 'allowed',
        function: name,
        required: 'invoice:read',
        reason: 'granted',
        rule: '/roles/clerk',
        transactionId: 'txn-4711',
      }),
    ]);
    expect(logger.ofType('function')).toEqual([
      expect.objectContaining({
        level,
        function: name,
        outcome,
        durationMs: expect.any(Number),
        correlationId: 'c-4711',
        subject: 'entra:7d3c',
        ...(outcome === 'failed' && { error: expect.objectContaining({ name: 'RangeError' }) }),
      }),
    ]);
  });
});

describe('a hand-over that is refused', () => {
  const stranger = makeKey('ES256', { kid: 'key-1' });
  const token = (handOver: unknown): object => envelope({}, { handOver });
  const narrower = invoicesPolicy({ roles: { ...invoicesDocument.roles, clerk: { permissions: [] } } });
  const rows: readonly (readonly [string, unknown, string, FunctionOptions?])[] = [
    [
      'for another function',
      envelope({ aud: 'arn:aws:lambda:eu-west-1:123456789012:function:render-invoice' }),
      'token_invalid',
    ],
    ['from another application', envelope({ iss: 'https://elsewhere.example.com' }), 'token_invalid'],
    ['expired', envelope({ iat: NOW - 60, exp: NOW - 30 }), 'token_invalid'],
    [
      'whose caller’s sign-in has ended',
      envelope({ rctx: { ...travellingClaims.rctx, idp_exp: NOW - 30 } }),
      'token_invalid',
    ],
    ['that lives too long', envelope({ exp: NOW + 361 }), 'token_invalid'],
    ['without ID', envelope({ jti: undefined }), 'token_invalid'],
    ['signed by a stranger', token(handOverToken(stranger)), 'token_invalid'],
    ['signed by the gateway', token(handOverToken(relayKeys.edge)), 'token_invalid'],
    ['that is a Transaction Token', token(transactionToken(relayKeys.edge)), 'token_invalid'],
    ['that is a Transaction Token of the app’s key', token(transactionToken(relayKeys.handOver)), 'token_invalid'],
    ['that is no token', token('x'), 'token_invalid'],
    ['that is empty', token(''), 'token_invalid'],
    ['without envelope', { id: 7 }, 'event_invalid'],
    ['that is missing', envelope({}, { handOver: undefined }), 'event_invalid'],
    ['of a later version', envelope({}, { baton: 2 }), 'event_invalid'],
    ['with nothing at all', undefined, 'event_invalid'],
    ['with null', null, 'event_invalid'],
    ['with a text', 'event', 'event_invalid'],
    ['of a caller without role', envelope({ tctx: { ...travellingClaims.tctx, roles: [] } }), 'permission_denied'],
    ['of an unknown actor', envelope({ act: { sub: 'entra:x' } }), 'permission_denied'],
    ['by the function’s narrower policy', envelope(), 'permission_denied', { policy: narrower }],
  ];
  it.each(rows)('%s', async (_name, event, code, options = {}) => {
    const logger = recordingLogger();
    let ran = false;
    const handler = wrap(() => (ran = true), { ...(options as FunctionOptions), logger });
    const { name: errorName, message, stack } = await refusalOf(handler(event));
    expect([ran, errorName, stack]).toEqual([false, `baton.${code}`, `baton.${code}: ${message}`]);
    expect(logger.ofType('audit')).toEqual([expect.objectContaining({ outcome: 'denied' })]);
    expect(logger.ofType('error')).toEqual([expect.objectContaining({ level: 'warn', code, function: name })]);
    expect(logger.ofType('function')).toEqual([]);
    const secret = String((event as { handOver?: unknown } | null | undefined)?.handOver);
    expect(leakOf(secret, `${message} ${stack} ${logger.handed.join()}`)).toBeUndefined();
  });

  it('is told from an outage of the key server, which passes', async () => {
    const server = await startKeyServer();
    server.answer = (response) => response.writeHead(503).end();
    const handOver = { ...invoicesDocument.handOver, keys: { jwksUri: server.jwksUri } };
    const logger = recordingLogger();
    let now = NOW * 1000;
    const handler = wrap(reader, { policy: invoicesPolicy({ handOver }), logger, clock: () => now });
    expect(await refusalOf(handler(envelope()))).toMatchObject({ name: 'baton.keys_unavailable' });
    expect(logger.ofType('error')).toEqual([expect.objectContaining({ level: 'error', code: 'keys_unavailable' })]);
    expect(logger.ofType('audit')).toEqual([]);
    server.answer = undefined;
    server.keys = [relayKeys.handOver.publicJwk];
    now += 2000;
    expect(await handler(envelope())).toBe('entra:7d3c');
    await server.close();
  });
});

describe('withBaton()', () => {
  it.each([
    ['an unknown option', { nam: 'x' }, 'option_unknown'],
    ['a name that the policy has not', { name: 'render' }, 'function_unknown'],
    ['no name and no target', { name: undefined }, 'function_unknown'],
    [
      'a policy without hand-over',
      { policy: invoicesPolicy({ handOver: undefined, functions: undefined }) },
      'function_unknown',
    ],
    ['a policy that is not there', { policy: '/nowhere/baton.policy.json' }, 'policy_missing'],
  ])('does not wrap with %s', async (_name, options, code) => {
    expect(await codeOf(() => wrap(reader, options as FunctionOptions))).toBe(code);
  });

  it('does not wrap what is no function', async () => {
    expect(await codeOf(() => wrap({ policy } as never))).toBe('option_invalid');
  });

  it('finds its name by the name of the Lambda function', async () => {
    process.env.AWS_LAMBDA_FUNCTION_NAME = 'render-invoice';
    const handler = wrap(reader, { name: undefined! });
    delete process.env.AWS_LAMBDA_FUNCTION_NAME;
    expect(await handler(envelope())).toBe('entra:7d3c');
  });
});
