/** An app of somebody who tests it: nothing in it knows of tests. */
export const APP = `
const express = require('express');
const { baton, currentUser, requirePermission } = require('iis-baton');

exports.createApp = (identity = baton()) => {
  const app = express();
  app.use(identity);
  app.get('/invoices/:id', (req, res) => res.json({ reader: req.user.subject, again: currentUser().subject }));
  app.post('/invoices/:id/approve', requirePermission('invoice:approve'), (req, res) => res.json({ ok: true }));
  return app;
};
`;

/** Its policy. */
export const POLICY = {
  application: 'invoices',
  edge: {
    profile: 'txn-token',
    issuer: 'https://gateway.example.com',
    audience: 'invoices.example.internal',
    algorithms: ['ES256', 'RS256'],
    keys: { jwksUri: 'https://keys.example.com/jwks.json' },
  },
  handOver: {
    issuer: 'https://invoices.example.internal',
    algorithms: ['ES256'],
    keys: { jwksUri: 'https://keys.example.com/app.json' },
  },
  roles: {
    clerk: { permissions: ['invoice:read'] },
    approver: { inherits: ['clerk'], permissions: ['invoice:approve'] },
  },
  routes: [
    { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
    { method: 'POST', path: '/invoices/{id}/approve', permission: 'invoice:approve' },
  ],
  functions: {
    'render-invoice': {
      target: 'arn:aws:lambda:eu-west-1:123456789012:function:render-invoice:live',
      permission: 'invoice:read',
    },
  },
};

/** What it asks: with users in code, with real tokens, and of a function. Six tests. */
export const TESTS = `
const { authorize, baton, correlation, currentUser } = require('iis-baton');
const { withBaton } = require('iis-baton/function');
const { asUser, createTestGateway, testUser, withTestUser } = require('iis-baton/testing');
const { createApp } = require('./app');

const POLICY = 'baton.policy.json';
const quiet = { error() {}, warn() {}, info() {}, debug() {} };
const ada = testUser({ subject: 'entra:ada', roles: ['clerk'] });
const carla = testUser({ subject: 'entra:carla', roles: ['approver'] });

async function ask(app, method, target, headers = {}) {
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const answer = await fetch('http://127.0.0.1:' + server.address().port + target, { method, headers });
  const body = await answer.json();
  await new Promise((resolve) => server.close(resolve));
  return [answer.status, body];
}

test('a user in code', async () => {
  expect(await withTestUser(ada, async () => currentUser().subject)).toBe('entra:ada');
});

test.each([[ada, 403], [carla, 200]])('a user in an app: case %#', async (user, status) => {
  const app = createApp([correlation({ logger: quiet }), asUser(user, { policy: POLICY }), authorize()]);
  expect((await ask(app, 'POST', '/invoices/7/approve'))[0]).toBe(status);
});

test('real tokens, verified by the real middleware', async () => {
  const gateway = createTestGateway({ policy: POLICY });
  const app = () => createApp(baton({ policy: gateway.policy, logger: quiet }));
  const headers = await gateway.headers(ada);
  expect(await ask(app(), 'GET', '/invoices/7', headers)).toEqual([200, { reader: 'entra:ada', again: 'entra:ada' }]);
  expect((await ask(app(), 'POST', '/invoices/7/approve', headers))[0]).toBe(403);
  const other = await createTestGateway({ policy: POLICY }).headers(ada);
  expect((await ask(app(), 'GET', '/invoices/7', other))[1].code).toBe('token_invalid');
});

test('a function', async () => {
  const gateway = createTestGateway({ policy: POLICY });
  const handler = withBaton(async ({ id }) => [id, currentUser().subject], { policy: gateway.policy, name: 'render-invoice', logger: quiet });
  expect(await gateway.invokeAs(handler, ada, { id: 7 })).toEqual([7, 'entra:ada']);
  await expect(gateway.invokeAs(handler, testUser(), { id: 7 })).rejects.toThrow('You may not do this.');
});
`;
