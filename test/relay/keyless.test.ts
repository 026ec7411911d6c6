import { readFileSync } from 'node:fs';
import path from 'node:path';
import { sessionName } from '../../src/credentials/session-name';
import { send } from '../support/http-client';
import { waitFor } from '../support/wait';
import { jsonLines, startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(40_000);

const MACHINE = 'invoices-server';
const ROLE = 'arn:aws:iam::123456789012:role/invoices-clerk';
const FUNCTION = 'arn:aws:lambda:eu-west-1:123456789012:function:render-invoice:live';
const CARLA = { subject: 'entra:0b2f7a52-6c1e-4f7e-9a57-1a1f3c2d4e01' };
const provider = '${relay.identityProviderHost}';

const sts = {
  // The token's audience is the API, but it names the client that asked (azp), and AWS goes by that.
  audiences: [MACHINE],
  managedIdentity: { clientId: MACHINE },
  roles: {
    [ROLE]: {
      trustPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${provider}` },
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: { StringEquals: { [`${provider}:aud`]: MACHINE, [`${provider}:sub`]: MACHINE } },
          },
        ],
      },
      policy: { Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: FUNCTION }] },
    },
  },
};

let relay: TestRelay;
beforeAll(async () => {
  relay = await startTestRelay((copy) => {
    copy.edit('baton.dev.json', (config) => {
      config.sts = sts;
      config.identityProvider.clients.push({
        clientId: MACHINE,
        clientSecret: 'x',
        grantTypes: ['client_credentials'],
      });
    });
    copy.edit('baton.policy.json', ({ roles }) => (roles.clerk.aws = { roleArn: ROLE }));
    const server = readFileSync(path.join(copy.app, 'server.js'), 'utf8');
    const keyless = `require('iis-baton/offload').webIdentityCredentials({
      token: require('iis-baton/offload').managedIdentityToken(), audience: 'api://invoices' })`;
    copy.write('server.js', server.replace('createOffload()', `createOffload({ credentials: ${keyless} })`));
  });
});
afterAll(() => relay.stop());

it('a call reaches its function without an AWS key: managed identity, STS, a session of the caller', async () => {
  const token = await relay.signIn('carla');
  for (let i = 0; i < 2; i++) {
    expect((await send(`${relay.http}/invoices/7/render`, { method: 'POST', token })).status).toBe(200);
  }
  const use = { roleArn: ROLE, sessionName: sessionName(CARLA), action: 'lambda:InvokeFunction', resource: FUNCTION };
  expect(await relay.sessionUses()).toEqual([
    { ...use, allowed: true },
    { ...use, allowed: true },
  ]);
  const audited = (): Record<string, unknown>[] =>
    jsonLines(relay.appLogFile).filter((line) => line.type === 'audit' && line.event === 'credentials');
  const [line, ...more] = await waitFor('the audit event', () => (audited().length > 0 ? audited() : undefined));
  // One exchange for both calls.
  expect(more).toEqual([]);
  expect(line).toMatchObject({
    outcome: 'allowed',
    subject: CARLA.subject,
    roleArn: ROLE,
    sessionName: use.sessionName,
  });
});

it('who acts for the user does not get the user’s role, though the policy lets both do this', async () => {
  const token = await relay.actFor(await relay.signIn('carla'));
  const before = (await relay.sessionUses()).length;
  const { status, body } = await send(`${relay.http}/invoices/7/render`, { method: 'POST', token });
  expect([status, body.code]).toEqual([500, 'aws_role_missing']);
  expect((await relay.sessionUses()).length).toBe(before);
});
