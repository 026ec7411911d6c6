import { iamResult, simpleResult, type IamResult } from '../../src/authorizer/result';
import type { Identity } from '../../src/core/identity';
import type { Policy } from '../../src/policy/policy';
import { REST_STAGE } from '../support/authorizer-events';
import { codeOf } from '../support/errors';
import { iamAllows } from '../support/iam';
import { invoicesDocument, invoicesPolicy } from '../support/invoices';

const context = { txnToken: 't.t.t', subject: 'entra:u1', policy: 'sha256-x' };

const identity = (roles: readonly string[], more: Partial<Identity> = {}): Identity => ({
  subject: 'entra:u1',
  kind: 'user',
  roles,
  scopes: [],
  authentication: {},
  edge: { profile: 'txn-token', issuer: 'i' },
  transactionId: 't',
  expiresAt: 0,
  ...more,
});

const callers: readonly (readonly [string, Identity])[] = [
  ['a clerk', identity(['clerk'])],
  ['an approver', identity(['approver'])],
  ['an approver who is suspended', identity(['approver', 'suspended'])],
  ['a clerk who may export', identity(['clerk'], { scopes: ['invoices.export'] })],
  ['somebody without roles', identity([])],
  ['somebody with an unknown role', identity(['Invoices.Clerk'])],
  ['a copilot for an approver', identity(['approver'], { actor: { subject: 'copilot' } })],
  ['an unknown actor for an approver', identity(['approver'], { actor: { subject: 'entra:x' } })],
  [
    'a known actor behind which an unknown one stands',
    identity(['clerk'], {
      actor: { subject: 'copilot', actor: { subject: 'entra:x' } },
    }),
  ],
];

/** Requests that no two route entries share, so that the list must be exact. */
const requests = [
  ['GET', '/health'],
  ['HEAD', '/health'],
  ['POST', '/health'],
  ['GET', '/invoices/7'],
  ['HEAD', '/invoices/7'],
  ['DELETE', '/invoices/7'],
  ['POST', '/invoices/7/approve'],
  ['GET', '/invoices'],
  ['GET', '/reports/2026/11/all'],
  ['GET', '/reports'],
  ['GET', '/export'],
  ['POST', '/export'],
  ['GET', '/me'],
  ['PATCH', '/me'],
  ['GET', '/'],
  ['GET', '/unlisted'],
] as const;

const resultFor = (
  policy: Policy,
  caller: Identity,
  [method, path]: readonly [string, string],
  basePath = '',
): IamResult =>
  iamResult(policy, caller, context, { methodArn: `${REST_STAGE}/${method}${basePath}${path}`, basePath });

describe('the IAM policy for REST', () => {
  describe.each(callers)('for %s', (_name, caller) => {
    const policy = invoicesPolicy();
    // The gateway caches the result of the first request and applies it to all others.
    it('is right for all routes, whichever came first', () => {
      const expected = requests.filter(([method, path]) => policy.decideRoute({ method, path }, caller).allowed);
      for (const first of requests) {
        const cached = resultFor(policy, caller, first);
        expect(requests.filter(([method, path]) => iamAllows(cached, `${REST_STAGE}/${method}${path}`))).toEqual(
          expected,
        );
      }
    });

    it.each([
      ['without routes', { routes: undefined }],
      ['with open unlisted routes', { unlistedRoutes: 'authenticated' }],
    ])('covers all of the stage %s, unless the actor is unknown', (_case, changes) => {
      const open = invoicesPolicy(changes);
      const result = resultFor(open, caller, ['GET', '/unlisted']);
      const expected = open.decideRoute({ method: 'GET', path: '/unlisted' }, caller).allowed;
      expect(iamAllows(result, `${REST_STAGE}/GET/unlisted`)).toBe(expected);
      expect(iamAllows(result, `${REST_STAGE.replace('/prod', '/test')}/GET/unlisted`)).toBe(false);
    });
  });

  it('denies the stage where nothing is open, and still names the caller', () => {
    const policy = invoicesPolicy({ routes: [{ path: '/invoices', permission: 'invoice:read' }] });
    expect(resultFor(policy, identity([]), ['GET', '/invoices'])).toEqual({
      principalId: 'entra:u1',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [`${REST_STAGE}/*`] }],
      },
      context,
    });
  });

  it.each([
    ['/app', '/invoices/{id}', '/app/invoices/7', '/invoices/7'],
    ['/app', '/', '/app', '/'],
    ['', '/', '/', '/app'],
  ])('puts the base path %p, which the policy has not, in front of %s', (basePath, path, open, closed) => {
    const policy = invoicesPolicy({ routes: [{ method: 'GET', path, authenticated: true }] });
    const result = resultFor(policy, identity([]), ['GET', '/'], basePath);
    const allowed = [open, closed].map((target) => iamAllows(result, `${REST_STAGE}/GET${target}`));
    expect(allowed).toEqual([true, false]);
  });

  it('names each resource once, GET with HEAD', () => {
    const routes = [
      { method: 'GET', path: '/a/{id}', permission: 'invoice:read' },
      { method: 'HEAD', path: '/a/{name}', permission: 'invoice:read' },
    ];
    const [statement] = resultFor(invoicesPolicy({ routes }), identity(['clerk']), ['GET', '/a/1']).policyDocument
      .Statement;
    expect(statement?.Resource).toEqual([`${REST_STAGE}/GET/a/*`, `${REST_STAGE}/HEAD/a/*`]);
  });

  it('is wider than a template where a parameter would not match, and the app decides', () => {
    const policy = invoicesPolicy();
    const result = resultFor(policy, identity(['clerk']), ['GET', '/invoices/7']);
    expect(iamAllows(result, `${REST_STAGE}/GET/invoices/7/history`)).toBe(true);
    expect(policy.decideRoute({ method: 'GET', path: '/invoices/7/history' }, identity(['clerk'])).allowed).toBe(false);
  });

  it.each(['', 'arn:aws:lambda:eu-west-1:123456789012:function:x', 'arn:aws:execute-api:eu-west-1:123456789012:api'])(
    'needs an execute-api ARN, not %p',
    async (methodArn) => {
      const make = (): unknown => iamResult(invoicesPolicy(), identity([]), context, { methodArn, basePath: '' });
      expect(await codeOf(make)).toBe('event_invalid');
    },
  );
});

describe('the simple response for HTTP APIs', () => {
  it.each(callers)('lets %s in exactly where a route that is not public is open', (_name, caller) => {
    const policy = invoicesPolicy();
    const open = requests.some(([method, path]) => {
      const decision = policy.decideRoute({ method, path }, caller);
      return decision.allowed && !decision.public;
    });
    expect(simpleResult(policy, caller, context)).toEqual({ isAuthorized: open, context });
  });

  it('says no where only public routes would be open', () => {
    const policy = invoicesPolicy({ routes: [invoicesDocument.routes[0], invoicesDocument.routes[1]] });
    expect(simpleResult(policy, identity([]), context)).toMatchObject({ isAuthorized: false });
    expect(simpleResult(policy, identity(['clerk']), context)).toMatchObject({ isAuthorized: true });
  });
});
