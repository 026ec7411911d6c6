import { KnownKeySources } from '../../src/keys/known';
import { keySourceAt, type KeyLocation } from '../../src/keys/source';

const URL_OF = (name: string): KeyLocation => ({ jwksUri: `https://${name}.example.com/jwks.json` });

it('the next policy has the sources that both name; what it does not name is dropped', () => {
  const sourceIn = (known: KnownKeySources, name: string, algorithm: 'ES256' | 'RS256' = 'ES256') =>
    keySourceAt(URL_OF(name), { algorithms: [algorithm], known });
  const first = new KnownKeySources();
  const [a, b] = [sourceIn(first, 'a'), sourceIn(first, 'b')];
  expect(sourceIn(first, 'a')).toBe(a);
  expect(b).not.toBe(a);
  const second = new KnownKeySources(first);
  expect(sourceIn(second, 'a')).toBe(a);
  expect(sourceIn(second, 'a', 'RS256')).not.toBe(a);
  const third = new KnownKeySources(second);
  expect(sourceIn(third, 'a')).toBe(a);
  // Named by the first alone.
  expect(sourceIn(third, 'b')).not.toBe(b);
});
