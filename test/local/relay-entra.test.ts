import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsTokenSource, createEntraTokens } from '../../src/entra';
import { readRelayConfig } from '../../src/local/relay-config';
import { startRelayEntra } from '../../src/local/relay-entra';
import { startStsEndpoint } from '../../src/local/sts/endpoint';
import { claimsIn } from '../support/entra';
import { thrownBy } from '../support/errors';
import { recordingLogger } from '../support/recording-logger';

const entra = {
  functions: {
    render: { roleArn: 'arn:aws:iam::123456789012:role/render', clientId: 'renderer' },
    archive: { roleArn: 'arn:aws:iam::123456789012:role/archive', clientId: 'archivist' },
  },
  resources: [{ appIdUri: 'api://archive', roles: { archivist: ['Archive.Write'] } }],
};

it('each function is its own application by its own credentials, and no other', async () => {
  const relay = await startRelayEntra(entra, { tenant: 'contoso', userIssuer: 'http://127.0.0.1:9' });
  const sts = await startStsEndpoint({ providers: [], roles: {}, actions: relay.actions });
  const rolesOf = async (name: string, clientId: string): Promise<unknown> => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL_STS } = relay.environmentOf(name, sts.url);
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey: AWS_SECRET_ACCESS_KEY! };
    const clientConfig = { endpoint: AWS_ENDPOINT_URL_STS, region: 'eu-west-1', credentials };
    const federation = awsTokenSource({ clientConfig });
    const options = { tenant: 'contoso', authority: relay.entra.url, federation, logger: recordingLogger() };
    const tokens = createEntraTokens({ ...options, clientId, sleep: async () => undefined });
    return claimsIn((await tokens.token('api://archive')).token).roles;
  };
  expect(await rolesOf('archive', 'archivist')).toEqual(['Archive.Write']);
  expect(await rolesOf('render', 'renderer')).toBeUndefined();
  expect((await thrownBy(() => rolesOf('render', 'archivist'))).message).toContain('AADSTS700213');
  expect(relay.environmentOf('toString', sts.url)).toEqual({});
  await Promise.all([relay.stop(), sts.stop()]);
});

describe('baton.dev.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-relay-entra-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  for (const name of ['web.config', 'a.js', 'http.json']) writeFileSync(join(folder, name), '');
  const read = (changes: object) => {
    const file = join(folder, 'baton.dev.json');
    const provider = { tenant: 't', audience: 'api://a', users: [], clients: [] };
    const files = { webConfig: 'web.config', authorizer: 'a.js', gateways: { http: 'http.json' } };
    const functions = { render: 'a.js', archive: 'a.js' };
    const environment = { AUTHORITY: '${relay.entra}' };
    writeFileSync(
      file,
      JSON.stringify({ ...files, functions, environment, identityProvider: provider, entra, ...changes }),
    );
    return readRelayConfig(file);
  };

  it('takes it', () => expect(read({}).entra).toEqual(entra));

  it('takes faults of STS with it: functions ask there who they are', () => {
    const faults = { sts: [{ kind: 'throttle', operation: 'GetWebIdentityToken', times: 1 }] };
    expect(read({ faults }).faults).toEqual(faults);
  });

  it.each<[string, object, string]>([
    ['its address without it', { entra: undefined }, '/environment/AUTHORITY'],
    ['a function that is none', { functions: { render: 'a.js' } }, '/entra/functions/archive'],
    ['an API without URI', { entra: { ...entra, resources: [{}] } }, '/entra/resources/0'],
    ['a function without role', { entra: { ...entra, functions: { render: {} } } }, '/entra/functions/render'],
  ])('refuses %s', async (_, changes, pointer) => {
    const { problems } = await thrownBy(() => read(changes));
    expect(problems[0]?.pointer).toContain(pointer);
  });
});
