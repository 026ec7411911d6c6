import fc from 'fast-check';
import type { LogFields } from '../../src/core/logger';
import { addFlatFields } from '../../src/logging/flat-fields';
import { redact } from '../../src/logging/redact';

const token = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';

const flat = (fields: LogFields): Record<string, unknown> | undefined => {
  const line = {};
  return addFlatFields(line, fields) ? line : undefined;
};

const written = (fields: unknown): unknown => JSON.parse(JSON.stringify(fields)) as unknown;

describe('addFlatFields()', () => {
  it('writes what redact() writes, or leaves it to it', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('path', 'token', 'Authorization', 'kty', 'd', 'message', '__proto__', '0', token),
    );
    const text = fc.oneof(fc.string(), fc.constantFrom(token, `Bearer ${token}`, '-----BEGIN PRIVATE KEY-----x'));
    const value = fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.double(), fc.boolean(), fc.anything());
    let taken = 0;
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 6 }), (fields) => {
        const line = flat(fields);
        if (line === undefined) return;
        taken++;
        expect(written(line)).toEqual(written(redact(fields)));
      }),
      { numRuns: 2000, seed: 4711 },
    );
    expect(taken).toBeGreaterThan(0);
  });

  it('takes the line of a request, in its order', () => {
    const fields = {
      type: 'request',
      status: 200,
      path: `/x/${token}`,
      roles: ['clerk', token],
      cookie: 'a=b',
      password: undefined,
      aborted: undefined,
    };
    expect(JSON.stringify(flat(fields))).toBe(
      '{"type":"request","status":200,"path":"/x/[redacted]","roles":["clerk","[redacted]"],"cookie":"[redacted]","password":"[redacted]"}',
    );
  });

  it.each<[string, LogFields]>([
    ['an object in it', { a: {} }],
    ['a list of lists', { a: [['b']] }],
    ['a big number', { a: 1n }],
    ['a name that stands first in each line', { level: 'forged' }],
    ['a key', { kty: 'EC', d: 'hush' }],
    ['a name that holds a token', { [token]: 1 }],
    ['a prototype of its own', Object.create({ a: 1 }) as LogFields],
    ['an error', new Error('x') as unknown as LogFields],
    ['a list', [] as unknown as LogFields],
    ['more than it is worth', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`f${index}`, 1]))],
    [
      'a getter that throws',
      {
        get a(): never {
          throw new Error('x');
        },
      },
    ],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error('x');
          },
        },
      ),
    ],
  ])('leaves %s to redact()', (_what, fields) => {
    expect(flat(fields)).toBeUndefined();
  });
});
