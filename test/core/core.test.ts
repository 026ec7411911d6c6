import { nowSeconds, systemClock } from '../../src/core/clock';
import { ERROR_TABLE, type ErrorCode } from '../../src/core/error-codes';
import { asBatonError, BatonError, formatProblems, tokenInvalid } from '../../src/core/errors';
import { definedMembers } from '../../src/core/objects';
import { checkOptionNames, secureUrl, unknownName, wholeNumber } from '../../src/core/options';
import { optionalPeer } from '../../src/core/peers';
import { codeOf, thrownBy } from '../support/errors';

describe('the error table', () => {
  const statuses = { caller: [400, 401, 403, 404, 409, 413], dependency: [502, 503], config: [500], bug: [500] };

  it.each(Object.entries(ERROR_TABLE))('%s has a status of its kind and a sentence for everybody', (_, entry) => {
    expect(statuses[entry.kind]).toContain(entry.status);
    expect(entry.publicMessage).toMatch(/^[A-Z].*\.$/);
  });
});

describe('BatonError', () => {
  it.each(Object.keys(ERROR_TABLE) as ErrorCode[])('%s brings kind, status and public sentence', (code) => {
    const cause = new Error('inner');
    const error = new BatonError(code, 'what was wrong', { cause, reason: 'because', retryAfterSeconds: 5 });
    expect(error).toMatchObject({ ...ERROR_TABLE[code], code, cause, reason: 'because', retryAfterSeconds: 5 });
    expect([error.name, error.message, error.problems, error.missingScopes]).toEqual([
      'BatonError',
      'what was wrong',
      [],
      [],
    ]);
  });

  it('has no cause where there is none', () => {
    expect('cause' in new BatonError('internal', 'm')).toBe(false);
    expect(tokenInvalid('expired', 'm')).toMatchObject({ code: 'token_invalid', reason: 'expired' });
  });

  it('wraps what Baton did not throw', () => {
    const own = new BatonError('token_invalid', 'm');
    expect(asBatonError(own)).toBe(own);
    for (const thrown of [new TypeError('x'), 'text', undefined, null]) {
      expect(asBatonError(thrown)).toMatchObject({ code: 'internal', status: 500 });
    }
    expect(asBatonError('text').cause).toBe('text');
  });

  it('lists problems by pointer', () => {
    const problems = [
      { pointer: '', message: 'is empty' },
      { pointer: '/a/0', message: 'is missing' },
    ];
    expect(formatProblems(problems)).toBe('  (document): is empty\n  /a/0: is missing');
  });
});

describe('options', () => {
  const known = { policy: true, basePath: true, clockToleranceSeconds: true } as const;
  const check = (options: unknown): void => checkOptionNames('baton', options as object, known);

  it('lets known names pass', () => {
    expect(() => check({})).not.toThrow();
    expect(() => check({ policy: undefined, basePath: '/x' })).not.toThrow();
  });

  it.each([
    ['basepath', 'did you mean "basePath"?'],
    ['base_path', 'did you mean "basePath"?'],
    ['polcy', 'did you mean "policy"?'],
    ['clockToleranceSecond', 'did you mean "clockToleranceSeconds"?'],
    ['retries', 'known are: policy, basePath, clockToleranceSeconds'],
    ['__proto__', 'known are:'],
    ['constructor', 'known are:'],
  ])('refuses %s', async (name, hint) => {
    const error = await thrownBy(() => check(JSON.parse(`{"${name}":1}`)));
    expect(error.code).toBe('option_unknown');
    expect(error.message).toContain(`baton: option "${name}"`);
    expect(error.message).toContain(hint);
  });

  it.each([null, 'x', 7, []])('refuses %j for options', async (options) => {
    expect(await codeOf(() => check(options))).toBe('option_invalid');
  });

  it('suggests nothing that is far away', () => {
    expect(unknownName('abc', ['xyz'])).toBe('"abc" is not known here; known are: xyz');
  });

  it('checks whole numbers', async () => {
    const bounds = { fallback: 30, min: 0, max: 300 };
    const read = (value: unknown): number => wholeNumber('baton', 'n', value as number, bounds);
    expect([undefined, 0, 300].map(read)).toEqual([30, 0, 300]);
    for (const value of [-1, 301, 1.5, NaN, Infinity, '30', null]) {
      expect(await codeOf(() => read(value))).toBe('option_invalid');
    }
  });

  it.each([
    'https://a.example/x',
    'http://localhost:80',
    'http://127.0.0.1',
    'http://127.1.2.3:8080',
    'http://[::1]:1',
  ])('trusts %s', (url) => expect(secureUrl('keys', url)).toEqual(new URL(url)));

  it.each([
    'http://a.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://128.0.0.1',
    'http://[::2]',
    'http://0.0.0.0',
    'http://localhost@evil.example',
    'ftp://localhost',
    'file:///etc/passwd',
    'data:application/json,{}',
    '/keys.json',
    '',
  ])('does not trust %j', async (url) => {
    expect(await codeOf(() => secureUrl('keys', url))).toBe('option_invalid');
  });
});

describe('small things', () => {
  it('leaves undefined members out and freezes', () => {
    const members = definedMembers<{ a: number; b?: number; c: null }>({ a: 1, b: undefined, c: null });
    expect(Object.keys(members)).toEqual(['a', 'c']);
    expect(Object.isFrozen(members)).toBe(true);
  });

  it('counts whole seconds', () => {
    expect(nowSeconds(() => 1999)).toBe(1);
    expect(Math.abs(systemClock() - Date.now())).toBeLessThan(1000);
  });

  it('names the package that is missing', async () => {
    expect(optionalPeer('a', 'It', () => 7)).toBe(7);
    const cause = new Error('Cannot find module');
    const missing = (): never => {
      throw cause;
    };
    const error = await thrownBy(() => optionalPeer('@aws-sdk/client-lambda', 'Offloading', missing));
    expect(error).toMatchObject({ code: 'peer_missing', cause });
    expect(error.message).toContain('npm install @aws-sdk/client-lambda');
  });
});
