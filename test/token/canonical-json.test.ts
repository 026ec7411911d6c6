import { canonicalDigest, canonicalJson } from '../../src/token/canonical-json';

// RFC 8785, section 3.2.4: the bytes that its example comes to.
const rfcBytes = `
  7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72
  75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a
  5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31
  65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37
  5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30
  30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d`;

it('writes the example of RFC 8785 as the RFC does, byte for byte', () => {
  const example = String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`;
  expect(Buffer.from(canonicalJson(JSON.parse(example))).toString('hex')).toBe(rfcBytes.replace(/\s/g, ''));
});

it('puts members in the order of RFC 8785, section 3.2.3: by UTF-16 code units', () => {
  const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
  const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
  const text = canonicalJson(Object.fromEntries(names.map((name) => [name, 0])));
  expect([...text.matchAll(/"([^"]+)":/g)].map(([, name]) => JSON.parse(`"${name}"`) as string)).toEqual(sorted);
});

// RFC 8785, appendix B: IEEE 754 double in hexadecimal, and its text.
it.each([
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
])('writes the number %s as %s', (bits, text) => {
  expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text);
});

it.each([
  ['NaN', Number.NaN],
  ['infinity', -Infinity],
  ['undefined', [undefined]],
  ['a function', { a: () => 1 }],
  ['a big integer', 1n],
  ['half a surrogate pair', '\ud83d'],
  ['half a pair in a name', { '\ude00': 1 }],
])('has no word for %s', (_name, value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
});

it('gives equal things equal digests, and others others', () => {
  expect(canonicalDigest({ b: [1, { d: 2, c: 3 }], a: 1.0 })).toBe(canonicalDigest({ a: 1, b: [1, { c: 3, d: 2 }] }));
  expect(canonicalDigest({ a: 1 })).not.toBe(canonicalDigest({ a: '1' }));
  expect(canonicalDigest(JSON.parse('{"__proto__":{"a":1}}'))).not.toBe(canonicalDigest({}));
});
