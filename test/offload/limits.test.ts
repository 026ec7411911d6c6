import { BatonError } from '../../src/core/errors';
import { functionLimits, limitsByName } from '../../src/offload/limits';
import { retried, delayBeforeRetryMs, neverRan, THROTTLED_BY_WHOM } from '../../src/offload/retry';
import { asCaller } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { recordingLogger } from '../support/recording-logger';

const away = (): Promise<never> => Promise.reject(new BatonError('function_unavailable', 'away'));
const late = (): Promise<never> => Promise.reject(new BatonError('function_timeout', 'late'));
const noEnd = new AbortController().signal;
const settle = (work: Promise<unknown>): Promise<unknown> => work.catch((thrown: unknown) => thrown);

describe('the bulkhead of a function', () => {
  it('runs so many, lets so many wait, and refuses the rest at once', async () => {
    const limits = functionLimits('f', { maxConcurrent: 2, maxWaiting: 1 });
    const gates: (() => void)[] = [];
    const started: number[] = [];
    const call = (id: number): Promise<number> =>
      limits.whenFree(noEnd, async () => {
        started.push(id);
        await new Promise<void>((resolve) => gates.push(resolve));
        return id;
      });
    const running = [call(1), call(2), call(3)];
    expect(await thrownBy(() => call(4))).toMatchObject({
      code: 'function_throttled',
      reason: 'bulkhead_full',
      status: 503,
      retryAfterSeconds: 1,
    });
    expect(started).toEqual([1, 2]);
    gates[0]!();
    await running[0];
    while (gates.length < 3) await new Promise(setImmediate);
    expect(started).toEqual([1, 2, 3]);
    gates.forEach((open) => open());
    expect(await Promise.all(running)).toEqual([1, 2, 3]);
  });

  it('is one a function, and made anew only for other numbers', () => {
    const limits = limitsByName();
    const first = limits('f', {});
    expect(limits('f', { maxConcurrent: 50, maxWaiting: 100 })).toBe(first);
    expect(limits('g', {})).not.toBe(first);
    expect(limits('f', { maxConcurrent: 51 })).not.toBe(first);
  });
});

describe('the circuit breaker of a function', () => {
  let now = 1_800_000_000_000;
  beforeEach(() => jest.spyOn(Date, 'now').mockImplementation(() => now));
  afterEach(() => jest.restoreAllMocks());

  const attempts = async (
    limits: ReturnType<typeof functionLimits>,
    count: number,
    attempt: () => Promise<unknown>,
  ) => {
    for (let made = 0; made < count; made += 1) await settle(limits.whenClosed(noEnd, attempt));
  };

  it('opens when more than half of at least 20 calls had no answer, and closes when one has', async () => {
    const limits = functionLimits('f', { maxConcurrent: 50, maxWaiting: 0 });
    const logger = recordingLogger();
    await asCaller({ logger }, async () => {
      await attempts(limits, 9, () => Promise.resolve());
      await attempts(limits, 10, away);
      const made = jest.fn(() => Promise.resolve('made'));
      expect(await limits.whenClosed(noEnd, made)).toBe('made');
      await attempts(limits, 1, late);
      expect(await thrownBy(() => limits.whenClosed(noEnd, made))).toMatchObject({
        code: 'function_unavailable',
        reason: 'circuit_open',
        status: 503,
        retryAfterSeconds: 10,
      });
      expect(made).toHaveBeenCalledTimes(1);
      now += 10_000;
      // One is let through; the others wait for how it ends.
      let answer: (value: string) => void = () => {};
      const probe = limits.whenClosed(noEnd, () => new Promise<string>((resolve) => (answer = resolve)));
      const other = limits.whenClosed(noEnd, made);
      await new Promise(setImmediate);
      expect(made).toHaveBeenCalledTimes(1);
      answer('probe');
      expect(await Promise.all([probe, other])).toEqual(['probe', 'made']);
    });
    expect(logger.ofType('offload')).toEqual([
      expect.objectContaining({ level: 'warn', function: 'f', circuit: 'open' }),
      expect.objectContaining({ level: 'info', function: 'f', circuit: 'closed' }),
    ]);
  });

  it('stays open for another ten seconds when that one has no answer either', async () => {
    const limits = functionLimits('f', { maxConcurrent: 50, maxWaiting: 0 });
    await asCaller({}, async () => {
      await attempts(limits, 20, away);
      now += 10_000;
      expect(await thrownBy(() => limits.whenClosed(noEnd, late))).toMatchObject({ code: 'function_timeout' });
      now += 9_999;
      expect(await thrownBy(() => limits.whenClosed(noEnd, late))).toMatchObject({ reason: 'circuit_open' });
    });
  });

  it.each([
    ['function_failed', undefined],
    ['function_throttled', undefined],
    ['function_access_denied', undefined],
    ['permission_denied', undefined],
    ['function_unavailable', 'aborted'],
  ] as const)('is not opened by %s (%s): that says nothing of whether it is there', async (code, reason) => {
    const limits = functionLimits('f', { maxConcurrent: 50, maxWaiting: 0 });
    await attempts(limits, 40, () => Promise.reject(new BatonError(code, 'x', reason === undefined ? {} : { reason })));
    expect(await limits.whenClosed(noEnd, () => Promise.resolve('made'))).toBe('made');
  });
});

