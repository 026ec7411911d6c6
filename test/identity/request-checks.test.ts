import { createHash } from 'node:crypto';
import type { RouteRequest } from '../../src/core/access';
import { BatonError } from '../../src/core/errors';
import type { ReplayStore } from '../../src/core/replay';
import type { VerifiedCaller } from '../../src/identity/assertion';
import { identityFrom } from '../../src/identity/from-transaction';
import { requestCheck, type RequestCheck } from '../../src/identity/request-checks';
import { requestBinding } from '../../src/token/request-binding';
import { document, policyOf } from '../middleware/apps';
import { policyBehind, standInOf } from '../support/edges';
import { thrownBy } from '../support/errors';
import { ISSUER, NOW, travellingClaims } from '../support/tokens';

const TOLERANCE_SECONDS = 30;
const GET: RouteRequest = { method: 'GET', path: '/invoices/7' };
const once = { replay: 'reject' } as const;
const bound = { bind: 'route' } as const;

/** A caller whose token is bound to `route`, where there is one. */
function callerOf({
  expiresAt = NOW + 60,
  issuer = ISSUER,
  txn = 'txn-1',
  route = undefined as RouteRequest | undefined,
} = {}): VerifiedCaller {
  const rctx = { ...travellingClaims.rctx, ...(route && { req_bind: requestBinding(route) }) };
  const transaction = { ...travellingClaims, txn, rctx };
  return { identity: identityFrom({ transaction, expiresAt }, { profile: 'txn-token', issuer }), transaction };
}

/** A store that keeps what it was asked, and answers as it is told. */
function storeOf(answer: () => unknown = () => true): ReplayStore & { asked: [string, number][] } {
  const asked: [string, number][] = [];
  return {
    asked,
    firstUse: (id, untilSeconds) => {
      asked.push([id, untilSeconds]);
      return answer() as Promise<boolean>;
    },
  };
}

function checkOf(
  edge: object,
  store: ReplayStore = storeOf(),
  application: string = document.application,
): RequestCheck {
  const policy = policyOf({ application, edge: { ...document.edge, ...edge } });
  return requestCheck(policy, () => store, TOLERANCE_SECONDS)!;
}

describe('what a policy asks of each request', () => {
  const unasked = (): never => {
    throw new Error('No store is needed.');
  };

  it('is nothing where it says nothing, or where another edge signs', () => {
    expect(requestCheck(policyOf(), unasked, TOLERANCE_SECONDS)).toBeUndefined();
    expect(requestCheck(policyBehind(standInOf('pomerium')), unasked, TOLERANCE_SECONDS)).toBeUndefined();
  });

  it('is a binding alone, without a store', async () => {
    const policy = policyOf({ edge: { ...document.edge, ...bound } });
    const caller = callerOf({ route: GET });
    for (let i = 0; i < 2; i++) {
      expect(await requestCheck(policy, unasked, TOLERANCE_SECONDS)?.(caller, () => GET)).toBe(caller);
    }
  });

  it('is a first use alone, without a route', async () => {
    const caller = callerOf();
    expect(await checkOf(once)(caller, undefined)).toBe(caller);
  });
});

describe('a used token', () => {
  const idOf = async (caller: VerifiedCaller, application?: string): Promise<string | undefined> => {
    const store = storeOf();
    await checkOf(once, store, application)(caller, undefined);
    return store.asked[0]?.[0];
  };

  it('is remembered by application, issuer and transaction, as a digest that tells none of them', async () => {
    const parts = JSON.stringify(['invoices', ISSUER, 'txn-1']);
    expect(await idOf(callerOf())).toBe(createHash('sha256').update(parts).digest('base64url'));
    const ids = [
      await idOf(callerOf()),
      await idOf(callerOf({ txn: 'txn-2' })),
      await idOf(callerOf({ issuer: 'https://other.example' })),
      await idOf(callerOf(), 'archive'),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(await idOf(callerOf({ expiresAt: NOW + 10 }))).toBe(ids[0]);
  });

  it.each([
    [NOW + 60, NOW + 120],
    [NOW + 59.1, NOW + 120],
  ])(
    'whose end is %d is remembered to %d: for a server whose clock is behind, twice the tolerance',
    async (expiresAt, until) => {
      const store = storeOf();
      await checkOf(once, store)(callerOf({ expiresAt }), undefined);
      expect(store.asked).toEqual([[expect.any(String), until]]);
    },
  );

  it('is refused', async () => {
    const check = checkOf(
      once,
      storeOf(() => false),
    );
    expect(await thrownBy(() => check(callerOf(), undefined))).toMatchObject({
      code: 'token_invalid',
      reason: 'replayed',
      message: 'The token was used before.',
    });
  });
});

describe('a store that cannot say', () => {
  const failed = new Error('down');
  const own = new BatonError('replay_store_unavailable', 'The memory is full.', { reason: 'full' });

  it.each<[string, () => unknown, unknown]>([
    ['rejects', () => Promise.reject(failed), failed],
    [
      'throws',
      () => {
        throw failed;
      },
      failed,
    ],
    ...[undefined, null, 1, 'OK', {}].map((answer): [string, () => unknown, unknown] => [
      `answers ${JSON.stringify(answer)}`,
      () => answer,
      new TypeError('firstUse() must resolve with true or false.'),
    ]),
  ])('%s, and lets nobody in', async (_what, answer, cause) => {
    const error = await thrownBy(() => checkOf(once, storeOf(answer))(callerOf(), undefined));
    expect(error).toMatchObject({
      code: 'replay_store_unavailable',
      message: 'The store of used tokens could not say whether one was used.',
    });
    expect(error.cause).toEqual(cause);
  });

  it('says so in its own words, where it has some', async () => {
    const check = checkOf(
      once,
      storeOf(() => Promise.reject(own)),
    );
    expect(await thrownBy(() => check(callerOf(), undefined))).toBe(own);
  });
});

describe('a bound token', () => {
  it.each<[string, string, VerifiedCaller, RouteRequest | undefined]>([
    [
      'option_invalid',
      'The policy binds tokens to their request, and there is no request here.',
      callerOf({ route: GET }),
      undefined,
    ],
    ['token_invalid', 'The token is bound to no request.', callerOf(), GET],
    [
      'token_invalid',
      'The token is for a request with another method or path.',
      callerOf({ route: GET }),
      { ...GET, path: '/invoices/8' },
    ],
    [
      'token_invalid',
      'The token is for a request with another method or path.',
      callerOf({ route: GET }),
      { ...GET, method: 'POST' },
    ],
  ])('is refused as %s: %s', async (code, message, caller, route) => {
    const check = checkOf({ ...bound, ...once });
    const error = await thrownBy(() => check(caller, route && ((): RouteRequest => route)));
    expect(error).toMatchObject({ code, message, reason: code === 'token_invalid' ? 'binding' : undefined });
  });

  it('is not used up by a request that it is not for', async () => {
    const store = storeOf();
    const both = checkOf({ ...bound, ...once }, store);
    const caller = callerOf({ route: GET });
    await thrownBy(() => both(caller, () => ({ ...GET, method: 'POST' })));
    expect(store.asked).toEqual([]);
    expect(await both(caller, () => GET)).toBe(caller);
    expect(store.asked).toHaveLength(1);
  });
});
