import { createHash } from 'node:crypto';
import { policyDigest } from '../../src/policy/digest';

it.each<[unknown, string]>([
  [{ b: { d: true, c: null }, a: [1, 'x', []] }, '{"a":[1,"x",[]],"b":{"c":null,"d":true}}'],
  [{ é: 1, z: 2, B: 3, a: 4 }, '{"B":3,"a":4,"z":2,"é":1}'],
  [['b', 'a'], '["b","a"]'],
  [{}, '{}'],
  [null, 'null'],
])('of %j is SHA-256 over its canonical JSON', (document, canonical) => {
  expect(policyDigest(document)).toBe(`sha256-${createHash('sha256').update(canonical).digest('base64url')}`);
});
