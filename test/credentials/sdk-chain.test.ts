import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { webIdentityCredentials } from '../../src/credentials/web-identity-credentials';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload } from '../../src/offload';
import { asCaller } from '../support/as-caller';
import { codeOf } from '../support/errors';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { answers, startLambdaStub, type LambdaStub } from '../support/lambda-stub';

const AWS_VARIABLES = [
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_EC2_METADATA_DISABLED',
];
const folder = mkdtempSync(path.join(tmpdir(), 'baton-chain-'));
const before = AWS_VARIABLES.map((name) => [name, process.env[name]] as const);
let lambda: LambdaStub;

beforeAll(async () => {
  lambda = await startLambdaStub();
  lambda.answer = answers({ done: true });
  // What IAM Roles Anywhere's helper prints.
  const printed = { Version: 1, AccessKeyId: 'ASIAROLESANYWHERE', SecretAccessKey: 'secret', SessionToken: 'session' };
  const output = path.join(folder, 'output.json');
  const config = path.join(folder, 'config');
  writeFileSync(output, JSON.stringify(printed));
  const print = `${JSON.stringify(process.execPath)} -p ${JSON.stringify(`require('fs').readFileSync('${output}','utf8')`)}`;
  writeFileSync(config, `[default]\ncredential_process = ${print}\n`);
  for (const name of AWS_VARIABLES) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, {
    AWS_CONFIG_FILE: config,
    AWS_SHARED_CREDENTIALS_FILE: config,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  rmSync(folder, { recursive: true });
  await lambda.close();
});

const asked: string[] = [];
const token = { token: (audience: string) => Promise.reject(new Error(String(asked.push(audience)))) };

/** A call of a policy without AWS roles. */
const call = (credentials?: ReturnType<typeof webIdentityCredentials>, act?: { sub: string }): Promise<unknown> => {
  const offload = createOffload({
    policy: invoicesPolicy({ actors: { copilot: { permissions: ['invoice:*'], roles: ['clerk'] } } }),
    signer: jwkSigner(relayKeys.handOver.privateJwk),
    clock: testClock,
    clientConfig: { endpoint: lambda.clientConfig.endpoint, region: 'eu-west-1' },
    ...(credentials && { credentials }),
  });
  return asCaller({ claims: act ? { act } : {} }, () => offload.invoke('render-invoice', {}));
};
const withoutRole = (mode: 'sdk' | 'refuse'): ReturnType<typeof webIdentityCredentials> =>
  webIdentityCredentials({ token, audience: 'api://aws', withoutRole: mode });

it('credential_process of IAM Roles Anywhere signs, without this option and with withoutRole: sdk', async () => {
  for (const credentials of [undefined, withoutRole('sdk')]) {
    expect(await call(credentials)).toEqual({ done: true });
    const { headers } = lambda.calls.at(-1)!;
    expect(headers.authorization).toContain('Credential=ASIAROLESANYWHERE/');
    expect(headers['x-amz-security-token']).toBe('session');
  }
  const made = lambda.calls.length;
  expect(await codeOf(() => call(withoutRole('refuse')))).toBe('aws_role_missing');
  expect(await codeOf(() => call(withoutRole('sdk'), { sub: 'copilot' }))).toBe('aws_role_missing');
  expect(lambda.calls).toHaveLength(made);
  expect(asked).toEqual([]);
});
