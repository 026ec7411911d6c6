import { currentContext, currentUser } from '../../src/context';
import { identityFrom } from '../../src/identity/from-transaction';
import { asUser, createTestGateway, testUser, withTestUser, type TestUserOptions } from '../../src/testing';
import { transactionOfUser } from '../../src/testing/test-user';
import { makePolicy, policyDocument } from '../support/policies';
import { recordingLogger } from '../support/recording-logger';
import { codeOf } from '../support/errors';

describe('testUser()', () => {
  it('is an identity with nothing that was not said', () => {
    expect(testUser()).toEqual({
      subject: 'test:user',
      kind: 'user',
      roles: [],
      scopes: [],
      authentication: { provider: 'test', authTime: expect.any(Number) },
      edge: { profile: 'testing', issuer: 'urn:iis-baton:testing' },
      transactionId: expect.any(String),
      expiresAt: expect.any(Number),
    });
  });

  it('takes what the test says, and is frozen like a real one', () => {
    const roles = ['clerk'];
    const user = testUser({
      subject: 'entra:ada',
      roles,
      scopes: ['a', 'b'],
      actor: 'copilot',
      tenant: 't',
      kind: 'application',
    });
    expect(user).toMatchObject({ subject: 'entra:ada', roles: ['clerk'], actor: { subject: 'copilot' }, tenant: 't' });
    roles.push('approver');
    expect(user.roles).toEqual(['clerk']);
    for (const part of [user, user.roles, user.scopes, user.edge, user.authentication, user.actor])
      expect(Object.isFrozen(part)).toBe(true);
  });

  it('has the claims that a real token of it would have: there and back it is the same', () => {
    const user = testUser({
      subject: 'entra:ada',
      name: 'Ada',
      tenant: 't-1',
      roles: ['clerk'],
      scopes: ['a', 'b'],
      actor: { subject: 'copilot', actor: { subject: 'agent' } },
      authentication: {
        provider: 'entra',
        acr: 'urn:mfa',
        amr: ['otp'],
        authTime: 1,
        providerExpiresAt: 2_000_000_000,
      },
      clientAddress: '203.0.113.7',
      expiresAt: 1_900_000_000,
    });
    const verified = {
      transaction: transactionOfUser(user),
      requestingWorkload: 'x',
      issuedAt: 0,
      expiresAt: user.expiresAt,
    };
    expect(identityFrom(verified, user.edge)).toEqual(user);
  });

  it('refuses what it does not know', async () => {
    expect(await codeOf(() => testUser({ role: 'clerk' } as TestUserOptions))).toBe('option_unknown');
  });
});

describe('withTestUser()', () => {
  const ada = testUser({ subject: 'entra:ada' });

  it('is the caller in the work and in all that it starts, and nowhere else', async () => {
    const seen = await withTestUser(
      ada,
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return [currentUser(), currentContext()?.correlationId];
      },
      { correlationId: 'c-1' },
    );
    expect(seen).toEqual([ada, 'c-1']);
    expect(currentUser()).toBeUndefined();
  });

  it('keeps two apart, one in the other and side by side', async () => {
    const [bob, carla] = ['bob', 'carla'].map((name) => testUser({ subject: `entra:${name}` }));
    expect(withTestUser(ada, () => [withTestUser(bob, currentUser), currentUser()])).toEqual([bob, ada]);
    const later = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return currentUser()?.subject;
    };
    expect(await Promise.all([bob, carla].map((user) => withTestUser(user, later)))).toEqual([
      'entra:bob',
      'entra:carla',
    ]);
  });

  it('without a user there is a context and no caller', () => {
    expect(withTestUser(undefined, () => [currentUser(), currentContext()?.correlationId])).toEqual([
      undefined,
      expect.stringMatching(/^[0-9a-f-]{36}$/),
    ]);
  });

  it('gives back what the work gives or throws', () => {
    expect(withTestUser(ada, () => 7)).toBe(7);
    expect(() =>
      withTestUser(ada, () => {
        throw new RangeError('work');
      }),
    ).toThrow(new RangeError('work'));
  });

  it('refuses unknown options', async () => {
    expect(await codeOf(() => withTestUser(ada, () => 1, { log: recordingLogger() } as never))).toBe('option_unknown');
  });
});

describe('where real callers may come', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });
  const uses: [string, () => unknown][] = [
    ['asUser()', () => asUser(testUser(), { policy: makePolicy() })],
    ['withTestUser()', () => withTestUser(testUser(), () => 1)],
    ['createTestGateway()', () => createTestGateway({ policy: policyDocument() })],
  ];
  const places: [string, Record<string, string>][] = [
    ['in production', { NODE_ENV: 'production' }],
    ['in Production', { NODE_ENV: 'Production ' }],
    ['in prod', { NODE_ENV: 'prod' }],
    ['under iisnode', { IISNODE_VERSION: '0.2.26', PORT: '\\\\.\\pipe\\1e2d' }],
    ['under HttpPlatformHandler', { HTTP_PLATFORM_PORT: '49152' }],
    ['on Lambda', { LAMBDA_TASK_ROOT: '/var/task' }],
  ];

  it.each(places.flatMap(([place, env]) => uses.map(([name, use]) => [name, place, env, use] as const)))(
    '%s does not work %s',
    async (name, _place, env, use) => {
      use();
      Object.assign(process.env, env);
      expect(await codeOf(use)).toBe('option_invalid');
      expect(use).toThrow(name);
    },
  );
});
