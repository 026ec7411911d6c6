import { generateKeyPairSync } from 'node:crypto';
import { redact } from '../../src/logging/redact';
import { tokenInvalid } from '../../src/core/errors';
import { encodePart, makeKey, rawSignature, transactionToken } from '../support/tokens';

const key = makeKey();
const token = transactionToken(key);
const [, payload = '', signature = ''] = token.split('.');
const R = '[redacted]';

/** A token whose header is spelt with white space in front: still a JWS, but it does not begin with "eyJ". */
const spaced = (before: string): string => {
  const input = `${encodePart(`{${before}"alg":"ES256"}`)}.${encodePart(`{${before}"sub":"ada"}`)}`;
  return `${input}.${rawSignature('ES256', input, key.privateKey).toString('base64url')}`;
};

describe('redact()', () => {
  it.each<[string, unknown, unknown]>([
    ['a token', token, R],
    ['a token in a sentence', `got ${token}, sorry`, `got ${R}, sorry`],
    ['two tokens', `${token} ${token}`, `${R} ${R}`],
    ['a token behind a dotted word', `hosts.example.${token}`, R],
    ['a token behind a letter', `x${token}`, R],
    ['a token without signature', `${token.slice(0, token.lastIndexOf('.'))}.`, R],
    ['a token cut short', token.slice(0, token.lastIndexOf('.') - 20), R],
    ['a JWE of five parts', `${token}.${payload}.${signature}`, R],
    ['a token with a blank in its header', spaced(' '), R],
    ['a token with a line end in its header', spaced('\n'), R],
    ['a token in a path', `/a/${token}/b`, `/a/${R}/b`],
    ['a nested token', { a: [{ b: token }] }, { a: [{ b: R }] }],
    ['a token as a name', { [token]: 1 }, { [R]: 1 }],
    ['an Authorization value', 'Authorization: Bearer abc.def-123456', `Authorization: Bearer ${R}`],
    ['Basic, with a tab', 'basic\tdXNlcjpwYXNz', `basic ${R}`],
    ['a private key in PEM', `key: ${pem()} end`, `key: ${R} end`],
    ['a private key cut short', pem().slice(0, 80), R],
    [
      'a private JWK',
      { jwk: { kty: 'EC', kid: 'a', x: 'x', d: 'hush' } },
      { jwk: { kty: 'EC', kid: 'a', x: 'x', d: R } },
    ],
    ['a symmetric JWK', { kty: 'oct', k: 'hush' }, { kty: 'oct', k: R }],
    ['a d that is no key', { d: 1, k: 2, p: 3 }, { d: 1, k: 2, p: 3 }],
    [
      'words with dots',
      'iis-baton.example.com v1.2.3-beta.4 key.monkey.eyes',
      'iis-baton.example.com v1.2.3-beta.4 key.monkey.eyes',
    ],
    ['a name that begins like a token', 'eyewitness-news.example.com', 'eyewitness-news.example.com'],
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a broken date', { at: new Date(NaN) }, { at: null }],
    ['bytes', { b: Buffer.from('hush'), c: new Uint8Array(2) }, { b: '[binary]', c: '[binary]' }],
    ['a big number', { n: 2n ** 70n }, { n: '1180591620717411303424' }],
    ['what JSON does not know', { u: undefined, s: Symbol('s'), f: () => 1, list: [undefined] }, { list: [null] }],
    ['numbers and truth', { a: 0, b: -1.5, c: true, d: null, e: '' }, { a: 0, b: -1.5, c: true, d: null, e: '' }],
  ])('%s', (_name, value, expected) => {
    expect(JSON.parse(JSON.stringify(redact({ value })))).toEqual({ value: expected });
  });

  it.each([
    ...['authorization', 'Authorization', 'Proxy-Authorization', 'cookie', 'Set-Cookie', 'Txn-Token', 'token'],
    ...['password', 'userPassword', 'passwd', 'passphrase', 'clientSecret', 'client_secret', 'access_token', 'idToken'],
    ...[
      'refreshToken',
      'SessionToken',
      'x-amz-security-token',
      'secretAccessKey',
      'aws_secret_access_key',
      'x-api-key',
    ],
    ...['apiKey', 'privateKey', 'private_key', 'client_assertion', 'credentials'],
  ])('hides the member %s, whatever it holds', (name) => {
    for (const value of ['hush', ['hush'], { a: 'hush' }, 7]) {
      expect(redact({ deep: { [name]: value } })).toEqual({ deep: { [name]: R } });
    }
  });

  it.each(['tokenType', 'passwordless', 'secretary', 'cookies accepted', 'keys', 'authorizationServer'])(
    'shows %s',
    (name) => {
      expect(redact({ [name]: 'x' })).toEqual({ [name]: 'x' });
    },
  );

  it('shows errors with their causes, codes and reasons, and no secret', () => {
    const cause = new Error(`upstream said ${token}`, { cause: { authorization: 'x', deeper: new TypeError(token) } });
    const refused = tokenInvalid('signature', 'No match.', cause);
    const shown = redact({ error: refused, bug: new RangeError(`at ${token}`) });
    expect(shown).toMatchObject({
      error: {
        name: 'BatonError',
        code: 'token_invalid',
        reason: 'signature',
        cause: {
          name: 'Error',
          message: `upstream said ${R}`,
          cause: { authorization: R, deeper: { name: 'TypeError' } },
        },
      },
      bug: { name: 'RangeError', message: `at ${R}`, stack: expect.stringContaining('redact.test') },
    });
    // A refusal is the caller's doing: no stack.
    expect(shown.error).not.toHaveProperty('stack');
    expect(JSON.stringify(shown)).not.toContain(signature);
  });

  it('takes whatever is handed in', () => {
    const circle: Record<string, unknown> = { name: 'circle', list: [] };
    circle.self = circle;
    (circle.list as unknown[]).push(circle);
    const looped = new Error('looped');
    looped.cause = looped;
    const twin = { a: 1 };
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const getter = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(redact({ circle, looped, twins: [twin, twin], hostile, getter, bare: Object.create(null) })).toMatchObject({
      circle: { name: 'circle', self: '[circular]', list: ['[circular]'] },
      looped: { message: 'looped', cause: '[circular]' },
      twins: [{ a: 1 }, { a: 1 }],
      hostile: '[unreadable]',
      getter: '[unreadable]',
      bare: {},
    });
    expect(redact({ revoked: revoked.proxy })).toEqual({ revoked: '[unreadable]' });
    const prototype = redact(JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>);
    expect([Object.getPrototypeOf(prototype), ({} as { polluted?: 1 }).polluted]).toEqual([
      Object.prototype,
      undefined,
    ]);
  });

  it('keeps of a line with a member that cannot be read all the others', () => {
    const fields = { event: 'x', token };
    Object.defineProperty(fields, 'bad', {
      enumerable: true,
      get: () => {
        throw new Error('no');
      },
    });
    expect(redact(fields)).toEqual({ event: 'x', token: '[redacted]', bad: '[unreadable]' });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(redact(revoked.proxy)).toEqual({ fields: '[unreadable]' });
  });

  it('lets no toJSON of the fields write in their place', () => {
    const toJSON = (): string => token;
    expect(JSON.stringify(redact({ a: { b: 1, toJSON }, toJSON, list: [toJSON, Symbol('x')] }))).toBe(
      '{"a":{"b":1},"list":[null,null]}',
    );
  });

  it('cuts off depth and size', () => {
    let deep: object = { end: token };
    for (let i = 0; i < 10_000; i++) deep = { deep };
    // Ten names that all lead back down: 10^8 paths within the depth limit.
    const wide: Record<string, unknown>[] = Array.from({ length: 10 }, () => ({}));
    for (const one of wide) wide.forEach((other, index) => (one[`to${index}`] = other));
    const texts = [{ deep }, { wide }, { list: Array.from({ length: 1e6 }, () => 'x') }].map((fields) =>
      JSON.stringify(redact(fields)),
    );
    expect(texts[0]).toContain('[too deep]');
    for (const text of texts) expect(text.length).toBeLessThan(100_000);
  });

  it.each([
    ['the start of a token, over and over', 'eyJ'.repeat(100_000)],
    ['one long word', 'ey' + 'a'.repeat(300_000)],
    ['dots', 'ey.'.repeat(100_000)],
    ['Bearer, over and over', 'Bearer '.repeat(50_000)],
    ['blanks behind Bearer', `Bearer${' '.repeat(300_000)}`],
    ['beginnings of keys', '-----BEGIN PRIVATE KEY-----'.repeat(10_000)],
    ['words before a key', `-----BEGIN ${'A '.repeat(100_000)}PRIVATE KEY-----`],
  ])('takes no longer for %s', (_name, text) => {
    const start = process.cpuUsage();
    redact({ text, [text]: 1 });
    const { user, system } = process.cpuUsage(start);
    // Linear work takes some milliseconds; quadratic work took minutes.
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});

function pem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().trim();
}
