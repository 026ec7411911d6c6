import { maxLifetimeOf, txnTokenVerifier } from '../../../src/identity/profiles/txn-token';
import type { TxnTokenEdge } from '../../../src/policy/edge-document';
import { clock, document, key } from '../../middleware/apps';
import { faultOf } from '../../support/errors';
import { startKeyServer } from '../../support/key-server';
import { ISSUER, NOW, transactionToken } from '../../support/tokens';

const { edge } = document;
const verify = (
  token: string,
  changes: Partial<TxnTokenEdge> = {},
  now = NOW,
): ReturnType<ReturnType<typeof txnTokenVerifier>['verify']> =>
  txnTokenVerifier({ ...edge, ...changes }, { clock }).verify(token, now);

it.each<[Partial<TxnTokenEdge>, number]>([
  [{}, 900],
  [{ replay: 'reject' }, 60],
  [{ bind: 'route' }, 60],
  [{ replay: 'reject', bind: 'route' }, 60],
  [{ maxLifetimeSeconds: 1200 }, 1200],
  [{ maxLifetimeSeconds: 45, replay: 'reject' }, 45],
  [{ maxLifetimeSeconds: 300, bind: 'route' }, 300],
])('with %j a token lives %i s at most', async (changes, seconds) => {
  expect(maxLifetimeOf({ ...edge, ...changes })).toBe(seconds);
  const tokenOf = (lifetime: number): string => transactionToken(key, { claims: { exp: NOW + lifetime } });
  expect(await verify(tokenOf(seconds), changes)).toBeDefined();
  expect(await faultOf(() => verify(tokenOf(seconds + 1), changes))).toBe('lifetime');
});

it.each([
  [undefined, 30],
  [0, 0],
  [5, 5],
])('with a tolerance of %j a token is taken to %i s after its end', async (clockToleranceSeconds, seconds) => {
  const changes = clockToleranceSeconds === undefined ? {} : { clockToleranceSeconds };
  const token = transactionToken(key);
  expect(await verify(token, changes, NOW + 360 + seconds - 1)).toBeDefined();
  expect(await faultOf(() => verify(token, changes, NOW + 360 + seconds))).toBe('expired');
  expect(txnTokenVerifier({ ...edge, ...changes }, { clock }).clockToleranceSeconds).toBe(seconds);
});

it('the identity says which edge vouched for it', async () => {
  expect((await verify(transactionToken(key))).identity.edge).toEqual({ profile: 'txn-token', issuer: ISSUER });
});

it('says in which state its keys are: before the first fetch in none', async () => {
  const server = await startKeyServer([key.publicJwk]);
  const verifier = txnTokenVerifier({ ...edge, keys: { jwksUri: server.jwksUri } }, { clock });
  expect(verifier.keyVersion()).toBe(-1);
  await verifier.verify(transactionToken(key), NOW);
  expect(verifier.keyVersion()).toBeGreaterThanOrEqual(0);
  await server.close();
});