describe('retries', () => {
  const caused = (
    cause: object,
    code: 'function_unavailable' | 'function_failed' = 'function_unavailable',
  ): BatonError => new BatonError(code, 'x', { cause });
  const node = (members: object, name = 'Error'): Error => Object.assign(new Error('x'), { name, ...members });

  it.each([
    ['a throttle', new BatonError('function_throttled', 'x'), true],
    ['a throttle of who knows whom', new BatonError('function_throttled', 'x', { reason: THROTTLED_BY_WHOM }), false],
    ['a refused connection', caused(node({ syscall: 'connect', code: 'ECONNREFUSED' })), true],
    ['a name that is not found', caused(node({ syscall: 'getaddrinfo', code: 'ENOTFOUND' })), true],
    [
      'every address refused',
      caused(node({ errors: [node({ syscall: 'connect' }), node({ syscall: 'connect' })] })),
      true,
    ],
    ['one address reset', caused(node({ errors: [node({ syscall: 'connect' }), node({ syscall: 'read' })] })), false],
    ['a connection of fetch', caused(node({ cause: node({ syscall: 'connect' }) }, 'TypeError')), true],
    [
      'a slow connection of fetch',
      caused(node({ cause: node({ code: 'UND_ERR_CONNECT_TIMEOUT' }) }, 'TypeError')),
      true,
    ],
    ['a slow connection of the SDK', caused(node({ message: 'did not establish a connection' }, 'TimeoutError')), true],
    ['a reset', caused(node({ syscall: 'read', code: 'ECONNRESET' })), false],
    ['a socket that hung up', caused(node({ code: 'ECONNRESET' })), false],
    ['an answer with 500', caused(node({ $metadata: { httpStatusCode: 500 } }, 'ServiceException')), false],
    ['a failure with such a cause', caused(node({ syscall: 'connect' }), 'function_failed'), false],
    ['a time-out', new BatonError('function_timeout', 'x', { cause: node({ syscall: 'connect' }) }), false],
  ])('%s: whether it is certain that nothing ran', (_name, error, expected) => {
    expect(neverRan(error)).toBe(expected);
  });

  it.each([
    [1, 0.5, undefined, 50],
    [2, 0.5, undefined, 100],
    [3, 0.999, undefined, 399.6],
    [9, 0.5, undefined, 1000],
    [1, 0, undefined, 0],
    [1, 0.5, 3, 3000],
  ])('wait before attempt %p with %p, told %p s, for %p ms', (attempt, random, retryAfter, expected) => {
    expect(delayBeforeRetryMs(attempt, () => random, retryAfter)).toBeCloseTo(expected);
  });

  const terms = (more: object = {}) => ({
    maxRetries: 2,
    idempotent: false,
    random: () => 0,
    remainingMs: () => 1000,
    signal: new AbortController().signal,
    ...more,
  });
  const throttledFor = (retryAfterSeconds?: number) => () =>
    Promise.reject(
      new BatonError('function_throttled', 'x', retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    );
  it.each([
    ['as often as it may', throttledFor(), {}, 3],
    ['not at all where none is allowed', throttledFor(), { maxRetries: 0 }, 1],
    ['not where the wait is longer than the call', throttledFor(1), {}, 1],
    ['not what may have run', away, {}, 1],
    ['what may run twice', away, { idempotent: true }, 3],
    ['never what was late', late, { idempotent: true }, 1],
    [
      'never what its caller ended',
      () => Promise.reject(new BatonError('function_unavailable', 'x', { reason: 'aborted' })),
      { idempotent: true },
      1,
    ],
    [
      'never against an open circuit',
      () => Promise.reject(new BatonError('function_unavailable', 'x', { reason: 'circuit_open' })),
      { idempotent: true },
      1,
    ],
    ['never what Baton did not throw', () => Promise.reject(new TypeError('x')), { idempotent: true }, 1],
  ])('%s', async (_name, attempt, more, times) => {
    const made = jest.fn(attempt);
    await expect(retried(made, terms(more))).rejects.toThrow();
    expect(made).toHaveBeenCalledTimes(times);
  });

  it('stop waiting when the call is ended', async () => {
    const controller = new AbortController();
    const more = { random: () => 0.999, remainingMs: () => 60_000, signal: controller.signal };
    const work = settle(retried(throttledFor(50), terms(more)));
    await new Promise(setImmediate);
    controller.abort(new Error('ended'));
    expect(await work).toMatchObject({ message: 'ended' });
  });
});
