import { withoutTokens } from '../../src/local/without-tokens';

it.each([
  ['JWT eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln refused', 'JWT [token] refused'],
  ['unsigned eyJhbGciOiJub25lIn0.e30.', 'unsigned [token]'],
  ['JWE eyJh.b.c.d.e', 'JWE [token]'],
  ['Bearer eyJh.e30.c2ln,eyJi.e30.c2ln', 'Bearer [token],[token]'],
  ['nothing here: a.b.c', 'nothing here: a.b.c'],
])('%s', (text, expected) => {
  expect(withoutTokens(text)).toBe(expected);
});
