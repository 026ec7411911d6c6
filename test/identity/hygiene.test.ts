import { AssertionHeader } from '../../src/identity/hygiene';
import { thrownBy } from '../support/errors';

const header = new AssertionHeader('Txn-Token');
const take = (...headers: string[]): string | undefined => header.take(headers);

describe('AssertionHeader', () => {
  it.each([
    ['none', [], undefined],
    ['its own spelling', ['Txn-Token', 'a.b.c'], 'a.b.c'],
    ['lower case', ['txn-token', 'a.b.c'], 'a.b.c'],
    ['upper case', ['TXN-TOKEN', 'a.b.c'], 'a.b.c'],
    ['among others', ['Host', 'x', 'tXN-tOKEN', 'a.b.c', 'Connection', 'keep-alive'], 'a.b.c'],
    ['empty, as IIS blanks it', ['Txn-Token', ''], undefined],
    ['names that only contain it', ['X-Txn-Token', 'x', 'Txn-Tokens', 'y', 'Txn', 'z', 'Token', 'z'], undefined],
    ['a Connection header of other names', ['Connection', 'close, X-Other'], undefined],
    ['a value that names it', ['X-Note', 'Txn-Token'], undefined],
    ['a header as long as Connection', ['User-Agent', 'Txn-Token', 'Txn-Token', 'a.b.c'], 'a.b.c'],
    ['a name without a value', ['Txn-Token'], undefined],
    ['a name with "http" inside, which no server drops', ['Txn-Http-Token', 'x'], undefined],
    ['a name that is too long to be confused', [`Txn${'-'.repeat(17)}Token`, 'x'], undefined],
    ['a name that ends like it', ['A-Token', 'x', 'Txm-Token', 'x', 'Token', 'x'], undefined],
  ] as const)('takes %s', (_name, headers, value) => {
    expect(header.take(headers)).toBe(value);
  });

  it.each([
    ...['Txn_Token', 'txn.token', 'TXNTOKEN', 'txntoken', 'HTTP_TXN_TOKEN', 'Http-Txn-Token', 'HTTP_TxnToken'],
    ...[`Txn${'-'.repeat(16)}Token`, 'txn-token!', 'TXN_TOKEN', 'httptxntoken'],
    ...['Txn--Token', 'Txn-Token-', '_Txn_Token', 'T-x-n-T-o-k-e-n', "Txn'Token", 'Txn~Token', 'txn|token'],
  ])('refuses the look-alike %s, alone, empty and beside the real one', async (name) => {
    for (const headers of [
      [name, 'a'],
      [name, ''],
      ['Txn-Token', 'a', name, 'b'],
      [name, 'b', 'Txn-Token', 'a'],
    ]) {
      expect(await thrownBy(() => take(...headers))).toMatchObject({
        code: 'identity_header_invalid',
        reason: 'look_alike',
      });
    }
  });

  it.each([
    ['twice', ['Txn-Token', 'a', 'Txn-Token', 'b'], 'duplicate'],
    ['twice the same', ['Txn-Token', 'a', 'txn-token', 'a'], 'duplicate'],
    ['empty and good', ['Txn-Token', '', 'Txn-Token', 'a'], 'duplicate'],
    ['good and empty', ['Txn-Token', 'a', 'Txn-Token', ''], 'duplicate'],
    ['joined', ['Txn-Token', 'a, b'], 'duplicate'],
    ['joined with nothing', ['Txn-Token', 'a,'], 'duplicate'],
    ['a comma alone', ['Txn-Token', ','], 'duplicate'],
    ['listed in Connection', ['Connection', 'close, Txn-Token', 'Txn-Token', 'a'], 'hop_by_hop'],
    ['listed in Connection without being there', ['connection', 'txn-token'], 'hop_by_hop'],
    ['listed in the second Connection', ['Connection', 'close', 'CONNECTION', 'TXN_TOKEN'], 'hop_by_hop'],
  ] as const)('refuses one that is %s', async (_name, headers, reason) => {
    const error = await thrownBy(() => header.take(headers));
    expect(error).toMatchObject({ code: 'identity_header_invalid', reason });
    expect(error.message).not.toMatch(/\ba\b.*\bb\b/);
  });
});

it.each([
  ['Http-User', ['Httpuser', 'User', 'HTTP_HTTP_USER'], ['Http-Users', 'Use']],
  ['X-Area', ['x_area', 'XAREA'], ['X-Ares', 'X-Arez', 'X-Are']],
  ['X-Quiz', ['x_quiz', 'XQUIZ'], ['X-Quia', 'X-Quit', 'X-Qui']],
  ['X-User-2', ['x_user_2', 'XUSER2'], ['X-User-3', 'X-User-']],
])('a header named %s has its own look-alikes', async (name, alike, others) => {
  const own = new AssertionHeader(name);
  for (const one of alike) expect(await thrownBy(() => own.take([one, 'x']))).toMatchObject({ reason: 'look_alike' });
  for (const one of others) expect([one, own.take([one, 'x'])]).toEqual([one, undefined]);
});
