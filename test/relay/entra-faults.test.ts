import { send } from '../support/http-client';
import { startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(40_000);

/** Gets a token of Entra as the function itself, and says no more of it than how many parts it has. */
const RENDERER = `
const { withBaton } = require('iis-baton/function');
const { awsTokenSource, createEntraTokens } = require('iis-baton/entra');
const { TENANT: tenant, AUTHORITY: authority } = process.env;
const tokens = createEntraTokens({ tenant, authority, clientId: 'renderer', federation: awsTokenSource() });
exports.handler = withBaton(async () => (await tokens.token('api://archive')).token.split('.').length);`;

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay((copy) => {
    copy.write('functions/render-invoice.js', RENDERER);
    copy.edit('baton.dev.json', (config) => {
      Object.assign(config.environment, { TENANT: config.identityProvider.tenant, AUTHORITY: '${relay.entra}' });
      config.entra = {
        functions: { 'render-invoice': { roleArn: 'arn:aws:iam::123456789012:role/render', clientId: 'renderer' } },
        resources: [{ appIdUri: 'api://archive', roles: { renderer: ['Archive.Write'] } }],
      };
      config.faults = { sts: [{ kind: 'throttle', operation: 'GetWebIdentityToken', times: 1 }] };
    });
  });
});
afterAll(() => relay.stop());

it('a function that asks STS who it is does so through the faults, and tries again what was throttled', async () => {
  const token = await relay.signIn('carla');
  const { status, body } = await send(`${relay.http}/invoices/7/render`, { method: 'POST', token });
  expect([status, body]).toEqual([200, 3]);
  expect(await relay.faultCounts('sts')).toMatchObject({ requests: 2, passed: 1, throttle: 1 });
  expect(await relay.faultCounts('entra')).toMatchObject({ requests: 1, passed: 1 });
});
