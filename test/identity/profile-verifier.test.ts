import type { VerifiedCaller } from '../../src/identity/assertion';
import { createEdge } from '../../src/identity/edge';
import { headersOf, keyServerOf, policyBehind, standInOf, type AssertionChanges } from '../support/edges';
import { faultOf } from '../support/errors';
import { NOW } from '../support/tokens';

/** The caller of an assertion that reaches an edge at `now`; members of `edge` replace those of the policy's. */
async function callerOf(
  profile: string,
  changes: AssertionChanges,
  { now = NOW, edge = {} } = {},
): Promise<VerifiedCaller | undefined> {
  const standIn = standInOf(profile);
  const options = { clock: (): number => now * 1000, fetch: keyServerOf(standIn, []) };
  return createEdge(policyBehind(standIn, edge), options).verify(headersOf(standIn, changes));
}

/** What ends at `exp`, said where this edge says it. */
const ending = (profile: string, exp: number, iat = NOW): AssertionChanges =>
  standInOf(profile).claimsIn === 'header' ? { header: { exp }, claims: { exp } } : { claims: { iat, exp } };

describe.each<[string, number, number, object]>([
  ['aws-alb', 30, 300, {}],
  ['aws-verified-access', 30, 300, {}],
  ['google-iap', 30, 660, {}],
  ['cloudflare-access', 30, 86_400, {}],
  ['pomerium', 30, 600, {}],
  ['aws-alb', 5, 60, { clockToleranceSeconds: 5, maxLifetimeSeconds: 60 }],
  ['aws-verified-access', 0, 90, { clockToleranceSeconds: 0, maxLifetimeSeconds: 90 }],
  ['pomerium', 5, 60, { clockToleranceSeconds: 5, maxLifetimeSeconds: 60 }],
])(
  'the edge %s with a tolerance of %i s and a lifetime of %i s',
  (profile, toleranceSeconds, lifetimeSeconds, edge) => {
    it('takes an assertion to the last second of its tolerance', async () => {
      const changes = ending(profile, NOW + 60);
      const last = NOW + 60 + toleranceSeconds - 1;
      expect((await callerOf(profile, changes, { now: last, edge }))?.identity.expiresAt).toBe(NOW + 60);
      expect(await faultOf(() => callerOf(profile, changes, { now: last + 1, edge }))).toBe('expired');
    });

    it('takes the longest life, and no second more', async () => {
      // Where there is no iat only the rest of the life is known, and that by two clocks.
      const longest = standInOf(profile).claimsIn === 'header' ? lifetimeSeconds + toleranceSeconds : lifetimeSeconds;
      expect(await callerOf(profile, ending(profile, NOW + longest), { edge })).toBeDefined();
      expect(await faultOf(() => callerOf(profile, ending(profile, NOW + longest + 1), { edge }))).toBe('lifetime');
    });
  },
);

describe('a payload that repeats the end', () => {
  it.each([
    [NOW + 90, NOW + 60, NOW + 60],
    [NOW + 60, NOW + 90, NOW + 60],
  ])('of %i as %i lasts to %i', async (header, payload, end) => {
    const caller = await callerOf('aws-alb', { header: { exp: header }, claims: { exp: payload } });
    expect(caller?.identity.expiresAt).toBe(end);
  });
});

it('a client is looked at only where the edge has one', async () => {
  expect(await callerOf('aws-verified-access', { header: { client: 'any' } })).toBeDefined();
  expect(await faultOf(() => callerOf('aws-alb', { header: { client: 'any' } }))).toBe('audience');
});

describe('an assertion without a subject', () => {
  it.each(['', undefined])('(%j) is an application’s, where the edge names those', async (sub) => {
    const caller = await callerOf('cloudflare-access', { claims: { sub, common_name: 'service.access' } });
    expect(caller?.identity).toMatchObject({ subject: 'cloudflare-access:service.access', kind: 'application' });
  });

  it('is a user’s, where the policy has another pointer to it and the edge knows no applications', async () => {
    const edge = { claims: { subject: '/email', roles: '/email' } };
    const caller = await callerOf('google-iap', { claims: { sub: undefined } }, { edge });
    expect(caller?.identity).toMatchObject({ subject: 'google-iap:ada@example.com', kind: 'user', roles: ['clerk'] });
  });
});
