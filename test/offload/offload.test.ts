import { jwkSigner } from '../../src/jws/sign';
import { createOffload, type InvokeOptions, type OffloadOptions } from '../../src/offload/offload';
import { asCaller, type CallerOptions } from '../support/as-caller';
import { codeOf, thrownBy } from '../support/errors';
import { verifiedParts } from '../support/independent-verifier';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { answers, fails, refuses, startLambdaStub, type LambdaAnswer, type LambdaStub } from '../support/lambda-stub';
import { leakOf, recordingLogger } from '../support/recording-logger';
import { APP_ISSUER, FUNCTION_ARN, makeKey, NOW, travellingClaims } from '../support/tokens';

const policy = invoicesPolicy();
const signer = jwkSigner(relayKeys.handOver.privateJwk);
let lambda: LambdaStub;

beforeEach(async () => {
  lambda = await startLambdaStub();
});
afterEach(() => lambda.close());

interface Call extends InvokeOptions, CallerOptions {
  readonly name?: string;
  readonly payload?: unknown;
  readonly options?: OffloadOptions;
}

/** Calls a function as a clerk, through the real SDK. */
function invoke({ name = 'render-invoice', options, signal, ...call }: Call = {}): Promise<unknown> {
  const { payload, ...caller } = { payload: { id: 7 }, ...call };
  const offload = createOffload({ policy, signer, clock: testClock, clientConfig: lambda.clientConfig, ...options });
  return asCaller(caller, () => offload.invoke(name, payload, signal && { signal }));
}

const hangs: LambdaAnswer = () => {};
const sentToken = (): string => String(lambda.calls[0]?.event.handOver);

describe('a call of a function', () => {
  it('is sent to its target once and gives its answer', async () => {
    lambda.answer = answers({ pages: [1, 2] });
    expect(await invoke()).toEqual({ pages: [1, 2] });
    const [call] = lambda.calls;
    expect(lambda.calls).toHaveLength(1);
    expect(call?.path).toBe(`/2015-03-31/functions/${FUNCTION_ARN}/invocations`);
    expect(call?.headers).toMatchObject({ 'x-amz-invocation-type': 'RequestResponse' });
    expect(call?.event).toEqual({
      baton: 1,
      handOver: expect.any(String),
      correlationId: 'c-4711',
      payload: { id: 7 },
    });
  });

  it('hands the caller over to that function alone, claims unchanged', async () => {
    const act = { sub: 'copilot', act: { sub: 'copilot' } };
    await invoke({ claims: { act } });
    expect(verifiedParts(sentToken(), relayKeys.handOver.publicKey)).toEqual({
      header: { alg: 'ES256', typ: 'baton-handover+jwt', kid: 'key-1' },
      claims: {
        iss: APP_ISSUER,
        aud: FUNCTION_ARN,
        iat: NOW,
        exp: NOW + 1 + 30,
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
        req_wl: 'invoices',
        ...travellingClaims,
        act,
      },
    });
  });

  it('takes on nothing but the claims that travel', async () => {
    await invoke({ claims: { aud: 'elsewhere', exp: NOW + 9999, jti: 'mine', cookie: 'x' } as object });
    const { claims } = verifiedParts(sentToken(), relayKeys.handOver.publicKey);
    expect(claims).toMatchObject({ aud: FUNCTION_ARN, exp: NOW + 31 });
    expect(claims).not.toHaveProperty('cookie');
    expect(claims.jti).not.toBe('mine');
  });

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  it.each([
    [{}, undefined, undefined],
    [{ traceId }, '-00', ''],
    [{ traceId, sampled: true, parentSpanId: 'b7ad6b7169203331' }, '-01', ';Sampled=1'],
    [{ traceId, sampled: false }, '-00', ';Sampled=0'],
  ])('carries the trace %p in both spellings, with a span of its own', async (context, flags, sampled) => {
    await invoke({ context });
    const { traceparent } = lambda.calls[0]!.event;
    const header = lambda.calls[0]!.headers['x-amzn-trace-id'];
    if (flags === undefined) return expect([traceparent, header]).toEqual([undefined, undefined]);
    const [, span = ''] = new RegExp(`^00-${traceId}-([0-9a-f]{16})${flags}$`).exec(String(traceparent)) ?? [];
    expect(span).not.toBe('');
    expect(span).not.toBe('b7ad6b7169203331');
    expect(header).toBe(`Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${span}${sampled}`);
  });

  it.each([
    ['null', 'null', null],
    ['nothing', '', null],
    ['a text', '"ü"', 'ü'],
    ['zero', '0', 0],
  ])('gives back %s', async (_name, body, expected) => {
    lambda.answer = answers(body);
    expect(await invoke()).toBe(expected);
  });

  it.each([
    ['nothing', undefined, undefined],
    ['null', null, null],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['what JSON has no word for', () => 7, undefined],
  ])('takes %s as payload', async (_name, payload, sent) => {
    await invoke({ payload });
    expect(lambda.calls[0]?.event.payload).toEqual(sent);
  });
});

