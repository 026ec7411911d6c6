import fc from 'fast-check';
import { parseCompact, type CompactJws } from '../../src/jws/compact';
import { importVerificationKey, type VerificationKey } from '../../src/jws/keys';
import { verifyJws, type JwsExpectations } from '../../src/jws/verify';
import { forge, makeKey, transactionToken } from '../support/tokens';
import { isDeepStrictEqual } from 'node:util';
import { checkAsync, must, refusal, title } from './property';

const key = makeKey();
const good = transactionToken(key);
const [header, payload, signature] = good.split('.') as [string, string, string];
const CHARACTERS = Array.from('AQgw09_-+/=. \n\t\u0000\uFEFFé,"{}:%');

const position = fc.nat({ max: good.length - 1 });
const character = fc.constantFrom(...CHARACTERS);
/** The good token, one to three letters of it changed, put in or taken out. */
const mutated = fc
  .array(fc.tuple(position, fc.constantFrom('put', 'change', 'take', 'swap'), character), {
    minLength: 1,
    maxLength: 3,
  })
  .map((edits) =>
    edits.reduce((text, [at, kind, char]) => {
      if (kind === 'put') return text.slice(0, at) + char + text.slice(at);
      if (kind === 'take') return text.slice(0, at) + text.slice(at + 1);
      if (kind === 'change') return text.slice(0, at) + char + text.slice(at + 1);
      return text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2);
    }, good),
  );
const parts = fc.constantFrom(
  header,
  payload,
  signature,
  '',
  'e30',
  'bnVsbA',
  'W10',
  'IiI',
  'A',
  'AB',
  header + payload,
);
const joined = fc.array(parts, { maxLength: 6 }).map((list) => list.join('.'));
const json = fc.json({ maxDepth: 3 });
/** Members written down by hand, so that one can stand twice, escaped or not. */
const members = fc
  .array(
    fc.tuple(
      fc.constantFrom('sub', 's\\u0075b', 'aud', 'exp', '__proto__', 'crit', 'alg', 'kid'),
      fc.json({ maxDepth: 1 }),
    ),
    { maxLength: 5 },
  )
  .map((list) => `{${list.map(([name, text]) => `"${name}":${text}`).join(',')}}`);
const soundHeader = fc.constant(JSON.stringify({ alg: 'ES256', typ: 'txntoken+jwt', kid: key.kid }));
const text = fc.oneof(json, members, soundHeader);
const stranger = makeKey('ES256', { kid: key.kid });
/** Any header and payload, signed by somebody else. */
const forged = fc.tuple(text, text).map(([head, claims]) => forge(head, claims, stranger));
const inputs = fc.oneof(
  { weight: 6, arbitrary: mutated },
  { weight: 2, arbitrary: joined },
  { weight: 3, arbitrary: forged },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

/** All that a reader may rely on, asked of another decoder. */
function expectSound(token: string, jws: CompactJws): void {
  const { encoded } = jws;
  must(`${encoded.protected}.${encoded.payload}.${encoded.signature}` === token, 'The parts are not the token.');
  for (const part of Object.values(encoded) as string[]) {
    must(Buffer.from(part, 'base64url').toString('base64url') === part, 'A part has more than one spelling.');
  }
  const [head = '', claims = ''] = [encoded.protected, encoded.payload].map((part) =>
    Buffer.from(part, 'base64url').toString(),
  );
  must(isDeepStrictEqual(JSON.parse(claims), jws.claims), 'The claims are not what JSON says.');
  const { alg, kid, crit, b64 } = JSON.parse(head) as Record<string, unknown>;
  must(alg === jws.header.alg && kid === jws.header.kid, 'The header is not what JSON says.');
  must(crit === undefined && b64 === undefined, 'A critical header was passed over.');
  // Read by hand, name by name: the generated members are the only ones with these names at the top.
  const top = Object.values(jws.claims).every((value) => typeof value !== 'object' && typeof value !== 'string');
  must(!top || [...claims.matchAll(/"(sub|s\\u0075b)":/g)].length < 2, 'A member stands twice.');
}

describe('compact parsing', () => {
  let verificationKey: VerificationKey;
  beforeAll(async () => (verificationKey = await importVerificationKey(key.publicJwk, 'ES256')));
  const expectations: JwsExpectations = {
    algorithms: ['ES256'],
    keys: { find: () => Promise.resolve(verificationKey) },
    types: ['txntoken+jwt'],
  };

  it(title('takes apart or refuses, and no token is verified but the one that was signed'), async () => {
    const seen = { parsed: 0, refused: 0 };
    await checkAsync(inputs, async (token) => {
      try {
        const jws = parseCompact(token);
        expectSound(token, jws);
        seen.parsed++;
        await verifyJws(jws, expectations);
        // An edit can undo another one.
        must(token === good, 'A token that nobody signed was verified.');
      } catch (error) {
        const { message } = refusal(error, 'token_invalid');
        must(token.length < 12 || !message.includes(token.slice(0, 12)), 'The message quotes the token.');
        seen.refused++;
      }
    });
    expect(Math.min(seen.parsed, seen.refused)).toBeGreaterThan(1000);
  });
});
