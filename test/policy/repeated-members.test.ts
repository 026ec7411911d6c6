import { repeatedMembers } from '../../src/policy/repeated-members';

describe('repeatedMembers', () => {
  it.each([
    ['{}', []],
    ['[]', []],
    ['"a"', []],
    ['{"a":{"a":[{"a":1},{"a":2}]},"b":"a","c":["a","a"]}', []],
    ['["a","a","a"]', []],
    ['{"a\\\\\\"b\\"cd":1,"e":{"a":1},"a\\\\\\"b\\"cd":2}', ['/a\\"b"cd']],
    ['{"a":1,"a":2}', ['/a']],
    ['{"a":1,"\\u0061":2}', ['/a']],
    ['{"a":"{\\"b\\":1,","a":"}"}', ['/a']],
    ['{"a":[1,[2,{"b":{},"b":{}}]],"c":{},"a":0}', ['/a/1/1/b', '/a']],
    ['{ "a/b" : 1 ,\r\n "a/b" : 2 , "a/b" : 3 }', ['/a~1b', '/a~1b']],
    ['{"__proto__":1,"__proto__":2}', ['/__proto__']],
    ['[{"x":1},{"x":1,"y":[],"x":[]}]', ['/1/x']],
  ])('%s: %j', (text, pointers) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(repeatedMembers(text)).toEqual(pointers);
  });
});
