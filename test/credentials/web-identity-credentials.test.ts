import fc from 'fast-check';
import type { AwsCredentials } from '../../src/core/credentials';
import { noteRefusal } from '../../src/credentials/ended-sessions';
import { sessionName } from '../../src/credentials/session-name';
import {
  webIdentityCredentials,
  type WebIdentityCredentialsOptions,
} from '../../src/credentials/web-identity-credentials';
import { asCaller } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { leakOf, recordingLogger } from '../support/recording-logger';
import { FUNCTION_ARN } from '../support/tokens';
import { waitFor } from '../support/wait';
import {
  AWS_AUDIENCE,
  awsPolicy as policy,
  clerk,
  CLERK_ROLE,
  renderInvoice,
  startWebIdentity,
  type WebIdentityStage,
} from '../support/web-identity';

let stage: WebIdentityStage;
beforeAll(async () => void (stage = await startWebIdentity()));
afterAll(() => stage.close());

const MINUTE = 60_000;
const asked = (): number => stage.sts.calls.AssumeRoleWithWebIdentity ?? 0;

function make(options: Partial<WebIdentityCredentialsOptions> = {}): ReturnType<typeof webIdentityCredentials> {
  return webIdentityCredentials({
    token: stage.source,
    audience: AWS_AUDIENCE,
    endpoint: stage.sts.url,
    clock: () => stage.time.now,
    wire: { wait: async () => {} },
    ...options,
  });
}

const sessionOf = ({ accessKeyId, sessionToken }: AwsCredentials): { roleArn: string; sessionName: string } =>
  stage.sts.sessions.find(accessKeyId, sessionToken)!;

/** Counts a test's own requests, and the tokens asked for. */
function counting(): () => readonly [sts: number, tokens: number] {
  const [before, tokens] = [asked(), stage.source.asked];
  return () => [asked() - before, stage.source.asked - tokens];
}