describe('a call that goes wrong is made once, and again only where AWS throttled it', () => {
  const guard = (code: string): LambdaAnswer => fails({ errorType: `baton.${code}`, errorMessage: 'inner words' });
  const rows: readonly (readonly [string, LambdaAnswer, object, number?])[] = [
    ['Lambda fails', refuses(500, 'ServiceException'), { code: 'function_unavailable', status: 503 }],
    ['Lambda is away', refuses(503, 'ServiceUnavailable'), { code: 'function_unavailable', status: 503 }],
    [
      'Lambda throttles',
      refuses(429, 'TooManyRequestsException'),
      { code: 'function_throttled', retryAfterSeconds: undefined },
      3,
    ],
    [
      'Lambda says when',
      refuses(429, 'TooManyRequestsException', { 'retry-after': '1.2' }),
      { code: 'function_throttled', retryAfterSeconds: 2 },
    ],
    [
      'Lambda says nonsense',
      refuses(429, 'TooManyRequestsException', { 'retry-after': 'soon' }),
      { code: 'function_throttled', retryAfterSeconds: undefined },
      3,
    ],
    ['another throttle', refuses(429, 'ThrottlingException'), { code: 'function_throttled' }, 3],
    ['AWS refuses', refuses(403, 'AccessDeniedException'), { code: 'function_access_denied', status: 502 }],
    ['the keys are bad', refuses(403, 'UnrecognizedClientException'), { code: 'function_access_denied' }],
    ['the keys are old', refuses(400, 'ExpiredTokenException'), { code: 'function_access_denied' }],
    [
      'the payload is too large for AWS',
      refuses(413, 'RequestTooLargeException'),
      { code: 'payload_too_large', status: 413 },
    ],
    ['there is no such function', refuses(404, 'ResourceNotFoundException'), { code: 'function_unknown' }],
    ['the connection breaks', (response) => response.socket?.destroy(), { code: 'function_unavailable' }],
    [
      'the answer breaks off',
      (response) => (response.writeHead(200, { 'content-length': '99' }), response.write('{'), response.socket?.end()),
      { code: 'function_unavailable' },
    ],
    ['no answer comes', hangs, { code: 'function_timeout', status: 503 }],
    ['half an answer comes', (response) => response.write('{"a":'), { code: 'function_timeout' }],
    ['the answer is no JSON', answers('<html>'), { code: 'function_failed', status: 502 }],
    [
      'the function fails',
      fails({ errorType: 'TypeError', errorMessage: 'inner words' }),
      { code: 'function_failed', reason: 'TypeError' },
    ],
    [
      'the function runs out of time',
      fails({ errorMessage: '2026 Task timed out after 3.00 seconds' }),
      { code: 'function_failed', reason: 'Error' },
    ],
    ['the function fails in no form', fails('inner words'), { code: 'function_failed', reason: 'Error' }],
    ['the function fails with null', fails('null', 'Handled'), { code: 'function_failed' }],
    [
      'the guard refuses the caller',
      guard('permission_denied'),
      { code: 'permission_denied', status: 403, reason: 'function' },
    ],
    [
      'the guard refuses the token',
      guard('token_invalid'),
      { code: 'function_access_denied', status: 502, reason: 'baton.token_invalid' },
    ],
    ['the guard refuses the event', guard('event_invalid'), { code: 'function_access_denied' }],
    ['the guard has no keys', guard('keys_unavailable'), { code: 'function_unavailable', status: 503 }],
    ['the guard breaks', guard('internal'), { code: 'function_failed', status: 502 }],
  ];
  it.each(rows.map(([name, answer, expected, times = 1]) => [name, answer, expected, times] as const))(
    '%s',
    async (_name, answer, expected, times) => {
      lambda.answer = answer;
      const error = await thrownBy(() => invoke());
      expect(error).toMatchObject(expected);
      expect(lambda.calls.length).toBe(times);
      expect(`${error.publicMessage} ${error.message}`).not.toMatch(/inner words/);
      expect(leakOf(sentToken(), `${error.message} ${error.stack}`)).toBeUndefined();
      expect(error.cause).toHaveProperty('message');
    },
  );

  it('nobody listens', async () => {
    const { clientConfig } = lambda;
    await lambda.close();
    const { code, cause } = await thrownBy(() => invoke({ options: { clientConfig } }));
    expect([code, String(cause)]).toEqual(['function_unavailable', expect.stringContaining('ECONNREFUSED')]);
  });

  it('there are no credentials', async () => {
    const credentials = (): Promise<never> =>
      Promise.reject(Object.assign(new Error('inner words'), { name: 'CredentialsProviderError' }));
    const options = { clientConfig: { ...lambda.clientConfig, credentials } };
    expect(await thrownBy(() => invoke({ options }))).toMatchObject({ code: 'function_access_denied' });
    expect(lambda.calls).toHaveLength(0);
  });

  it('the credentials come when the time is over', async () => {
    let found: (value: unknown) => void = () => {};
    const credentials = (): Promise<unknown> => new Promise((resolve) => (found = resolve));
    const options = { clientConfig: { ...lambda.clientConfig, credentials } };
    expect(await thrownBy(() => invoke({ options }))).toMatchObject({ code: 'function_timeout' });
    found(lambda.clientConfig.credentials);
    // Another call over the same stub is through before a late one would be missed.
    await invoke();
    expect(lambda.calls).toHaveLength(1);
  });
});

