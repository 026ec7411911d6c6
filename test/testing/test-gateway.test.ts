import { withBaton } from '../../src/function/with-baton';
import { currentContext, currentUser } from '../../src/context';
import { createOffload } from '../../src/offload';
import type { Policy } from '../../src/policy/policy';
import { createTestGateway, testUser, withTestUser, type TestGatewayOptions } from '../../src/testing';
import { appWith, document, EXPRESSES, listen } from '../middleware/apps';
import { codeOf, thrownBy } from '../support/errors';
import { send, type Answer } from '../support/http-client';
import { answers, startLambdaStub } from '../support/lambda-stub';
import { policyDocument } from '../support/policies';
import { FUNCTION_ARN, makeKey, transactionToken } from '../support/tokens';

const ada = testUser({ subject: 'entra:ada', name: 'Ada', roles: ['clerk'], scopes: ['invoices.read'] });
const clock = Date.now;

describe.each(EXPRESSES)('a test gateway before an app on %s', (_name, express) => {
  async function ask(policy: Policy, headers: Record<string, string>, target = '/invoices/7'): Promise<Answer> {
    const { app } = appWith(express, { policy, clock });
    return send(`http://127.0.0.1:${await listen(app)}${target}`, { headers });
  }

  it('signs what the real middleware verifies', async () => {
    const gateway = createTestGateway({ policy: document });
    expect(await ask(gateway.policy, await gateway.headers(ada))).toMatchObject({
      status: 200,
      body: { user: 'entra:ada', current: 'entra:ada' },
    });
    expect(await ask(gateway.policy, await gateway.headers(ada), '/admin')).toMatchObject({ status: 403 });
    expect(await ask(gateway.policy, {})).toMatchObject({ status: 401 });
  });

  it('is trusted alone: not another one, not the real one, not a token that was changed', async () => {
    const gateway = createTestGateway({ policy: document });
    const token = await gateway.token(ada);
    const others = [
      await createTestGateway({ policy: document }).token(ada),
      transactionToken(makeKey()),
      `${token.slice(0, -4)}AAAA`,
      await gateway.token(ada, { lifetimeSeconds: 901 }),
    ];
    for (const other of others) {
      expect(await ask(gateway.policy, { 'Txn-Token': other })).toMatchObject({
        status: 401,
        body: { code: 'token_invalid' },
      });
    }
  });

  it('signs for policies that bind tokens to their request and let them be used once', async () => {
    const strict = { ...document, edge: { ...document.edge, replay: 'reject', bind: 'route' } };
    const gateway = createTestGateway({ policy: strict });
    expect(await codeOf(() => gateway.token(ada))).toBe('option_invalid');
    const headers = await gateway.headers(ada, { route: { method: 'GET', path: '/invoices/7' } });
    const { app } = appWith(express, { policy: gateway.policy, clock });
    const base = `http://127.0.0.1:${await listen(app)}`;
    const statuses = [];
    for (const target of ['/invoices/8', '/invoices/7', '/invoices/7'])
      statuses.push((await send(base + target, { headers })).status);
    expect(statuses).toEqual([401, 200, 401]);
  });
});

