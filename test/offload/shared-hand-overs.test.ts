import { currentRecord } from '../../src/context/storage';
import { BatonError } from '../../src/core/errors';
import { jwkSigner, type Signer } from '../../src/jws/sign';
import { createOffload } from '../../src/offload/offload';
import { SHARED_FOR_SECONDS, SharedHandOvers, type HandOverSharing } from '../../src/offload/shared-hand-overs';
import { mintHandOverToken } from '../../src/token/hand-over-token';
import { asCaller } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { verifiedParts } from '../support/independent-verifier';
import { invoicesDocument, invoicesPolicy, relayKeys } from '../support/invoices';
import { startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { recordingLogger } from '../support/recording-logger';
import { APP_ISSUER, FUNCTION_ARN, makeKey, NOW, travellingClaims } from '../support/tokens';

const signer = jwkSigner(relayKeys.handOver.privateJwk);
const terms = { issuer: APP_ISSUER, audience: FUNCTION_ARN, requestingWorkload: 'invoices', expiresAt: NOW + 40 };
const call: HandOverSharing = {
  policy: invoicesPolicy(),
  name: 'render',
  transaction: { ...travellingClaims },
  signer,
};

describe('tokens that calls share', () => {
  /** Takes a token for each call, as many seconds after the first as said; every token that is minted is another. */
  async function takenFor(...calls: readonly (readonly [number, Partial<HandOverSharing>])[]): Promise<number[]> {
    const shared = new SharedHandOvers();
    const tokens: string[] = [];
    const numbers: number[] = [];
    for (const [afterSeconds, other] of calls) {
      const now = NOW + afterSeconds;
      const made = await shared.take({ ...call, ...other }, now, () =>
        mintHandOverToken(call.transaction, terms, signer, now),
      );
      if (!tokens.includes(made)) tokens.push(made);
      numbers.push(tokens.indexOf(made));
    }
    return numbers;
  }

  const last = SHARED_FOR_SECONDS - 1;
  it('are the same for the same caller and function', async () => {
    expect(await takenFor([0, {}], [0, {}], [last, {}])).toEqual([0, 0, 0]);
  });

  it.each<[string, readonly [number, Partial<HandOverSharing>]]>([
    ['the time is over', [SHARED_FOR_SECONDS, {}]],
    ['the clock was set back', [-1, {}]],
    ['another function is called', [0, { name: 'export' }]],
    ['another user calls', [0, { transaction: { ...travellingClaims, sub: 'entra:other' } }]],
    ['an actor calls for the same user', [0, { transaction: { ...travellingClaims, act: { sub: 'copilot' } } }]],
    ['the same user has another token', [0, { transaction: { ...travellingClaims } }]],
    ['the policy was replaced, by an equal one too', [0, { policy: invoicesPolicy() }]],
    ['another key signs', [0, { signer: jwkSigner(relayKeys.handOver.privateJwk) }]],
  ])('are others where %s', async (_name, other) => {
    expect(await takenFor([0, {}], other)).toEqual([0, 1]);
  });

  it('are not prolonged by being taken', async () => {
    const half = Math.ceil(SHARED_FOR_SECONDS / 2);
    expect(await takenFor([0, {}], [half, {}], [SHARED_FOR_SECONDS, {}])).toEqual([0, 0, 1]);
  });

  it('do not come back with the policy that they were minted by', async () => {
    expect(await takenFor([0, {}], [0, { policy: invoicesPolicy() }], [0, {}])).toEqual([0, 1, 2]);
  });

  it('are signed once for calls at the same time, and a failure is nobody else’s', async () => {
    const shared = new SharedHandOvers();
    const mint = jest.fn<Promise<string>, []>().mockRejectedValueOnce(new Error('away')).mockResolvedValue('token');
    const take = (): Promise<string> => shared.take(call, NOW, mint);
    const both = await Promise.allSettled([take(), take()]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await Promise.all([take(), take()])).toEqual(['token', 'token']);
    expect(mint).toHaveBeenCalledTimes(2);
  });

  it('are held up to a bound, the latest longest', async () => {
    const shared = new SharedHandOvers();
    const callers = Array.from({ length: 1200 }, () => ({ ...travellingClaims }));
    const mint = jest.fn(() => Promise.resolve('token'));
    const minted = async (transaction: typeof travellingClaims): Promise<boolean> => {
      mint.mockClear();
      await shared.take({ ...call, transaction }, NOW, mint);
      return mint.mock.calls.length === 1;
    };
    for (const caller of callers) expect(await minted(caller)).toBe(true);
    expect(await minted(callers.at(-1)!)).toBe(false);
    expect(await minted(callers.at(-500)!)).toBe(false);
    expect(await minted(callers[0]!)).toBe(true);
  });
});

describe('calls of createOffload()', () => {
  let lambda: LambdaStub;
  beforeEach(async () => {
    lambda = await startLambdaStub();
  });
  afterEach(() => lambda.close());

  const ids = (): unknown[] =>
    lambda.calls.map(({ event }) => {
      const [, claims = ''] = String(event.handOver).split('.');
      return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { jti: unknown }).jti;
    });

  it('share a token that covers each of them, and are decided and audited one by one', async () => {
    let now = NOW;
    const options = { policy: invoicesPolicy(), signer, clientConfig: lambda.clientConfig, clock: () => now * 1000 };
    const offload = createOffload(options);
    const logger = recordingLogger();
    await asCaller({ logger }, async () => {
      await offload.invoke('render-invoice', { id: 1 });
      now = NOW + SHARED_FOR_SECONDS - 1;
      await offload.invoke('render-invoice', { id: 2 });
      now = NOW + SHARED_FOR_SECONDS;
      await offload.invoke('render-invoice', { id: 3 });
    });
    const [first, second, third] = ids();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    const { claims } = verifiedParts(String(lambda.calls[1]?.event.handOver), relayKeys.handOver.publicKey);
    // As long as a token for one call, and longer than the second call can last.
    expect(claims).toMatchObject({ iat: NOW, exp: NOW + 1 + 30 });
    expect(logger.ofType('audit').filter(({ event }) => event === 'hand_over')).toHaveLength(3);
  });

  it('are refused when the permission is gone, whatever token is held', async () => {
    const offload = createOffload({
      policy: invoicesPolicy(),
      signer,
      clientConfig: lambda.clientConfig,
      clock: () => NOW * 1000,
    });
    const roles = { ...invoicesDocument.roles, clerk: { members: ['entra:Invoices.Clerk'], deny: ['invoice:read'] } };
    const without = invoicesPolicy({ roles });
    await asCaller({}, async () => {
      await offload.invoke('render-invoice', {});
      currentRecord()!.policy = without;
      expect(await thrownBy(() => offload.invoke('render-invoice', {}))).toMatchObject({ code: 'permission_denied' });
    });
    expect(lambda.calls).toHaveLength(1);
  });

  it('take the key of the moment, and none where none can be had', async () => {
    const next = jwkSigner(makeKey('ES256', { kid: 'next' }).privateJwk);
    let current: () => Promise<Signer> = () => Promise.resolve(signer);
    const offload = createOffload({
      policy: invoicesPolicy(),
      signer: { ...signer, current: () => current() },
      clientConfig: lambda.clientConfig,
      clock: () => NOW * 1000,
    });
    await asCaller({}, async () => {
      const invoke = (): Promise<unknown> => offload.invoke('render-invoice', {});
      await invoke();
      await invoke();
      current = () => Promise.resolve(next);
      await invoke();
      current = () => Promise.reject(new BatonError('signer_unavailable', 'away'));
      expect(await thrownBy(invoke)).toMatchObject({ code: 'signer_unavailable' });
    });
    const [first, second, third] = ids();
    expect([second === first, third === first]).toEqual([true, false]);
    expect(lambda.calls).toHaveLength(3);
  });
});