describe('a slow call', () => {
  it('may take as long as the policy says', async () => {
    lambda.answer = (response) => setTimeout(() => response.end('"late"'), 300);
    expect(await invoke()).toBe('late');
  });

  it('ends the connection when its time is over', async () => {
    lambda.answer = hangs;
    const next = lambda.nextCall();
    const startedAt = performance.now();
    expect(await codeOf(() => invoke())).toBe('function_timeout');
    const waited = performance.now() - startedAt;
    expect([waited > 950, waited < 3000]).toEqual([true, true]);
    await (
      await next
    ).ended;
    expect(lambda.calls).toHaveLength(1);
  });

  it('ends when its caller says so', async () => {
    lambda.answer = hangs;
    const controller = new AbortController();
    const next = lambda.nextCall();
    const answer = thrownBy(() => invoke({ signal: controller.signal }));
    const { ended } = await next;
    controller.abort();
    expect(await answer).toMatchObject({ code: 'function_unavailable', reason: 'aborted' });
    await ended;
    expect(lambda.calls).toHaveLength(1);
  });

  it('does not begin where its caller has gone', async () => {
    const credentials = jest.fn(() => new Promise(() => {}));
    const options = { clientConfig: { ...lambda.clientConfig, credentials } };
    expect(await thrownBy(() => invoke({ options, signal: AbortSignal.abort() }))).toMatchObject({ reason: 'aborted' });
    expect(credentials).not.toHaveBeenCalled();
    expect(lambda.calls).toHaveLength(0);
  });
});

