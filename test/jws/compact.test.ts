import { DEFAULT_MAX_TOKEN_BYTES, parseCompact, unverifiedIssuer, type Padding } from '../../src/jws/compact';
import { faultOf } from '../support/errors';
import { encodePart, forge, makeKey, transactionToken, transactionTokenClaims } from '../support/tokens';

const key = makeKey();
const good = transactionToken(key);
const [protectedPart, payload, signature] = good.split('.') as [string, string, string];
const header = { alg: 'ES256', typ: 'txntoken+jwt', kid: key.kid };

/** The same bytes, spelt with bits that do not count: 64 bytes leave four bits unused in the last character. */
const otherTail = (): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spelling = signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) + 1]!;
  expect(Buffer.from(spelling, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
  return `${protectedPart}.${payload}.${spelling}`;
};

describe('parseCompact', () => {
  it('takes a good token apart', () => {
    expect(parseCompact(good)).toEqual({
      header: { ...header, claims: {} },
      claims: transactionTokenClaims,
      encoded: { protected: protectedPart, payload, signature },
    });
  });

  it('takes claims out of the header, where an edge puts them', () => {
    const claims = { iss: 'https://a.example', exp: 7, client: 'c', signer: ['s'] };
    const token = `${encodePart({ ...header, ...claims, jwk: {} })}.${payload}.${signature}`;
    expect(parseCompact(token).header).toEqual({ ...header, claims });
  });

  it.each<[string, Padding, Padding | undefined]>([
    ['unpadded', 'none', 'required'],
    ['padded', 'required', 'none'],
  ])('takes %s parts only where they are to be so', async (_name, right, wrong) => {
    // 86 characters of signature: two are missing.
    const end = right === 'required' ? '==' : '';
    const pad = (part: string): string =>
      right === 'required' ? part.padEnd(Math.ceil(part.length / 4) * 4, '=') : part;
    const token = [protectedPart, payload, signature].map(pad).join('.');
    expect(token.endsWith(`${signature}${end}`)).toBe(true);
    for (const padding of [right, 'optional'] as const) expect(parseCompact(token, 8192, padding)).toBeDefined();
    expect(await faultOf(() => parseCompact(token, 8192, wrong))).toBe('malformed');
  });

  it.each(['=', '===', 'x=', 'xx===', 'xxx==', 'xxxx=', 'xx=x', 'xB==', 'xxB=', 'AA=A'])(
    'refuses a signature padded as %s',
    async (part) => {
      for (const padding of ['none', 'required', 'optional'] as const)
        expect(await faultOf(() => parseCompact(`${protectedPart}.${payload}.${part}`, 8192, padding))).toBe(
          'malformed',
        );
    },
  );

  it.each([
    ['nothing', ''],
    ['one part', protectedPart],
    ['two parts', `${protectedPart}.${payload}`],
    ['four parts', `${good}.${signature}`],
    ['five parts (JWE)', `${good}.${signature}.${signature}`],
    ['an empty header', `.${payload}.${signature}`],
    ['an empty payload', `${protectedPart}..${signature}`],
    ['an empty signature', `${protectedPart}.${payload}.`],
    ['a trailing newline', `${good}\n`],
    ['a leading blank', ` ${good}`],
    ['a blank in the middle', `${protectedPart}. ${payload}.${signature}`],
    ['padding on the signature', `${good}==`],
    ['padding on the payload', `${protectedPart}.${payload}=.${signature}`],
    ['padding inside', `${protectedPart}.${payload.slice(0, 4)}=${payload.slice(4)}.${signature}`],
    ['the alphabet of plain base64', `${protectedPart}.${payload}.${'+/'.repeat(43)}`],
    ['unused bits that are set', otherTail()],
    ['a length that base64 cannot have', `${protectedPart}.${payload}.${signature.slice(0, 85)}`],
    ['a length that base64 cannot have, whatever it ends in', `${protectedPart}.${payload}.AAAAA`],
    ['unused bits that are set in the last of two', `${protectedPart}.${payload}.AE`],
    ['a NUL', `${good}\u0000`],
    ['a byte order mark in front', `\uFEFF${good}`],
    ['a letter outside of ASCII', `${protectedPart}.${payload}.${signature.slice(0, -1)}é`],
    ['a comma and a second token', `${good},${good}`],
  ])('refuses %s', async (_, token) => {
    expect(await faultOf(() => parseCompact(token))).toBe('malformed');
  });

  it.each([
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
    ['an overlong UTF-8 spelling', Buffer.from([0x7b, 0x22, 0xc1, 0xa1, 0x22, 0x3a, 0x31, 0x7d])],
    ['a byte order mark', '\uFEFF{"iss":"a"}'],
    ['a NUL behind it', '{"iss":"a"}\u0000'],
    ['a list', '[]'],
    ['no JSON', 'hello'],
    ['a member twice', '{"sub":"a","sub":"b"}'],
    ['1e400', '{"exp":1e400}'],
  ])('refuses a header and a payload that are %s', async (_, part) => {
    expect(await faultOf(() => parseCompact(forge(header, part, key)))).toBe('malformed');
    expect(await faultOf(() => parseCompact(forge(part, {}, key)))).toBe('malformed');
  });

  it.each([
    [{ crit: ['exp'], exp: 1 }, 'critical'],
    [{ crit: [] }, 'critical'],
    [{ crit: null }, 'critical'],
    [{ crit: ['b64'], b64: false }, 'critical'],
    [{ crit: ['alg', 'alg'] }, 'critical'],
    [{ b64: false }, 'critical'],
    [{ b64: true }, 'critical'],
    [{ alg: undefined }, 'malformed'],
    [{ alg: ['ES256'] }, 'malformed'],
    [{ alg: 1 }, 'malformed'],
    [{ typ: 7 }, 'malformed'],
    [{ typ: null }, 'malformed'],
    [{ kid: undefined }, 'key_unknown'],
    [{ kid: '' }, 'key_unknown'],
    [{ kid: 7 }, 'key_unknown'],
    [{ kid: ['k'] }, 'key_unknown'],
    [{ kid: 'k'.repeat(257) }, 'key_unknown'],
  ])('refuses the header members %j as %s', async (members, fault) => {
    expect(await faultOf(() => parseCompact(forge({ ...header, ...members }, {}, key)))).toBe(fault);
  });

  it('takes a key ID of 256 characters', () => {
    const kid = 'k'.repeat(256);
    expect(parseCompact(forge({ ...header, kid }, {}, key)).header.kid).toBe(kid);
  });

  it('measures before it decodes', async () => {
    const decode = jest.spyOn(Buffer, 'from');
    const token = `${protectedPart}.${'A'.repeat(1_000_000)}.${signature}`;
    expect(await faultOf(() => parseCompact(token))).toBe('too_large');
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
  });

  it('takes tokens up to the limit and none above it', async () => {
    const sized = (length: number): string => `${protectedPart}.${payload}.${'A'.repeat(length)}`.slice(0, length);
    expect(await faultOf(() => parseCompact(sized(DEFAULT_MAX_TOKEN_BYTES + 4)))).toBe('too_large');
    expect(parseCompact(good, good.length).header.kid).toBe(key.kid);
    expect(await faultOf(() => parseCompact(good, good.length - 1))).toBe('too_large');
  });

  it('does not let members of the prototype stand in for missing ones', async () => {
    expect(await faultOf(() => parseCompact(forge('{"constructor":"ES256"}', {}, key)))).toBe('malformed');
  });
});

describe('unverifiedIssuer', () => {
  const issuerOf = (claims: object): string =>
    unverifiedIssuer(parseCompact(`${protectedPart}.${encodePart(claims)}.${signature}`));

  it('gives the issuer', () => {
    expect(issuerOf({ iss: 'https://a.example' })).toBe('https://a.example');
  });

  it.each([[{}], [{ iss: ['https://a.example'] }], [{ iss: null }], [{ iss: 7 }]])('refuses %j', async (claims) => {
    expect(await faultOf(() => issuerOf(claims))).toBe('issuer');
  });
});
