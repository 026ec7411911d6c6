import { createHash, sign } from 'node:crypto';
import { importVerificationKey, type Jwk } from '../../src/jws/keys';
import { signJws, type Signer } from '../../src/jws/sign';
import { verifyJws } from '../../src/jws/verify';
import { keyRingText, newKeyRing, publicKeySet, rotateKeyRing } from '../../src/keys/key-ring';
import { kmsSigner } from '../../src/keys/kms-signer';
import { secretsManagerSigner } from '../../src/keys/secret-signer';
import { startAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint';
import { codeOf, thrownBy } from '../support/errors';
import { encodePart, makeKey } from '../support/tokens';
import { waitFor } from '../support/wait';

const key = makeKey('ES256', { kid: 'gateway-1' });
const MINUTE = 60_000;

let aws: AwsEndpoint;
beforeAll(async () => (aws = await startAwsEndpoint(() => ({}))));
beforeEach(() => void (aws.calls.length = 0));
afterAll(() => aws.close());

/** The claims of a token, verified with one of the keys. */
async function claimsOf(token: string, keys: readonly Jwk[]): Promise<unknown> {
  const find = async (kid: string) => {
    const jwk = keys.find((candidate) => candidate.kid === kid);
    return jwk && importVerificationKey(jwk, 'ES256');
  };
  return verifyJws(token, { algorithms: ['ES256'], types: ['t'], keys: { find } });
}

describe('kmsSigner', () => {
  const KMS_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/7c9f1f52-0000-4000-8000-0000000000ec';
  const message = `${encodePart({ alg: 'ES256', typ: 't', kid: key.kid })}.${encodePart({ sub: 'ada' })}`;
  const signer = (): Signer => kmsSigner({ key: KMS_KEY, kid: key.kid, clientConfig: aws.clientConfig });

  it('has KMS sign the SHA-256 of a token, in the form that every verifier takes', async () => {
    aws.answer = () => ({ Signature: sign('sha256', Buffer.from(message), key.privateKey).toString('base64') });
    const token = await signJws('t', { sub: 'ada' }, signer());
    expect(await claimsOf(token, [key.publicJwk])).toEqual({ sub: 'ada' });
    const Message = createHash('sha256').update(message).digest('base64');
    const input = { KeyId: KMS_KEY, Message, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' };
    expect(aws.calls).toEqual([{ operation: 'Sign', input }]);
  });

  it('has it sign PS256 for a certificate, whose signature is one already', async () => {
    const signature = Buffer.from('signature');
    aws.answer = () => ({ Signature: signature.toString('base64') });
    const rsa = kmsSigner({ key: KMS_KEY, kid: 'k', algorithm: 'PS256', clientConfig: aws.clientConfig });
    expect([rsa.algorithm, Buffer.from(await rsa.sign(Buffer.from('x')))]).toEqual(['PS256', signature]);
    expect(aws.calls[0]?.input).toMatchObject({ MessageType: 'DIGEST', SigningAlgorithm: 'RSASSA_PSS_SHA_256' });
    aws.answer = () => ({});
    expect(await codeOf(() => rsa.sign(Buffer.from('x')))).toBe('signer_unavailable');
  });

  it.each<[string, AwsEndpoint['answer']]>([
    ['is not there', () => ({ __type: 'NotFoundException', message: 'no key' })],
    ['may not be used', () => ({ __type: 'AccessDeniedException', message: 'no' })],
    ['gives no signature', () => ({})],
    ['gives no DER', () => ({ Signature: Buffer.alloc(64, 1).toString('base64') })],
  ])('a key that %s is an outage, not a wrong caller', async (_, answer) => {
    aws.answer = answer;
    const error = await thrownBy(() => signJws('t', {}, signer()));
    expect(error).toMatchObject({ code: 'signer_unavailable', status: 503 });
  });

  it.each([
    ['option_invalid', { key: '', kid: 'k' }],
    ['option_invalid', { key: KMS_KEY }],
    ['option_invalid', { key: KMS_KEY, kid: 'k', algorithm: 'RS256' }],
    ['option_unknown', { key: KMS_KEY, kid: 'k', keyId: 'k' }],
  ])('throws %s for %j', async (code, options) => {
    expect(await codeOf(() => kmsSigner(options as never))).toBe(code);
  });
});

describe('secretsManagerSigner', () => {
  let now: number;
  beforeEach(() => (now = 1_800_000_000_000));
  const signer = (): Signer =>
    secretsManagerSigner({ secretId: 'gateway/key', clientConfig: aws.clientConfig, clock: () => now });
  const holds = (text: string): void => void (aws.answer = () => ({ SecretString: text }));
  const jwkText = JSON.stringify(key.privateJwk);

  it('reads the secret once for all who sign, and again after five minutes, beside the signing', async () => {
    holds(jwkText);
    const source = signer();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => signJws('t', { sub: 'ada' }, source)));
    expect(await claimsOf(tokens[49]!, [key.publicJwk])).toEqual({ sub: 'ada' });
    expect(aws.calls).toEqual([{ operation: 'GetSecretValue', input: { SecretId: 'gateway/key' } }]);
    const other = makeKey('ES256', { kid: 'gateway-2' });
    holds(JSON.stringify(other.privateJwk));
    now += 6 * MINUTE;
    await waitFor('the new key', async () => {
      const token = await signJws('t', { sub: 'eve' }, source);
      return (await claimsOf(token, [other.publicJwk]).catch(() => undefined)) !== undefined;
    });
    expect(aws.calls).toHaveLength(2);
  });

  it('takes a key ring, whose keys follow each other by the time', async () => {
    const ring = await rotateKeyRing(await newKeyRing(now), now, { publishMs: 15 * MINUTE, tokenMs: 60 * MINUTE });
    holds(keyRingText(ring));
    const source = signer();
    const kidNow = async (): Promise<string> => (await source.current!()).keyId;
    const [first, second] = publicKeySet(ring, now).keys.map(({ kid }) => kid);
    expect(await kidNow()).toBe(first);
    now += 15 * MINUTE;
    expect(await kidNow()).toBe(second);
  });

  it('signs on for a day while Secrets Manager is down, and then says that it cannot', async () => {
    holds(jwkText);
    const source = signer();
    await signJws('t', {}, source);
    aws.answer = () => ({ __type: 'InternalServiceError', message: 'down' });
    now += 23 * 60 * MINUTE;
    await signJws('t', {}, source);
    now += 2 * 60 * MINUTE;
    expect(await codeOf(() => signJws('t', {}, source))).toBe('signer_unavailable');
    holds(jwkText);
    now += MINUTE;
    await signJws('t', {}, source);
  });

  it('reads it again though the clock was set back', async () => {
    holds(jwkText);
    const source = signer();
    await signJws('t', {}, source);
    now -= 1000 * 60 * MINUTE;
    await signJws('t', {}, source);
    now += 6 * MINUTE;
    await signJws('t', {}, source);
    await waitFor('another reading', () => aws.calls.length === 2);
  });

  it('asks once for 50 while it is down, and again only after a pause', async () => {
    aws.answer = () => ({ __type: 'AccessDeniedException', message: 'no' });
    const source = signer();
    const ask = async (): Promise<number> => {
      const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(() => signJws('t', {}, source))));
      expect(new Set(codes)).toEqual(new Set(['signer_unavailable']));
      return aws.calls.length;
    };
    expect(await ask()).toBe(1);
    now += 499;
    expect(await ask()).toBe(1);
    now += 1;
    expect(await ask()).toBe(2);
  });

  it.each([
    ['text', `x${jwkText}`],
    ['half a key', jwkText.slice(0, -9)],
    ['a public key', JSON.stringify(key.publicJwk)],
    ['a key for another algorithm', JSON.stringify(makeKey('EdDSA').privateJwk)],
    ['a broken ring', JSON.stringify({ batonKeyRing: 1, keys: [{ key: key.privateJwk }] })],
  ])('a secret with %s is refused, and nothing of it is quoted', async (_, text) => {
    holds(text);
    const error = await thrownBy(() => signJws('t', {}, signer()));
    expect(error.code).toBe('signer_unavailable');
    expect(`${error.message} ${(error.cause as Error).message}`).not.toContain(String(key.privateJwk.d));
  });

  it.each([
    ['option_invalid', {}],
    ['option_invalid', { secretId: '' }],
    ['option_unknown', { secretId: 's', secret: 's' }],
  ])('throws %s for %j', async (code, options) => {
    expect(await codeOf(() => secretsManagerSigner(options as never))).toBe(code);
  });
});
