import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { BATON, copyExample, temporaryFolder, type ExampleCopy } from '../support/example';
import { runNode } from '../support/processes';

jest.setTimeout(30_000);

let copy: ExampleCopy;
beforeEach(() => {
  copy = copyExample();
});
afterEach(() => copy.remove());

/** Runs `baton dev` where it must not come up; afterwards nothing may be left of it. */
async function refusedDev(command = BATON): Promise<string> {
  const temporary = copy.folder('t');
  const env = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const args = [command, 'dev', '--config', copy.configFile, '--logs', copy.folder('logs')];
  const run = await runNode(args, { env });
  expect({ exit: run.exit, stdout: run.stdout }).toEqual({ exit: 1, stdout: '' });
  expect({ processes: run.family(), files: readdirSync(temporary) }).toEqual({ processes: [], files: [] });
  expect(readdirSync(copy.app)).not.toContain('.baton');
  expect(run.stderr).not.toMatch(/^ {4}at /m);
  return run.stderr;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- documents that tests break
it.each<[string, (config: any) => void, [string, string][]]>([
  [
    'that lacks members and has unknown ones',
    (config) => {
      delete config.authorizer;
      delete config.identityProvider.audience;
      config.gatewais = config.gateways;
    },
    [
      ['/authorizer', 'is missing'],
      ['/identityProvider/audience', 'is missing'],
      ['/gatewais', 'did you mean "gateways"?'],
    ],
  ],
  [
    'with values of a wrong type',
    (config) => {
      config.environment.AWS_ACCOUNT = 123456789012;
      config.ports = { iis: 99_999 };
      config.identityProvider.users[0].roles = 'Invoices.Clerk';
      config.functions['no name'] = 'x.js';
    },
    [
      ['/environment/AWS_ACCOUNT', 'must be a string'],
      ['/ports/iis', 'from 0 to 65535'],
      ['/identityProvider/users/0/roles', 'must be a list'],
      ['/functions/no name', 'is no usable name'],
    ],
  ],
  [
    'with a name that the relay does not have',
    (config) => (config.environment.GATEWAY_JWKS_URI = '${relay.gatewayKey}/x'),
    [['/environment/GATEWAY_JWKS_URI', 'did you mean "gatewayKeys"?']],
  ],
  [
    'that names files which are not there',
    (config) => {
      config.webConfig = 'wep.config';
      config.functions['render-invoice'] = 'functions';
      config.gateways.rest = 'nowhere.json';
    },
    [
      ['/webConfig', 'wep.config'],
      ['/functions/render-invoice', 'functions'],
      ['/gateways/rest', 'nowhere.json'],
    ],
  ],
  ['without any gateway', (config) => (config.gateways = {}), [['/gateways', 'needs "http", "rest" or both']]],
])('lists every problem of a configuration %s', async (_, edit, problems) => {
  copy.edit('baton.dev.json', edit);
  const stderr = await refusedDev();
  const listed = [...stderr.matchAll(/^ {2}(\/.*?): (.*)$/gm)].map(([, pointer, message]) => [pointer, message]);
  expect(listed.sort()).toEqual(problems.map(([pointer, said]) => [pointer, expect.stringContaining(said)]).sort());
});

it('says where a configuration is no JSON', async () => {
  copy.write('baton.dev.json', '{ "webConfig": }');
  expect(await refusedDev()).toMatch(/baton\.dev\.json is not JSON: Unexpected token/);
});

it('says which gateway definition is no JSON', async () => {
  copy.write('gateway.rest.openapi.json', 'openapi: 3.0.1');
  expect(await refusedDev()).toMatch(/The gateway definition .*gateway\.rest\.openapi\.json cannot be read as JSON\./);
});

it.each(['identityProvider', 'keys', 'lambda', 'iis', 'http', 'rest'])(
  'ends everything that it started where the port of "%s" is taken',
  async (name) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    try {
      const { port } = holder.address() as AddressInfo;
      copy.edit('baton.dev.json', (config) => (config.ports = { [name]: port }));
      expect(await refusedDev()).toMatch(new RegExp(`baton: .* cannot listen on .*\\b${port}\\b`));
    } finally {
      holder.close();
    }
  },
);

/** A project of its own with the package installed, but without one of its optional peers. */
function installWithout(peer: string): { project: string; command: string } {
  const root = path.dirname(path.dirname(path.dirname(BATON)));
  // Not below the copy, where the peer would be found in a folder further up.
  const project = temporaryFolder();
  const modules = path.join(project, 'node_modules');
  const installed = path.join(modules, 'iis-baton');
  cpSync(path.join(root, 'dist'), path.join(installed, 'dist'), { recursive: true });
  cpSync(path.join(root, 'package.json'), path.join(installed, 'package.json'));
  for (const name of ['jose', 'winston', 'oidc-provider', '@xmldom/xmldom', 'yaml', '@aws-sdk/client-lambda']) {
    if (name === peer) continue;
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name), 'junction');
  }
  return { project, command: path.join(installed, 'dist', 'cli', 'baton.js') };
}

it.each(['oidc-provider'])('names what to install where %s is missing', async (peer) => {
  const { project, command } = installWithout(peer);
  try {
    expect(await refusedDev(command)).toContain(`Install it: npm install ${peer}\n`);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});