describe('a test gateway', () => {
  const policy = policyDocument({
    edge: { ...document.edge, keys: { jwksUri: 'https://keys.example.com/jwks.json' } },
  });

  it('changes the keys and nothing else of the policy', () => {
    const gateway = createTestGateway({ policy });
    const { edge, handOver } = gateway.policy;
    expect(edge).toEqual({ ...document.edge, keys: { jwks: gateway.jwks } });
    expect(handOver).toMatchObject({
      issuer: expect.any(String),
      keys: { jwks: { keys: [{ kid: expect.any(String) }] } },
    });
    expect(JSON.stringify(gateway.jwks)).not.toContain('"d"');
    expect(gateway.policy.decidePermission(ada, 'invoice:read').allowed).toBe(true);
    expect(gateway.policy.decidePermission(ada, 'invoice:approve').allowed).toBe(false);
  });

  it('takes the place of another edge', async () => {
    const edge = { profile: 'google-iap', audience: '/projects/1/global/backendServices/2' };
    const gateway = createTestGateway({ policy: policyDocument({ edge }) });
    expect(gateway.policy.edge).toMatchObject({ profile: 'txn-token', audience: 'invoices.test' });
    expect(await gateway.token(ada)).toMatch(/^ey/);
  });

  it.each<[string, TestGatewayOptions, string]>([
    ['no policy', { env: {} }, 'policy_missing'],
    ['a file that is not there', { policy: '/nowhere/baton.policy.json' }, 'policy_unreadable'],
    ['what is no policy', { policy: [] }, 'policy_invalid'],
    ['a policy with a fault', { policy: policyDocument({ roles: 7 }) }, 'policy_invalid'],
    ['an unknown option', { polcy: {} } as TestGatewayOptions, 'option_unknown'],
  ])('refuses %s', async (_what, options, code) => {
    expect(await codeOf(() => createTestGateway(options))).toBe(code);
  });

  it('fills names from the environment that it is given', () => {
    const named = policyDocument({ edge: { ...document.edge, issuer: '${GATEWAY}' } });
    const { edge } = createTestGateway({ policy: named, env: { GATEWAY: 'https://gateway.test.example' } }).policy;
    expect(edge).toMatchObject({ issuer: 'https://gateway.test.example' });
  });

  describe('calls a function', () => {
    const gateway = createTestGateway({ policy });
    const handler = withBaton(
      async (payload, lambdaContext) => ({
        payload,
        lambdaContext,
        user: currentUser()?.name,
        id: currentContext()?.correlationId,
      }),
      { policy: gateway.policy, name: 'render-invoice', logger: quiet() },
    );

    it('as Lambda would for the user', async () => {
      const options = { correlationId: 'c-1', lambdaContext: { awsRequestId: 'r-1' } };
      expect(await gateway.invokeAs(handler, ada, { id: 7, none: undefined }, options)).toEqual({
        payload: { id: 7 },
        lambdaContext: { awsRequestId: 'r-1' },
        user: 'Ada',
        id: 'c-1',
      });
    });

    it('which refuses whom the policy refuses, and hand-overs of another gateway', async () => {
      const stranger = testUser({ subject: 'entra:eve' });
      await expect(gateway.invokeAs(handler, stranger, {})).rejects.toMatchObject({ name: 'baton.permission_denied' });
      const other = createTestGateway({ policy });
      await expect(other.invokeAs(handler, ada, {})).rejects.toMatchObject({ name: 'baton.token_invalid' });
    });

    it('only one that the policy has', async () => {
      const error = await thrownBy(() => gateway.invokeAs(handler, ada, {}, { function: 'render' }));
      expect(error).toMatchObject({ code: 'function_unknown' });
      expect(error.message).toContain('render-invoice');
    });
  });

  it('signs for an offload of a user of the test', async () => {
    const gateway = createTestGateway({ policy });
    const lambda = await startLambdaStub();
    lambda.answer = answers({ rendered: 7 });
    const { clientConfig } = lambda;
    const offload = createOffload({ policy: gateway.policy, signer: gateway.handOverSigner, clientConfig });
    expect(await withTestUser(ada, () => offload.invoke('render-invoice', { id: 7 }))).toEqual({ rendered: 7 });
    expect(decodeURIComponent(lambda.calls[0]!.path)).toContain(FUNCTION_ARN);
    await expect(withTestUser(testUser(), () => offload.invoke('render-invoice', {}))).rejects.toMatchObject({
      code: 'permission_denied',
    });
    await lambda.close();
  });
});

function quiet(): Record<'error' | 'warn' | 'info' | 'debug', () => void> {
  return { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
}
