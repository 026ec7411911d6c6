import { createEdge } from '../../src/identity/edge';
import { compilePolicy } from '../../src/policy/policy';
import type * as transactionTokens from '../../src/token/transaction-token';
import { document, key } from '../middleware/apps';
import { faultOf } from '../support/errors';
import { startKeyServer } from '../support/key-server';
import { makeKey, NOW, transactionToken } from '../support/tokens';

let held: Promise<void> | undefined;
jest.mock('../../src/token/transaction-token', () => {
  const actual = jest.requireActual<typeof transactionTokens>('../../src/token/transaction-token');
  return {
    ...actual,
    verifyTransactionToken: async (...args: Parameters<typeof actual.verifyTransactionToken>) => {
      const verified = await actual.verifyTransactionToken(...args);
      await held;
      return verified;
    },
  };
});

it('a key that is withdrawn while the very first token is verified takes that verdict with it', async () => {
  const server = await startKeyServer([key.publicJwk]);
  let now = NOW * 1000;
  const keys = { jwksUri: server.jwksUri };
  const policy = compilePolicy({ ...document, edge: { ...document.edge, keys } }, {});
  const edge = createEdge(policy, { clock: () => now });
  const verify = async (token: string): Promise<unknown> => edge.verify(['Txn-Token', token]);
  let release = (): void => {};
  held = new Promise((resolve) => (release = resolve));
  const first = transactionToken(key);
  const slow = verify(first);
  while (server.fetches() < 1) await new Promise((resolve) => setImmediate(resolve));
  // Until the keys are there, which is when another token is verified as far as to the signature.
  expect(await faultOf(() => verify(transactionToken(makeKey('ES256', { kid: key.kid }))))).toBe('signature');
  server.keys = [];
  now += 2000;
  expect(await faultOf(() => verify(transactionToken(makeKey('ES256', { kid: 'other' }))))).toBe('key_unknown');
  release();
  await slow;
  expect(await faultOf(() => verify(first))).toBe('key_unknown');
  await server.close();
});
