import type { Jwk } from '../../src/jws/keys';
import { relayKeys } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';
import { makeKey, NOW, rawSignature, withSignature } from '../support/tokens';
import { good } from './bad-tokens';
import { answering, doorPolicy, frontDoors, type FrontDoor } from './front-doors';

const rsa = makeKey('RS256', { kid: 'key-1' });
const weak = makeKey('RS256', { kid: 'key-1', bits: 1024 });
const p384 = makeKey('ES384', { kid: 'key-1' });
const ed25519 = makeKey('EdDSA', { kid: 'key-1' });
const fresh = makeKey('ES256', { kid: 'key-2' });
const others = Object.values(relayKeys);

/** A door whose keys come from a server that answers what it is told, and whose clock is wound by hand. */
function openWith(door: FrontDoor, answer: () => unknown) {
  const asked: string[] = [];
  let nowMs = NOW * 1000;
  const knock = door.open({
    policy: doorPolicy(),
    clock: () => nowMs,
    fetch: answering(asked, answer),
    logger: recordingLogger(),
  });
  return { knock, asked, passes: (seconds: number) => (nowMs += seconds * 1000) };
}

const keyOf = ({ key }: FrontDoor, changes: Jwk = {}): Jwk => ({ ...key.publicJwk, ...changes });
const pem = ({ key }: FrontDoor): string => key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const secretKey = (k: string): object => ({ kty: 'oct', kid: 'key-1', alg: 'HS256', k });

describe.each(frontDoors)('the keys of $name', (door) => {
  it.each<[string, (door: FrontDoor) => unknown]>([
    ['nothing in it', () => []],
    ['null', () => [null]],
    ['a text', () => ['key-1']],
    ['a number', () => [1]],
    ['an empty object', () => [{}]],
    ['its key without an ID', () => [keyOf(door, { kid: undefined })]],
    ['its key under an empty ID', () => [keyOf(door, { kid: '' })]],
    ['its key under an ID that only becomes a text', () => [keyOf(door, { kid: ['key-1'] })]],
    ['its key for encryption', () => [keyOf(door, { use: 'enc' })]],
    ['its key for another operation', () => [keyOf(door, { key_ops: ['encrypt'] })]],
    ['its key for another algorithm', () => [keyOf(door, { alg: 'ES384' })]],
    ['its key of a type that only becomes a text', () => [keyOf(door, { kty: ['EC'] })]],
    ['its key without a coordinate', () => [keyOf(door, { y: undefined })]],
    ['its key with an empty coordinate', () => [keyOf(door, { x: '' })]],
    ['a point off the curve', () => [keyOf(door, { x: Buffer.alloc(32, 5).toString('base64url') })]],
    ['an RSA key of its ID', () => [rsa.publicJwk, { ...rsa.publicJwk, alg: undefined }]],
    ['an RSA key of 1024 bits', () => [{ ...weak.publicJwk, alg: undefined }]],
    ['a key of P-384', () => [{ ...p384.publicJwk, alg: undefined }]],
    ['an Ed25519 key', () => [{ ...ed25519.publicJwk, alg: undefined }]],
    ['a secret that is empty', () => [secretKey('')]],
    ['a secret that is the public PEM', () => [secretKey(Buffer.from(pem(door)).toString('base64url'))]],
    ['two keys of one ID', () => [keyOf(door), { ...fresh.publicJwk, kid: 'key-1' }]],
  ])('let nobody in where the set has %s', async (_name, keys) => {
    const { knock } = openWith(door, () => ({ keys: keys(door) }));
    expect(await knock(good(door))).toEqual(door.refused);
    for (const secret of ['', pem(door)]) {
      const token = door.mint(door.key, { header: { alg: 'HS256' } });
      const input = token.slice(0, token.lastIndexOf('.'));
      expect(await knock(withSignature(token, rawSignature('HS256', input, secret)))).toEqual(door.refused);
    }
  });

  it.each<[string, unknown]>([
    ['an empty text', ''],
    ['null', null],
    ['a number', 7],
    ['a list', []],
    ['no set', {}],
    ['null for keys', { keys: null }],
    ['the set as a text', { keys: JSON.stringify([door.key.publicJwk]) }],
    ['a PEM', pem(door)],
  ])('are unavailable where the answer is %s: nobody comes in, and nobody is called invalid', async (_name, answer) => {
    const seen = await openWith(door, () => answer).knock(good(door));
    expect(seen).not.toEqual(door.admitted);
    expect(seen).not.toEqual(door.refused);
  });

  it('are its own: a key of another issuer under the same ID opens nothing', async () => {
    const { knock } = openWith(door, () => ({ keys: [keyOf(door)] }));
    for (const key of others.filter((other) => other !== door.key)) {
      expect(await knock(door.mint(key))).toEqual(door.refused);
    }
    expect(await knock(good(door))).toEqual(door.admitted);
  });

  it('stop to work when they are withdrawn, for a token that was let in before too', async () => {
    let keys = [keyOf(door)];
    const { knock, passes } = openWith(door, () => ({ keys }));
    const early = good(door);
    expect(await knock(early)).toEqual(door.admitted);
    keys = [fresh.publicJwk];
    passes(2);
    // The new key is used for the first time; its ID is what makes the door ask.
    expect(await knock(door.mint(fresh))).toEqual(door.admitted);
    expect(await knock(early)).toEqual(door.refused);
    expect(await knock(good(door))).toEqual(door.refused);
  });

  it('are asked for once more in a flood of 1,000 made-up IDs, and a rotation is seen within 2 s of it', async () => {
    let keys = [keyOf(door)];
    const { knock, asked, passes } = openWith(door, () => ({ keys }));
    expect(await knock(good(door))).toEqual(door.admitted);
    passes(2);
    const flood = async (size: number): Promise<void> => {
      for (let i = 0; i < size; i++) {
        expect(await knock(door.mint(door.key, { header: { kid: `made-up-${i}` } }))).toEqual(door.refused);
      }
    };
    await flood(500);
    expect(await knock(good(door))).toEqual(door.admitted);
    await flood(500);
    expect(asked).toHaveLength(2);
    keys = [keyOf(door), fresh.publicJwk];
    passes(2);
    expect(await knock(door.mint(fresh))).toEqual(door.admitted);
    expect(asked).toHaveLength(3);
  });
});

