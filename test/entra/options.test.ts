import { generateKeyPairSync } from 'node:crypto';
import { awsTokenSource, createEntraTokens } from '../../src/entra';
import { makeCertificate, pemOf } from '../support/certificates';
import { CLIENT, startEntraWorld, TENANT } from '../support/entra';
import { codeOf, thrownBy } from '../support/errors';

const federation = { token: async () => ({ token: 'x', expiresAt: 0 }) };
const good = { tenant: TENANT, clientId: CLIENT, federation };
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const certificate = makeCertificate(pair, 0, 2_000_000_000);
const privateKey = pemOf(pair.privateKey);

describe('createEntraTokens()', () => {
  it.each<[string, Record<string, unknown>]>([
    ['no tenant', { tenant: undefined }],
    ['a tenant that is a path', { tenant: 'a/../b' }],
    ['whichever tenant', { tenant: 'Common' }],
    ['no client', { clientId: '' }],
    ['an authority without TLS', { authority: 'http://login.example.com' }],
    ['an authority with a path', { authority: 'https://login.example.com/tenant' }],
    ['a source that is none', { federation: {} }],
    ['both ways', { certificate: { certificate, privateKey } }],
    ['a certificate without key', { federation: undefined, certificate: { certificate } }],
    ['a certificate with two', { federation: undefined, certificate: { certificate, privateKey, signer: {} } }],
  ])('refuses %s', async (_, changes) => {
    expect(await codeOf(() => createEntraTokens({ ...good, ...changes }))).toBe('option_invalid');
  });

  it.each([{ secret: 'x' }, { federation: undefined, certificate: { certificate, passphrase: 'x' } }])(
    'refuses unknown options: %j',
    async (changes) => {
      expect(await codeOf(() => createEntraTokens({ ...good, ...changes }))).toBe('option_unknown');
    },
  );

  it.each(['', 'two words', 'quote"', 7])('asks for no token for %j', async (resource) => {
    expect(await codeOf(() => createEntraTokens(good).token(resource as string))).toBe('option_invalid');
  });
});

describe('awsTokenSource()', () => {
  it.each<Record<string, unknown>>([
    { region: 'aws-global' },
    { region: 'global' },
    { clientConfig: { region: 'aws-global' } },
    { clientConfig: { useGlobalEndpoint: true } },
    { clientConfig: { endpoint: 'https://sts.amazonaws.com' } },
    { durationSeconds: 59 },
    { durationSeconds: 3601 },
  ])('refuses %j at the start', async (options) => {
    expect(await codeOf(() => awsTokenSource(options))).toBe('option_invalid');
  });

  it('finds the global endpoint in the environment, too', async () => {
    const before = process.env.AWS_REGION;
    process.env.AWS_REGION = 'aws-global';
    const error = await thrownBy(() => awsTokenSource().token('api://x'));
    if (before === undefined) delete process.env.AWS_REGION;
    else process.env.AWS_REGION = before;
    expect(error).toMatchObject({ code: 'option_invalid', message: expect.stringContaining('regional') });
  });

  it.each<[string, object, Record<string, unknown>, string]>([
    ['an account that gives none', { enabled: false }, {}, 'OutboundWebIdentityFederationDisabledException'],
    [
      'credentials that AWS does not know',
      {},
      { credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'x' } },
      'InvalidClientTokenId',
    ],
  ])('says what to change for %s', async (_, account, config, reason) => {
    const world = await startEntraWorld(account);
    const source = awsTokenSource({ clientConfig: { ...world.clientConfig, ...config } });
    expect(await thrownBy(() => source.token('api://x'))).toMatchObject({ code: 'entra_refused', reason });
    await world.stop();
  });

  it('gives each token for one audience, for as long as was asked', async () => {
    const now = Date.parse('2026-11-20T12:00:00Z');
    const world = await startEntraWorld({ clock: () => now });
    const source = awsTokenSource({ clientConfig: world.clientConfig, durationSeconds: 900 });
    const { token, expiresAt } = await source.token('https://api.example.com');
    expect(expiresAt).toBe(now / 1000 + 900);
    expect(JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())).toMatchObject({
      aud: 'https://api.example.com',
      exp: expiresAt,
    });
    await world.stop();
  });

  it('is an outage where STS is away', async () => {
    const world = await startEntraWorld();
    await world.stop();
    const source = awsTokenSource({ clientConfig: world.clientConfig });
    expect(await codeOf(() => source.token('api://x'))).toBe('entra_unavailable');
  });
});
