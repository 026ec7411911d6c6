import fc from 'fast-check';
import { AssertionHeader } from '../../src/identity/hygiene';
import { check, must, refusal, title } from './property';

const header = new AssertionHeader('Txn-Token');

const inAnyCase = (text: string): fc.Arbitrary<string> =>
  fc.mixedCase(fc.constant(text), { toggleCase: (char) => char.toUpperCase() });
const separator = fc.constantFrom('-', '_', '.', '', '--', '~', "'", '|', '!', '$');
const lookAlike = fc
  .tuple(fc.constantFrom('', 'HTTP_', 'http-', 'Http'), separator, separator, separator)
  .chain(([prefix, a, b, c]) => inAnyCase(`${prefix}${a}txn${b}token${c}`));
const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,14}$/);
const name = fc.oneof(
  { weight: 3, arbitrary: inAnyCase('txn-token') },
  { weight: 2, arbitrary: lookAlike },
  { weight: 2, arbitrary: inAnyCase('connection') },
  { weight: 4, arbitrary: token },
  { weight: 1, arbitrary: fc.constantFrom('X-Txn-Token', 'Txn-Tokens', 'Txn', 'Authorization', 'Host') },
);
const value = fc.oneof(
  fc.constantFrom('', 'a.b.c', 'a.b.c, d', ',', 'close', 'keep-alive', 'Txn-Token', 'close, txn_token', 'TXN.TOKEN'),
  fc.array(fc.oneof(token, lookAlike), { maxLength: 3 }).map((options) => options.join(', ')),
);
const headers = fc.array(fc.tuple(name, value), { maxLength: 6 });

/** Said another way than in the code: what is left of a name when everything that servers confuse is gone. */
const looksLikeIt = (text: string): boolean =>
  /^(http)?txntoken$/.test(text.replace(/[^A-Za-z0-9]/g, '').toLowerCase());
const isIt = (text: string): boolean => /^txn-token$/i.test(text);

describe('header hygiene', () => {
  it(title('takes the one assertion, or none, or refuses'), () => {
    const seen = { taken: 0, absent: 0, refused: 0 };
    check(headers, (list) => {
      const real = list.filter(([field]) => isIt(field));
      const fakes = list.filter(([field]) => looksLikeIt(field) && !isIt(field));
      const removed = list.some(
        ([field, text]) => /^connection$/i.test(field) && text.split(',').some((option) => looksLikeIt(option)),
      );
      const sound = real.length <= 1 && fakes.length === 0 && !removed && !real[0]?.[1].includes(',');
      let taken: string | undefined;
      try {
        taken = header.take(list.flat());
      } catch (error) {
        refusal(error, 'identity_header_invalid');
        must(!sound, 'A sound list of headers was refused.');
        seen.refused++;
        return;
      }
      must(sound, 'A list of headers that is not sound was taken.');
      must(taken === (real[0]?.[1] === '' ? undefined : real[0]?.[1]), 'Something else than the one value was taken.');
      if (taken === undefined) seen.absent++;
      else seen.taken++;
    });
    // A generator that made one kind only would prove nothing.
    expect(Math.min(seen.taken, seen.absent, seen.refused)).toBeGreaterThan(1000);
  });
});