describe('credentials by a web identity', () => {
  it('are of the role that the policy names, named after the user, and for the one target', async () => {
    const credentials = (await make().forTarget({ user: clerk(), policy }, renderInvoice))!;
    const { accessKeyId, sessionToken } = credentials;
    expect(sessionOf(credentials)).toMatchObject({ roleArn: CLERK_ROLE, sessionName: sessionName(clerk()) });
    expect(Object.isFrozen(credentials)).toBe(true);
    expect(credentials.expiration!.getTime() - stage.time.now).toBeGreaterThan(59 * MINUTE);
    const may = (resource: string): string | undefined =>
      stage.sts.sessions.authorize({ accessKeyId, sessionToken, action: 'lambda:InvokeFunction', resource })?.type;
    expect(may(FUNCTION_ARN)).toBeUndefined();
    // The role may call it, and this session may not.
    expect(may('arn:aws:lambda:eu-west-1:123456789012:function:pay-invoice')).toBe('AccessDeniedException');
    expect(may(FUNCTION_ARN.replace(':live', ''))).toBe('AccessDeniedException');
  });

  it('are fetched once by 500 callers who come at once, also when they have ended', async () => {
    const credentials = make();
    const all = (): Promise<(AwsCredentials | undefined)[]> =>
      Promise.all(Array.from({ length: 500 }, () => credentials.forTarget({ user: clerk(), policy }, renderInvoice)));
    const count = counting();
    const first = new Set(await all());
    expect([first.size, ...count()]).toEqual([1, 1, 1]);
    stage.time.now += 61 * MINUTE;
    const later = new Set(await all());
    expect([later.size, ...count()]).toEqual([1, 2, 2]);
    expect([...later][0]).not.toBe([...first][0]);
  });

  it('take one token for 100 users', async () => {
    const credentials = make();
    const count = counting();
    const users = Array.from({ length: 100 }, (_, i) => clerk(`entra:u${i}`));
    await Promise.all(users.map((user) => credentials.forTarget({ user, policy }, renderInvoice)));
    expect(count()).toEqual([100, 1]);
  });

  it('are renewed beside the calls in their last five minutes, once', async () => {
    const credentials = make();
    const get = (): Promise<AwsCredentials | undefined> =>
      credentials.forTarget({ user: clerk('entra:renewed'), policy }, renderInvoice);
    const first = await get();
    const count = counting();
    stage.time.now += 54 * MINUTE;
    expect(await get()).toBe(first);
    expect(count()[0]).toBe(0);
    stage.time.now += 2 * MINUTE;
    // Who calls now is served by the old one, and does not wait.
    expect(await Promise.all([get(), get(), get()])).toEqual([first, first, first]);
    await waitFor('the renewed session', async () => (await get()) !== first);
    expect(count()[0]).toBe(1);
  });

  it('serve on while STS is away, until their last minute; then the error says so, and STS has its pause', async () => {
    let down = false;
    let tried = 0;
    const wire = {
      wait: async () => {},
      fetch: (url: URL, init: RequestInit) => {
        if (!down) return fetch(url, init);
        tried++;
        return Promise.reject(new TypeError('fetch failed'));
      },
    };
    const credentials = make({ wire });
    const get = (): Promise<AwsCredentials | undefined> =>
      credentials.forTarget({ user: clerk('entra:away'), policy }, renderInvoice);
    const first = await get();
    down = true;
    stage.time.now += 58 * MINUTE;
    expect(await get()).toBe(first);
    stage.time.now += 1.5 * MINUTE;
    expect(await thrownBy(get)).toMatchObject({ code: 'credentials_unavailable', reason: 'sts' });
    const before = tried;
    await thrownBy(get);
    expect(tried).toBe(before);
    down = false;
    stage.time.now += MINUTE;
    expect(await get()).not.toBe(first);
  });

  it('that a service refuses as ended are replaced at once, and then not with each call', async () => {
    const credentials = make();
    const get = (): Promise<AwsCredentials | undefined> =>
      credentials.forTarget({ user: clerk('entra:ended'), policy }, renderInvoice);
    const ended = Object.assign(new Error('ended'), { name: 'ExpiredTokenException' });
    const count = counting();
    const given = new Set<AwsCredentials>();
    for (let i = 0; i < 50; i++) {
      const session = (await get())!;
      given.add(session);
      noteRefusal(session, ended);
    }
    expect([given.size, count()[0]]).toEqual([2, 2]);
    stage.time.now += 2000;
    expect(new Set(await Promise.all([get(), get(), get()])).size).toBe(1);
    expect(count()[0]).toBe(3);
  });

  it('last by AWS’s clock, not by this machine’s', async () => {
    // An hour behind, and an hour ahead: neither makes them fresh for longer, or stale at once.
    for (const skew of [-60 * MINUTE, 60 * MINUTE]) {
      const credentials = make({
        clock: () => stage.time.now + skew,
        token: { token: async () => ({ token: stage.token(), expiresAt: Number.MAX_SAFE_INTEGER }) },
      });
      const get = (): Promise<AwsCredentials | undefined> =>
        credentials.forTarget({ user: clerk('entra:skew'), policy }, renderInvoice);
      const count = counting();
      const first = await get();
      expect(await get()).toBe(first);
      stage.time.now += 50 * MINUTE;
      expect(await get()).toBe(first);
      expect(count()[0]).toBe(1);
      stage.time.now += 10 * MINUTE;
      expect(await get()).not.toBe(first);
    }
  });

  it('are asked for again with a new token where the old one had ended', async () => {
    let given = 0;
    const token = {
      token: async () => {
        const old = given++ === 0;
        const now = Math.floor(stage.time.now / 1000);
        return { token: stage.token(old ? { exp: now - 1 } : {}), expiresAt: now + 3600 };
      },
    };
    const count = counting();
    expect(await make({ token }).forTarget({ user: clerk(), policy }, renderInvoice)).toBeDefined();
    expect([given, count()[0]]).toEqual([2, 2]);
  });

  it('of one caller never serve another (made-up calls in made-up order)', async () => {
    const users = ['entra:a', 'entra:b', 'windows:a'];
    const arns = [FUNCTION_ARN, `${FUNCTION_ARN.slice(0, -5)}:test`];
    const call = fc.record({
      subject: fc.constantFrom(...users),
      acting: fc.constantFrom<string[]>([], ['copilot'], ['copilot', 'copilot']),
      arn: fc.constantFrom(...arns),
      kind: fc.constantFrom<'function' | 'queue'>('function', 'queue'),
      // Minutes between the calls: some within a session, some after its end.
      later: fc.constantFrom(0, 0, 3, 56, 70),
    });
    let reused = 0;
    const property = fc.asyncProperty(
      fc.array(call, { minLength: 2, maxLength: 12 }),
      fc.constantFrom(2, 1000),
      async (calls, maxSessions) => {
        const credentials = make({ maxSessions });
        const owners = new Map<AwsCredentials, string>();
        const answers = calls.map(async ({ subject, acting, arn, kind, later }) => {
          stage.time.now += later * MINUTE;
          const user = clerk(subject, acting);
          const given = (await credentials.forTarget({ user, policy }, { ...renderInvoice, arn, kind }))!;
          const owner = JSON.stringify([subject, acting, arn, kind]);
          if (owners.get(given) === owner) reused++;
          expect(owners.get(given) ?? owner).toBe(owner);
          owners.set(given, owner);
          // What STS says of it: the name is that of this caller, the policy that of this target.
          const session = stage.sts.sessions.find(given.accessKeyId, given.sessionToken)!;
          expect(session.sessionName).toBe(sessionName(user));
          expect(session.sessionPolicy?.[0]?.resources).toEqual([arn]);
        });
        await Promise.all(answers);
      },
    );
    await fc.assert(property, { seed: 4711, numRuns: 40 });
    expect(reused).toBeGreaterThan(10);
  });

  it('are kept in a number that has an end, the unused ones going first', async () => {
    const credentials = make({ maxSessions: 2 });
    const get = (name: string): Promise<AwsCredentials | undefined> =>
      credentials.forTarget({ user: clerk(`entra:${name}`), policy }, renderInvoice);
    const a = await get('a');
    await get('b');
    expect(await get('a')).toBe(a);
    await get('c');
    const count = counting();
    expect(await get('a')).toBe(a);
    expect(count()[0]).toBe(0);
    await get('b');
    expect(count()[0]).toBe(1);
  });
});