describe('nothing is sent', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const denied = { claims: { tctx: { ...travellingClaims.tctx, roles: ['nobody'] } } };
  const rows: readonly (readonly [string, Call, object])[] = [
    ['outside of a request', { claims: null }, { code: 'identity_missing' }],
    [
      'when the caller has long gone',
      { options: { clock: () => (NOW + 390) * 1000 } },
      { code: 'token_invalid', reason: 'expired' },
    ],
    ['for a name that the policy has not', { name: 'render' }, { code: 'function_unknown' }],
    ['for a name of every object', { name: 'constructor' }, { code: 'function_unknown' }],
    ['without permission', denied, { code: 'permission_denied', reason: 'permission_missing' }],
    [
      'for an unknown actor',
      { claims: { act: { sub: 'entra:x' } } },
      { code: 'permission_denied', reason: 'actor_unknown' },
    ],
    [
      'for an actor behind whom an unknown one stands',
      { claims: { act: { sub: 'copilot', act: { sub: 'x' } } } },
      { code: 'permission_denied' },
    ],
    [
      'against the policy of the request',
      { policy: invoicesPolicy({ actors: {}, roles: { clerk: {}, approver: {} } }) },
      { code: 'permission_denied' },
    ],
    ['with a BigInt', { payload: { n: 1n } }, { code: 'payload_invalid', status: 400 }],
    ['with a circle', { payload: circular }, { code: 'payload_invalid' }],
    [
      'with a value that cannot be written',
      {
        payload: {
          toJSON: () => {
            throw new Error('no');
          },
        },
      },
      { code: 'payload_invalid' },
    ],
    [
      'with 6 MB and its envelope',
      { payload: 'x'.repeat(6 * 1024 * 1024) },
      { code: 'payload_too_large', status: 413 },
    ],
    ['with 6 MB of two-byte letters', { payload: 'ü'.repeat(3 * 1024 * 1024) }, { code: 'payload_too_large' }],
  ];
  it.each(rows)('%s', async (_name, call, expected) => {
    expect(await thrownBy(() => invoke(call))).toMatchObject(expected);
    expect(lambda.calls).toHaveLength(0);
  });
});

describe('the audit trail of hand-overs', () => {
  it.each([
    ['allowed', ['approver'], { reason: 'granted', rule: '/roles/approver' }],
    ['denied', ['approver', 'suspended'], { reason: 'permission_denied', rule: '/roles/suspended/deny' }],
  ])('says who, what and why: %s', async (outcome, roles, expected) => {
    const logger = recordingLogger();
    const claims = { tctx: { ...travellingClaims.tctx, roles }, act: { sub: 'copilot' } };
    await invoke({ claims, logger }).catch(() => undefined);
    expect(logger.ofType('audit')).toEqual([
      expect.objectContaining({
        event: 'hand_over',
        outcome,
        function: 'render-invoice',
        required: 'invoice:read',
        subject: 'entra:7d3c',
        actor: 'copilot',
        transactionId: 'txn-4711',
        correlationId: 'c-4711',
        ...expected,
      }),
    ]);
    expect(leakOf(sentToken(), logger.handed.join())).toBeUndefined();
  });
});

describe('createOffload()', () => {
  it.each([
    ['an unknown option', { region: 'eu-west-1' }, 'option_unknown'],
    [
      'a policy without hand-over',
      { policy: invoicesPolicy({ handOver: undefined, functions: undefined }) },
      'policy_invalid',
    ],
    ['no key', { signer: undefined }, 'key_invalid'],
    ['a key for another algorithm', { signer: jwkSigner(makeKey('EdDSA').privateJwk) }, 'key_invalid'],
    ['a policy that is not there', { policy: '/nowhere/baton.policy.json' }, 'policy_missing'],
    ['attempts of the client’s own', { clientConfig: { maxAttempts: 3 } }, 'option_invalid'],
    ['a retry strategy of the client’s own', { clientConfig: { retryStrategy: {} } }, 'option_invalid'],
  ])('does not start with %s', async (_name, options, code) => {
    expect(await codeOf(() => createOffload({ policy, signer, ...options }))).toBe(code);
  });

  it('takes its key from the environment', async () => {
    process.env.BATON_HAND_OVER_KEY = JSON.stringify(relayKeys.handOver.privateJwk);
    await invoke({ options: { signer: undefined! } }).finally(() => delete process.env.BATON_HAND_OVER_KEY);
    expect(verifiedParts(sentToken(), relayKeys.handOver.publicKey).claims).toMatchObject({ sub: 'entra:7d3c' });
  });

  it('loads the SDK with the first call only, and says what to install', () => {
    jest.isolateModules(() => {
      const missing = Object.assign(new Error("Cannot find module '@aws-sdk/client-lambda'"), {
        code: 'MODULE_NOT_FOUND',
      });
      jest.doMock('@aws-sdk/client-lambda', () => {
        throw missing;
      });
      const alone = require('../../src/offload/lambda-client') as typeof import('../../src/offload/lambda-client');
      const access = alone.lambdaAccess({});
      expect(access).toThrow(
        expect.objectContaining({
          code: 'peer_missing',
          message: expect.stringContaining('npm install @aws-sdk/client-lambda'),
          cause: missing,
        }),
      );
      jest.dontMock('@aws-sdk/client-lambda');
    });
  });
});
