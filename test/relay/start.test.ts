import path from 'node:path';
import { copyExample, type ExampleCopy } from '../support/example';
import { send } from '../support/http-client';
import { runNode } from '../support/processes';
import { readTree, startTestRelay } from './support/relay-host';

/** Addresses that nothing is fetched from: the app stops before, or is not asked anything. */
const ENVIRONMENT = {
  IDP_ISSUER: 'https://login.example.com',
  IDP_AUDIENCE: 'api://invoices',
  GATEWAY_ISSUER: 'https://gateway.example.com',
  GATEWAY_JWKS_URI: 'https://keys.example.com/gateway.json',
  APP_ISSUER: 'https://invoices.example.com',
  APP_JWKS_URI: 'https://keys.example.com/app.json',
  AWS_ACCOUNT: '123456789012',
};

let copy: ExampleCopy;
beforeEach(() => {
  copy = copyExample();
});
afterEach(() => copy.remove());

/** Starts the app by itself, as a developer or iisnode would, where it must not come up. */
async function refusedStart(env: Readonly<Record<string, string>>): Promise<string> {
  const { exit, stdout, stderr } = await runNode([path.join(copy.app, 'server.js')], { cwd: copy.app, env });
  expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' });
  return stderr;
}

it.each<[string, Record<string, string>, string[]]>([
  ['is named by nobody', {}, ['policy_missing', 'BATON_POLICY', '<appSettings>']],
  ['is missing', { BATON_POLICY: 'nowhere.json' }, ['policy_missing', 'nowhere.json']],
  ['cannot be read', { BATON_POLICY: 'functions' }, ['policy_unreadable', 'functions']],
  ['is no JSON', { BATON_POLICY: 'server.js' }, ['policy_invalid', 'server.js is not JSON']],
])('does not start where the policy %s', async (_, env, said) => {
  const stderr = await refusedStart(env);
  for (const text of said) expect(stderr).toContain(text);
});

it('does not start on a wrong policy, and lists every problem by its JSON pointer at once', async () => {
  copy.edit('baton.policy.json', (policy) => {
    policy.edgee = {};
    policy.edge.algorithms = ['HS256'];
    policy.roles.clerk.permissions = 'invoice:read';
    policy.routes[1].permision = policy.routes[1].permission;
    policy.functions['render-invoice'].timeoutSeconds = 0;
  });
  const { GATEWAY_ISSUER: _, ...lacking } = ENVIRONMENT;
  const stderr = await refusedStart({ ...lacking, BATON_POLICY: 'baton.policy.json' });
  const listed = [...stderr.matchAll(/^ {2}(\/\S*): /gm)].map(([, pointer]) => pointer);
  expect(listed.sort()).toEqual([
    '/edge/algorithms/0',
    '/edge/issuer',
    '/edgee',
    '/functions/render-invoice/timeoutSeconds',
    '/roles/clerk/permissions',
    '/routes/1/permision',
  ]);
  for (const hint of ['GATEWAY_ISSUER is not set', 'did you mean "edge"?', 'did you mean "permission"?']) {
    expect(stderr).toContain(hint);
  }
});

it('answers callers of an app that did not start without a word of why, and says why in iisnode’s log', async () => {
  const relay = await startTestRelay((broken) => {
    broken.edit('baton.policy.json', (policy) => (policy.roles.clerk.permissions = 'invoice:read'));
  });
  try {
    const { status, body } = await send(`${relay.http}/health`);
    expect(status).toBe(500);
    expect(JSON.stringify(body ?? '')).not.toContain('policy');
    const logs = [...readTree(relay.logDirectory)].filter(([name]) => /^iis\/iisnode\/.*-stderr-/.test(name));
    expect(logs).toEqual([[expect.any(String), expect.stringContaining('/roles/clerk/permissions: must be a list')]]);
  } finally {
    await relay.stop();
  }
});
