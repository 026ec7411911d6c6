import { parseStrictObject } from '../../src/jws/strict-json';
import { faultOf, thrownBy } from '../support/errors';

const nested = (depth: number, open = '{"a":', close = '}'): string => open.repeat(depth) + '1' + close.repeat(depth);

describe('parseStrictObject', () => {
  it.each([
    ['{}', {}],
    ['{"a":"x:y","b":{"a":[{"a":1},{"a":2}]}}', { a: 'x:y', b: { a: [{ a: 1 }, { a: 2 }] } }],
    ['{"a":"\\":\\"","\\\\":1}', { a: '":"', '\\': 1 }],
    ['{"constructor":1,"toString":2}', { constructor: 1, toString: 2 }],
    ['{"a":-1.5e3,"b":null,"c":true}', { a: -1500, b: null, c: true }],
    [nested(16), JSON.parse(nested(16))],
  ])('takes %s', (text, value) => {
    expect(parseStrictObject(text, 'payload')).toEqual(value);
  });

  it.each([
    ['a member twice', '{"sub":"a","sub":"b"}'],
    ['a member twice with the same value', '{"sub":"a","sub":"a"}'],
    ['a member twice, once spelt with escapes', '{"sub":"a","\\u0073ub":"b"}'],
    ['a member twice, deep inside', '{"tctx":{"list":[{"roles":1,"roles":2}]}}'],
    ['a member twice with a colon in its name', '{"a:b":1,"a:b":2}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__ spelt with escapes', '{"__pr\\u006fto__":{"admin":true}}'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
    ['__proto__, deep inside', '{"tctx":[{"__proto__":{}}]}'],
    ['an infinite number', '{"exp":1e400}'],
    ['an infinite negative number, deep inside', '{"a":[{"b":-1e999}]}'],
    ['objects 17 deep', nested(17)],
    ['lists 20,000 deep', `{"a":${nested(20_000, '[', ']')}}`],
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"a"'],
    ['nothing', ''],
    ['two objects', '{}{}'],
    ['a comment', '{}//'],
    ['a byte order mark', '\uFEFF{}'],
    ['a NUL', '{}\u0000'],
    ['a control character in a string', '{"a":"\n"}'],
    ['NaN', '{"a":NaN}'],
    ['a trailing comma', '{"a":1,}'],
    ['single quotes', "{'a':1}"],
  ])('refuses %s', async (_, text) => {
    expect(await faultOf(() => parseStrictObject(text, 'payload'))).toBe('malformed');
  });

  it('quotes nothing of the text in its error', async () => {
    const { message, cause } = await thrownBy(() => parseStrictObject('{"sub":"secret-value",', 'payload'));
    expect(message).not.toContain('secret');
    expect(cause).toBeUndefined();
  });
});