describe('a caller without an AWS role', () => {
  it('is refused, and told what to change', async () => {
    const stray = clerk('entra:ada', ['stray']);
    const error = await thrownBy(() => make().forTarget({ user: stray, policy }, renderInvoice));
    expect(error).toMatchObject({ code: 'aws_role_missing', reason: 'actor_limited' });
    expect(error.message).toContain('/actors/stray/roles');
    const nobody = { ...clerk(), roles: [] };
    expect(await thrownBy(() => make().forTarget({ user: nobody, policy }, renderInvoice))).toMatchObject({
      code: 'permission_denied',
      reason: 'permission_missing',
    });
  });

  it('gets the SDK’s own credentials only where the app says so, and an actor never', async () => {
    const plain = { ...policy, decideAwsRole: () => ({ reason: 'role_without_aws' }) as const };
    const sdk = make({ withoutRole: 'sdk' });
    expect(await sdk.forTarget({ user: clerk(), policy: plain }, renderInvoice)).toBeUndefined();
    for (const [credentials, user] of [
      [make(), clerk()],
      [sdk, clerk('entra:ada', ['copilot'])],
    ] as const) {
      expect(await thrownBy(() => credentials.forTarget({ user, policy: plain }, renderInvoice))).toMatchObject({
        code: 'aws_role_missing',
        reason: 'role_without_aws',
      });
    }
  });
});

it('leaves each session and each refusal in the audit trail, and no secret in any line', async () => {
  const logger = recordingLogger();
  const credentials = make();
  const failing = make({ token: { token: async () => ({ token: stage.token({ aud: 'other' }), expiresAt: 4e9 }) } });
  const given = (await asCaller({ logger }, () => credentials.forTarget({ user: clerk(), policy }, renderInvoice)))!;
  await asCaller({ logger }, () => credentials.forTarget({ user: clerk(), policy }, renderInvoice));
  await asCaller({ logger }, () => thrownBy(() => failing.forTarget({ user: clerk(), policy }, renderInvoice)));
  const name = sessionName(clerk());
  expect(logger.ofType('audit')).toMatchObject([
    {
      event: 'credentials',
      outcome: 'allowed',
      role: 'clerk',
      roleArn: CLERK_ROLE,
      sessionName: name,
      subject: 'entra:ada',
      expiresAt: given.expiration!.toISOString(),
    },
    {
      event: 'credentials',
      outcome: 'denied',
      code: 'credentials_refused',
      reason: 'token_audience',
      sessionName: name,
    },
  ]);
  for (const secret of [given.secretAccessKey, given.sessionToken!, stage.token()]) {
    expect(leakOf(secret, logger.handed.join('\n'))).toBeUndefined();
  }
});

it.each<[Record<string, unknown>, string]>([
  [{ tokens: 1 }, 'option_unknown'],
  [{ token: undefined }, 'option_invalid'],
  [{ audience: '' }, 'option_invalid'],
  [{ durationSeconds: 60 }, 'option_invalid'],
  [{ endpoint: 'http://sts.example.com' }, 'option_invalid'],
  [{ withoutRole: 'ignore' }, 'option_invalid'],
  [{ maxSessions: 0 }, 'option_invalid'],
])('refuses the options %j at the start', async (options, code) => {
  expect((await thrownBy(() => make(options))).code).toBe(code);
});
