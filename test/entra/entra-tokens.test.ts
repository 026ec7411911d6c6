import { generateKeyPairSync, sign, constants } from 'node:crypto';
import { awsTokenSource, createEntraTokens, kmsSigner, type EntraOptions, type EntraTokens } from '../../src/entra';
import { importVerificationKey, type Jwk } from '../../src/jws/keys';
import { verifyJws } from '../../src/jws/verify';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { asCaller } from '../support/as-caller';
import { makeCertificate, pemOf } from '../support/certificates';
import {
  ARCHIVE,
  claimsIn,
  CLIENT,
  FEDERATION,
  ROLE,
  startEntraWorld,
  TENANT,
  type EntraWorld,
} from '../support/entra';
import { codeOf, thrownBy } from '../support/errors';
import { leakOf, recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { NOW } from '../support/tokens';

let now = NOW * 1000;
const clock = (): number => now;
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = makeCertificate(pair, NOW - 86_400, NOW + 86_400 * 30);

let world: EntraWorld;
beforeAll(async () => (world = await startEntraWorld({ clock, application: { certificates: [pem] } })));
afterAll(() => world.stop());

let logger: RecordingLogger;
let sent: string[];
let slept: number[];
beforeEach(() => {
  now = NOW * 1000;
  logger = recordingLogger();
  sent = [];
  slept = [];
  (world.entra.requests as unknown[]).length = 0;
});

/** Every request of the app, kept to look for what must not be anywhere else. */
const recordingFetch: NonNullable<EntraOptions['fetch']> = (url, init) => {
  sent.push(init.body as string);
  return fetch(url, init);
};

const make = (changes: Partial<EntraOptions> = {}): EntraTokens =>
  createEntraTokens({
    tenant: TENANT,
    clientId: CLIENT,
    authority: world.entra.url,
    ...(changes.certificate === undefined && { federation: awsTokenSource({ clientConfig: world.clientConfig }) }),
    logger,
    clock,
    fetch: recordingFetch,
    sleep: async (ms) => {
      slept.push(ms);
      now += ms;
    },
    ...changes,
  });

const stsCalls = (): number => world.sts.calls.GetWebIdentityToken ?? 0;
const audits = (): Readonly<Record<string, unknown>>[] => logger.ofType('audit');

/** Verifies a token as the API that it is for would. */
async function verified(token: string): Promise<Readonly<Record<string, unknown>>> {
  const metadata = (await (await fetch(`${world.entra.issuer}/.well-known/openid-configuration`)).json()) as {
    issuer: string;
    jwks_uri: string;
  };
  const { keys } = (await (await fetch(metadata.jwks_uri)).json()) as { keys: Jwk[] };
  const find = async (kid: string) =>
    importVerificationKey(
      keys.find((key) => key.kid === kid)!,
      'RS256',
    );
  return verifyJws(token, { algorithms: ['RS256'], types: ['JWT'], keys: { find } });
}

describe('a token for the application', () => {
  it("comes by the role's own AWS credentials, and Entra's API can verify it", async () => {
    const before = stsCalls();
    const { token, expiresAt } = await make().token(ARCHIVE);
    expect(await verified(token)).toMatchObject({
      iss: world.entra.issuer,
      aud: ARCHIVE,
      azp: CLIENT,
      roles: ['Archive.Write'],
      exp: NOW + 3599,
    });
    expect([expiresAt, stsCalls() - before]).toEqual([NOW + 3599, 1]);
    const form = new URLSearchParams(sent[0]);
    expect(claimsIn(form.get('client_assertion')!)).toMatchObject({
      iss: world.issuer.issuer,
      sub: ROLE,
      aud: FEDERATION,
      exp: NOW + 300,
    });
    expect(Object.fromEntries([...form].filter(([name]) => name !== 'client_assertion'))).toEqual({
      grant_type: 'client_credentials',
      client_id: CLIENT,
      scope: `${ARCHIVE}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
  });

  it('comes by a certificate', async () => {
    const tokens = make({ certificate: { certificate: pem, privateKey: pemOf(pair.privateKey) } });
    expect(await verified((await tokens.token(ARCHIVE)).token)).toMatchObject({ azp: CLIENT });
  });

  it('comes by a certificate whose key stays in AWS KMS', async () => {
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
    let data = '';
    const kms = await startAwsEndpoint(() => ({
      Signature: sign('sha256', Buffer.from(data), { key: pair.privateKey, padding, saltLength }).toString('base64'),
    }));
    const inKms = kmsSigner({ key: 'alias/entra', kid: 'entra', algorithm: 'PS256', clientConfig: kms.clientConfig });
    // KMS sees the digest only, and node:crypto has no way to sign one with PSS.
    const signer = {
      ...inKms,
      sign: (bytes: Uint8Array) => ((data = Buffer.from(bytes).toString()), inKms.sign(bytes)),
    };
    const { token } = await make({ certificate: { certificate: pem, signer } }).token(ARCHIVE);
    expect(await verified(token)).toMatchObject({ azp: CLIENT });
    expect(kms.calls.map(({ operation, input }) => [operation, input.SigningAlgorithm, input.MessageType])).toEqual([
      ['Sign', 'RSASSA_PSS_SHA_256', 'DIGEST'],
    ]);
    await kms.close();
  });

  it('is asked for once, however many wait for it', async () => {
    const tokens = make();
    const before = stsCalls();
    const got = await Promise.all(Array.from({ length: 500 }, () => tokens.token(ARCHIVE)));
    expect(new Set(got.map(({ token }) => token)).size).toBe(1);
    expect([stsCalls() - before, world.entra.requests.length, audits().length]).toEqual([1, 1, 1]);
  });

  it('is another one for another resource', async () => {
    const tokens = make();
    await tokens.token(ARCHIVE);
    expect(await codeOf(() => tokens.token('api://unknown'))).toBe('entra_refused');
    expect(world.entra.requests.map(({ scope, aadsts }) => [scope, aadsts])).toEqual([
      [`${ARCHIVE}/.default`, 0],
      ['api://unknown/.default', 500011],
    ]);
  });

  it('ends the wait of one caller alone', async () => {
    const tokens = make();
    const ended = tokens.token(ARCHIVE, { signal: AbortSignal.abort() });
    const other = tokens.token(ARCHIVE);
    expect(await thrownBy(() => ended)).toMatchObject({ code: 'entra_unavailable', reason: 'aborted' });
    expect((await other).token).toBeTruthy();
    expect(world.entra.requests).toHaveLength(1);
  });
});

describe('the audit trail', () => {
  it('has each exchange: who, what for, until when, and by which ID Entra has it', async () => {
    const tokens = make();
    await asCaller({ logger }, () => tokens.token(ARCHIVE));
    expect(audits()).toEqual([
      expect.objectContaining({
        event: 'entra_token',
        outcome: 'allowed',
        flow: 'application',
        tenant: TENANT,
        client: CLIENT,
        resource: ARCHIVE,
        scopes: [`${ARCHIVE}/.default`],
        expiresAt: NOW + 3599,
        attempts: 1,
        subject: 'entra:7d3c',
        transactionId: 'txn-4711',
        correlationId: 'c-4711',
        entraRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      }),
    ]);
  });

  it('has each failed exchange, outside of a request too, with Entra’s numbers', async () => {
    await thrownBy(() => make().token('api://unknown'));
    expect(audits()).toEqual([
      expect.objectContaining({
        outcome: 'denied',
        resource: 'api://unknown',
        code: 'entra_refused',
        reason: 'invalid_resource',
        aadsts: [500011],
        entraTraceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      }),
    ]);
  });

  it('never has a token, and neither does the log', async () => {
    const tokens = make();
    const { token } = await asCaller({ logger }, () => tokens.token(ARCHIVE));
    await thrownBy(() => asCaller({ logger }, () => tokens.token('api://unknown')));
    const secrets = [token, ...sent.map((body) => new URLSearchParams(body).get('client_assertion')!)];
    expect(secrets).toHaveLength(3);
    // A header says the same in every token; what is secret begins behind it.
    const written = logger.handed.join('\n');
    expect(secrets.map((secret) => leakOf(secret.slice(secret.indexOf('.')), written))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(written.length).toBeGreaterThan(500);
  });

  it('gives no token that it could not record', async () => {
    const audit = {
      record() {
        throw new Error('disk full');
      },
    };
    await expect(make({ audit }).token(ARCHIVE)).rejects.toThrow('disk full');
  });
});

describe('an exchange that fails', () => {
  it('is tried again while a federated credential is too new', async () => {
    const fresh = await startEntraWorld({ clock, application: { federatedCredentials: [] } });
    const tokens = make({
      authority: fresh.entra.url,
      federation: awsTokenSource({ clientConfig: fresh.clientConfig }),
      sleep: async (ms) => {
        slept.push(ms);
        if (slept.length < 3) return;
        const trusted = { issuer: fresh.issuer.issuer, subject: ROLE, audience: FEDERATION };
        fresh.entra.addFederatedCredential(CLIENT, trusted);
      },
    });
    expect((await tokens.token(ARCHIVE)).token).toBeTruthy();
    expect(fresh.entra.requests.map(({ aadsts }) => aadsts)).toEqual([70021, 70021, 70021, 0]);
    slept.forEach((ms, i) => {
      expect(ms).toBeGreaterThanOrEqual(500 * 2 ** i);
      expect(ms).toBeLessThanOrEqual(1000 * 2 ** i);
    });
    await fresh.stop();
  });

  const busy = (headers: Record<string, string>, times: number): NonNullable<EntraOptions['fetch']> => {
    let left = times;
    return (url, init) => {
      sent.push(init.body as string);
      if (left-- <= 0) return fetch(url, init);
      return Promise.resolve(
        new Response('{"error":"temporarily_unavailable","error_codes":[90055]}', { status: 429, headers }),
      );
    };
  };

  it.each<[string, Record<string, string>, number[]]>([
    ['seconds', { 'retry-after': '3' }, [3000, 3000]],
    ['a date', { 'retry-after': new Date(NOW * 1000 + 8000).toUTCString() }, [8000, 500]],
  ])('waits as long as Entra says, in %s', async (_, headers, expected) => {
    await make({ fetch: busy(headers, 2) }).token(ARCHIVE);
    expect(slept).toHaveLength(2);
    expect(slept[0]).toBe(expected[0]);
    expect(slept[1]).toBeGreaterThanOrEqual(expected[1]!);
    expect(audits()).toEqual([expect.objectContaining({ outcome: 'allowed', attempts: 3 })]);
  });

  it('is given up within ten seconds of waiting', async () => {
    const error = await thrownBy(() => make({ fetch: busy({}, 99) }).token(ARCHIVE));
    expect(error).toMatchObject({ code: 'entra_unavailable', status: 503, reason: 'temporarily_unavailable' });
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(10_000);
    expect(sent.length).toBe(slept.length + 1);
    expect(sent.length).toBeLessThanOrEqual(5);
  });

  it('sends nothing until the time that Entra named is over, whatever is asked for', async () => {
    const tokens = make({ fetch: busy({ 'retry-after': '60' }, 1) });
    expect(await thrownBy(() => tokens.token(ARCHIVE))).toMatchObject({ retryAfterSeconds: 60 });
    now += 20_000;
    expect(await thrownBy(() => tokens.token('api://other'))).toMatchObject({
      code: 'entra_unavailable',
      retryAfterSeconds: 40,
    });
    expect([sent.length, slept]).toEqual([1, []]);
    now += 40_000;
    expect((await tokens.token(ARCHIVE)).token).toBeTruthy();
  });

  it('is not repeated at once where Entra refused', async () => {
    const tokens = make();
    const codes = [
      await codeOf(() => tokens.token('api://unknown')),
      await codeOf(() => tokens.token('api://unknown')),
    ];
    expect([codes, sent.length]).toEqual([['entra_refused', 'entra_refused'], 1]);
    now += 5000;
    await codeOf(() => tokens.token('api://unknown'));
    expect(sent.length).toBe(2);
  });

  it.each<[string, NonNullable<EntraOptions['fetch']>, string]>([
    [
      'is unreachable',
      () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })),
      'ECONNREFUSED',
    ],
    ['answers with a page', async () => new Response('<html>', { status: 502 }), 'status_502'],
    ['answers without a token', async () => new Response('{"token_type":"Bearer","expires_in":9}'), 'answer'],
    [
      'answers with half of it',
      async () => new Response('{"access_token":"x","token_type":"mac","expires_in":9}'),
      'answer',
    ],
  ])('is an outage where Entra %s', async (_, fetchOf, reason) => {
    expect(await thrownBy(() => make({ fetch: fetchOf }).token(ARCHIVE))).toMatchObject({
      code: 'entra_unavailable',
      reason,
    });
  });

  it('of a token source is an outage, and the exchange is in the audit trail', async () => {
    const federation = { token: () => Promise.reject(new Error('no network')) };
    const error = await thrownBy(() => make({ federation }).token(ARCHIVE));
    expect(error).toMatchObject({ code: 'entra_unavailable', reason: 'federation' });
    expect(audits()).toEqual([expect.objectContaining({ outcome: 'denied', code: 'entra_unavailable' })]);
  });

  it('says what was presented, letter by letter, where no federated credential matches', async () => {
    const wrong = await startEntraWorld({
      clock,
      application: {
        federatedCredentials: [{ issuer: world.issuer.issuer, subject: ROLE.toUpperCase(), audience: FEDERATION }],
      },
    });
    const error = await thrownBy(() => make({ authority: wrong.entra.url }).token(ARCHIVE));
    expect(error).toMatchObject({ code: 'entra_refused', reason: 'invalid_client' });
    expect(error.message).toContain('AADSTS7002138');
    expect(error.message).toContain(`issuer "${world.issuer.issuer}", subject "${ROLE}", audience "${FEDERATION}"`);
    expect(slept).toEqual([]);
    await wrong.stop();
  });
});
