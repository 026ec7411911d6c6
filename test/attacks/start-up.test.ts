import type { Policy } from '../../src/policy/policy';
import { thrownBy } from '../support/errors';
import { invoicesPolicy } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';
import { makeKey, NOW } from '../support/tokens';
import { answering, doorSections, frontDoors, type SectionChanges } from './front-doors';

const key = makeKey('ES256', { kid: 'key-1' });
const weak = makeKey('RS256', { kid: 'key-1', bits: 1024 });
const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const inPlace = (...keys: unknown[]): SectionChanges => ({ keys: { jwks: { keys } } });
const clock = (): number => NOW * 1000;

/** What a configuration can get wrong about keys and algorithms; none of it may lead to a door that opens. */
const faults: readonly [string, SectionChanges][] = [
  ['no list of algorithms', { algorithms: undefined }],
  ['an empty list of algorithms', { algorithms: [] }],
  ['the algorithm none', { algorithms: ['none'] }],
  ['an HMAC among the algorithms', { algorithms: ['ES256', 'HS256'] }],
  ['a pattern for the algorithms', { algorithms: /ES/ }],
  ['a pattern among the algorithms', { algorithms: [/^ES256/g] }],
  ['a pattern for the issuer', { issuer: /^https:\/\/login/g }],
  ['a pattern for the audience', { audience: /.*/ }],
  ['no issuer', { issuer: undefined }],
  ['no audience, or an issuer that is none', { audience: undefined, issuer: '' }],
  ['keys as JSON text', { keys: JSON.stringify({ keys: [key.publicJwk] }) }],
  ['keys as JSON text in place', { keys: { jwks: JSON.stringify({ keys: [key.publicJwk] }) } }],
  ['keys as a PEM', { keys: pem }],
  ['no keys in place', { keys: { jwks: {} } }],
  ['null for a key', inPlace(null)],
  ['a text for a key', inPlace(JSON.stringify(key.publicJwk))],
  ['an empty secret', inPlace({ kty: 'oct', kid: 'key-1', k: '' })],
  ['a secret that is the public PEM', inPlace({ kty: 'oct', kid: 'key-1', k: Buffer.from(pem).toString('base64url') })],
  ['a key of a type that only becomes a text', inPlace({ ...key.publicJwk, kty: { toString: (): string => 'EC' } })],
  ['an RSA key of 1024 bits', { algorithms: ['RS256'], ...inPlace(weak.publicJwk) }],
  ['an exponent of 1', { algorithms: ['RS256'], ...inPlace({ ...makeKey('RS256').publicJwk, e: 'AQ' }) }],
  ['a key of another algorithm', inPlace({ ...key.publicJwk, alg: 'ES384' })],
  ['a key for encryption', inPlace({ ...key.publicJwk, use: 'enc' })],
  ['two keys of one ID', inPlace(key.publicJwk, makeKey('ES256', { kid: 'key-1' }).publicJwk)],
  ['keys over http', { keys: { jwksUri: 'http://keys.example.com/jwks.json' } }],
  ['keys in a file of the machine by URL', { keys: { jwksUri: 'file:///etc/jwks.json' } }],
];

describe.each(frontDoors)('$name', (door) => {
  const open = (policy: Policy) =>
    door.open({
      policy,
      clock,
      fetch: answering([], () => ({ keys: [door.key.publicJwk] })),
      logger: recordingLogger(),
    });
  /** The policy with the fault where this door reads, and nowhere else. */
  const policyWith = (changes: SectionChanges): Policy => {
    const [right, wrong] = [doorSections({}), doorSections(changes)];
    const section = { sub: door.name === 'the function' ? 'handOver' : 'edge', oid: 'identityProviders' }[
      door.subjectClaim
    ]!;
    return invoicesPolicy({ ...right, [section]: wrong[section] });
  };

  it('opens with the policy that the faults are put into', async () => {
    expect(await open(policyWith({}))(door.mint(door.key))).toEqual(door.admitted);
  });

  // A hand-over's audience is the function itself; the policy does not say it.
  const audience = (name: string): boolean => name.includes('for the audience') && door.name === 'the function';

  it.each(faults.filter(([name]) => !audience(name)))('does not start with %s', async (_name, changes) => {
    const { kind } = await thrownBy(() => open(policyWith(changes)));
    expect(kind).toBe('config');
  });
});
