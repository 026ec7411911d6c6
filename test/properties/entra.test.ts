import fc from 'fast-check';
import { runInContext } from '../../src/context/storage';
import type { ContextRecord } from '../../src/core/request-context';
import { createEntraTokens, type EntraTokens } from '../../src/entra';
import { identityFrom } from '../../src/identity/from-transaction';
import { NOW, travellingClaims } from '../support/tokens';
import { checkAsync, must, SEED } from './property';

const ISSUER = 'https://login.microsoftonline.com/contoso/v2.0';

/** Who asks, with which of their sign-ins, for what, and how much later than the one before. */
const asking = fc.record({
  user: fc.constantFrom('ada', 'bob', 'eve', undefined),
  signIn: fc.integer({ min: 1, max: 2 }),
  scope: fc.constantFrom('api://x/Read', 'api://x/Write'),
  laterMs: fc.constantFrom(0, 0, 1000, 56 * 60_000, 61 * 60_000),
});

/** An Entra whose tokens say for whom they were asked; it is slow now and then, and down now and then. */
function world(faults: readonly number[]): { entra: EntraTokens; advance: (ms: number) => void } {
  let now = NOW * 1000;
  let calls = 0;
  const fetch = async (_: URL, init: RequestInit): Promise<Response> => {
    const form = new URLSearchParams(init.body as string);
    const fault = faults[calls++ % faults.length];
    for (let i = 0; i < (fault ?? 0); i++) await Promise.resolve();
    if (fault === 7) return Response.json({ error: 'invalid_grant' }, { status: 400 });
    const whose = `${form.get('assertion') ?? 'application'} ${form.get('scope')}`;
    return Response.json({ access_token: whose, token_type: 'Bearer', expires_in: 3600 });
  };
  const entra = createEntraTokens({
    tenant: 'contoso',
    clientId: 'invoices',
    federation: { token: async () => ({ token: 'a.b.c', expiresAt: now }) },
    logger: { error: () => 0, warn: () => 0, info: () => 0, debug: () => 0 },
    clock: () => now,
    sleep: async () => undefined,
    fetch,
  });
  return { entra, advance: (ms) => void (now += ms) };
}

function recordOf(user: string, bearer: string): ContextRecord {
  const transaction = { ...travellingClaims, sub: `entra:${user}` };
  const expiresAt = NOW + 86_400;
  const identity = identityFrom({ transaction, expiresAt }, { profile: 'oidc', issuer: ISSUER });
  const logger = { error: () => 0, warn: () => 0, info: () => 0, debug: () => 0 };
  const audit = { record: () => undefined };
  return { context: { correlationId: 'c', user: identity }, logger, audit, transaction, callerToken: () => bearer };
}

const RUNS = 1000;
const cases = fc.record({
  list: fc.array(asking, { minLength: 1, maxLength: 12 }),
  faults: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 6 }),
});

it(`no caller gets a token that another one’s was exchanged for (${RUNS} inputs, BATON_SEED=${SEED})`, async () => {
  let given = 0;
  let failed = 0;
  await checkAsync(
    cases,
    async ({ list, faults }) => {
      const { entra, advance } = world(faults);
      const answers: Promise<{ own: string; got: string | undefined }>[] = [];
      for (const { user, signIn, scope, laterMs } of list) {
        // Some come at once, some when the ones before have their answers.
        if (laterMs > 0) await Promise.all(answers);
        advance(laterMs);
        const bearer = `${user}-${signIn}`;
        const asked = user
          ? runInContext(recordOf(user, bearer), () => entra.onBehalfOf(scope))
          : entra.token('api://x');
        const own = user ? `${bearer} ${scope}` : 'application api://x/.default';
        answers.push(
          asked.then(
            ({ token: got }) => ({ own, got }),
            () => ({ own, got: undefined }),
          ),
        );
      }
      for (const { own, got } of await Promise.all(answers)) {
        if (got === undefined) failed++;
        else given++;
        must(got === undefined || got === own, `${got} in place of ${own}.`);
      }
    },
    RUNS,
  );
  // A property that never meets its case holds nothing.
  expect(given).toBeGreaterThan(RUNS);
  expect(failed).toBeGreaterThan(100);
});