describe.each(frontDoors)('what $name remembers', (door) => {
  const open = () => openWith(door, () => ({ keys: [keyOf(door)] }));

  it('is one token, and no other with the same end', async () => {
    const { knock } = open();
    const token = good(door);
    const [header, claims, signature] = token.split('.') as [string, string, string];
    const [otherHeader, otherClaims] = door
      .mint(door.key, { header: { x: 1 }, claims: { [door.subjectClaim]: 'entra:root' } })
      .split('.') as [string, string];
    expect(await knock(token)).toEqual(door.admitted);
    for (const forged of [
      `${header}.${otherClaims}.${signature}`,
      `${otherHeader}.${claims}.${signature}`,
      `${otherHeader}.${otherClaims}.${signature}`,
    ]) {
      expect(await knock(forged)).toEqual(door.refused);
    }
    expect(await knock(token)).toEqual(door.admitted);
  });

  it('is not mixed up between two callers who come in turns', async () => {
    const { knock } = open();
    const tokens = ['7d3c', '8e4d'].map((id) =>
      door.mint(door.key, { claims: { [door.subjectClaim]: door.subjectClaim === 'sub' ? `entra:${id}` : id } }),
    );
    const seen: unknown[] = [];
    for (let turn = 0; turn < 50; turn++) seen.push(await knock(tokens[turn % 2]!));
    expect(seen.filter((_, turn) => turn % 2 === 0)).toEqual(Array.from({ length: 25 }, () => door.admitted));
    const other = JSON.parse(JSON.stringify(door.admitted).replace('7d3c', '8e4d')) as unknown;
    expect(seen.filter((_, turn) => turn % 2 === 1)).toEqual(Array.from({ length: 25 }, () => other));
  });

  it('does not depend on what came before: good and bad in turns, a hundred times', async () => {
    const { knock } = open();
    const [right, wrong] = [good(door), door.mint(door.key, { claims: { aud: 'api://elsewhere' } })];
    for (let turn = 0; turn < 50; turn++) {
      expect(await knock(right)).toEqual(door.admitted);
      expect(await knock(wrong)).toEqual(door.refused);
    }
  });

  it('is nothing to a door of another policy in the same process', async () => {
    const token = good(door);
    expect(await open().knock(token)).toEqual(door.admitted);
    const strangers = doorPolicy({ issuer: 'https://elsewhere.example.com' });
    const fetch = answering([], () => ({ keys: [keyOf(door)] }));
    const knock = door.open({ policy: strangers, clock: () => NOW * 1000, fetch, logger: recordingLogger() });
    expect(await knock(token)).toEqual(door.refused);
  });

  it('ends with the token: used twice while it lasts, and not once after', async () => {
    const { knock, passes } = open();
    const token = door.mint(door.key, { claims: { exp: NOW + 30 } });
    expect(await knock(token)).toEqual(door.admitted);
    passes(29);
    expect(await knock(token)).toEqual(door.admitted);
    passes(61);
    expect(await knock(token)).toEqual(door.refused);
  });
});
