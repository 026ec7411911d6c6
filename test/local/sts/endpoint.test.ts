import { AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { startStsEndpoint } from '../../../src/local/sts/endpoint';
import { codeOf, thrownBy } from '../../support/errors';
import {
  ACCOUNT,
  CLERK_ROLE,
  invokePolicy,
  startWebIdentity,
  trustPolicy,
  type WebIdentityStage,
} from '../../support/web-identity';

let stage: WebIdentityStage;
let client: STSClient;
beforeAll(async () => {
  stage = await startWebIdentity();
  client = new STSClient({
    endpoint: stage.sts.url,
    region: 'eu-west-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
});
afterAll(async () => {
  client.destroy();
  await stage.close();
});

const nameIn = (error: unknown): string => (error as Error).name;

/** The real SDK's call; what it throws is AWS's error as the SDK reads it. */
const assume = (changes: object = {}): Promise<Awaited<ReturnType<typeof send>>> => send(changes);
async function send(changes: object) {
  const input = { RoleArn: CLERK_ROLE, RoleSessionName: 'ada', WebIdentityToken: stage.token(), ...changes };
  return client.send(new AssumeRoleWithWebIdentityCommand(input));
}
const nameOf = (changes: object): Promise<string> => assume(changes).then(() => 'none', nameIn);

it('answers the real SDK', async () => {
  const answer = await assume({ DurationSeconds: 900 });
  expect(answer).toMatchObject({
    SubjectFromWebIdentityToken: 'app-1',
    Audience: 'api://invoices-aws',
    AssumedRoleUser: { Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/invoices-clerk/ada` },
    Credentials: { AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/) },
  });
  expect(answer.Credentials!.Expiration!.getTime()).toBe((Math.floor(stage.time.now / 1000) + 900) * 1000);
});

it('names its errors as AWS does', async () => {
  expect(await nameOf({ RoleArn: `${CLERK_ROLE}-x` })).toBe('AccessDenied');
  expect(await nameOf({ WebIdentityToken: stage.token({ sub: 'other' }) })).toBe('AccessDenied');
  expect(await nameOf({ WebIdentityToken: stage.token({ aud: 'other' }) })).toBe('InvalidIdentityTokenException');
  expect(await nameOf({ WebIdentityToken: stage.token({ exp: 1 }) })).toBe('ExpiredTokenException');
  expect(await nameOf({ Policy: '{}' })).toBe('MalformedPolicyDocumentException');
  expect(await nameOf({ Policy: `{"a":"${'x'.repeat(2048)}"}` })).toBe('ValidationError');
  expect(await nameOf({ DurationSeconds: 899 })).toBe('ValidationError');
  expect(await nameOf({ RoleSessionName: 'a' })).toBe('ValidationError');
  const unknown = client.send(new GetCallerIdentityCommand({})).catch(nameIn);
  expect(await unknown).toBe('InvalidAction');
});

it('cannot verify a token of an issuer that is away', async () => {
  const away = await startWebIdentity();
  await away.issuer.close();
  const there = new STSClient({ endpoint: away.sts.url, region: 'eu-west-1', maxAttempts: 1 });
  const input = { RoleArn: CLERK_ROLE, RoleSessionName: 'ada', WebIdentityToken: away.token() };
  const failure = there.send(new AssumeRoleWithWebIdentityCommand(input)).catch(nameIn);
  expect(await failure).toBe('IDPCommunicationErrorException');
  await away.sts.stop();
});

describe('what a session may do', () => {
  const action = 'lambda:InvokeFunction';
  const resource = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:render`;

  it('is what role and session policy both allow, until it ends, and is kept in order', async () => {
    const { Credentials: own } = await assume();
    const { Credentials: narrow } = await assume({
      Policy: JSON.stringify({ Statement: [{ Effect: 'Allow', Action: action, Resource: `${resource}-2` }] }),
    });
    const may = (credentials: typeof own, asked: string, on = resource): string =>
      stage.sts.sessions.authorize({
        accessKeyId: credentials!.AccessKeyId!,
        sessionToken: credentials!.SessionToken,
        action: asked,
        resource: on,
      })?.message ?? 'allowed';
    expect(may(own, action)).toBe('allowed');
    expect(may(own, 'lambda:DeleteFunction')).toMatch(
      /^User: arn:aws:sts::\d+:assumed-role\/invoices-clerk\/ada is not .* no identity-based policy/,
    );
    expect(may(narrow, action)).toMatch(/because no session policy allows the lambda:InvokeFunction action$/);
    expect(may(narrow, action, `${resource}-2`)).toBe('allowed');
    expect(may({ ...own!, SessionToken: 'other' }, action)).toBe(
      'The security token included in the request is invalid.',
    );
    expect(stage.sts.sessions.uses.map(({ allowed }) => allowed)).toEqual([true, false, false, true]);
    stage.time.now += 3600_001;
    expect(may(own, action)).toBe('The security token included in the request is expired');
    expect(
      stage.sts.sessions.authorize({ accessKeyId: 'AKIA', sessionToken: undefined, action, resource }),
    ).toBeUndefined();
  });
});

describe('a role that cannot be evaluated here stops the start', () => {
  const trust = (change: object): object => {
    const document = trustPolicy('https://a.example') as { Statement: object[] };
    return { ...document, Statement: [{ ...document.Statement[0], ...change }] };
  };
  it.each<[string, object, string]>([
    [
      'an operator',
      { trustPolicy: trust({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }) },
      'IpAddress',
    ],
    ['another principal', { trustPolicy: trust({ Principal: '*' }) }, 'Federated'],
    ['another member', { trustPolicy: trust({ NotAction: 'x' }) }, 'NotAction'],
    [
      'conditions of its policy',
      { policy: { Statement: [{ ...invokePolicy.Statement[0], Condition: {} }] } },
      'Condition',
    ],
    ['its duration', { maxSessionDurationSeconds: 900 }, 'maxSessionDurationSeconds'],
  ])('%s', async (_what, change, said) => {
    const role = { trustPolicy: trust({}), policy: invokePolicy, ...change };
    const error = await thrownBy(() => startStsEndpoint({ providers: [], roles: { [CLERK_ROLE]: role } }));
    expect(error.code).toBe('option_invalid');
    expect(error.message).toContain(said);
  });

  it('and so does an issuer without TLS that is elsewhere', async () => {
    const providers = [{ url: 'http://idp.example.com', audiences: ['a'] }];
    expect(await codeOf(() => startStsEndpoint({ providers, roles: {} }))).toBe('option_invalid');
  });
});

it('a Deny and a StringLike of a trust policy count', async () => {
  const issuer = stage.issuer.issuer;
  const key = issuer.replace('http://', '');
  const statement = (trustPolicy(issuer) as { Statement: object[] }).Statement[0]!;
  const policyOf = (effect: string, pattern: string): object => ({
    ...statement,
    Effect: effect,
    Condition: { StringLike: { [`${key}:sub`]: pattern } },
  });
  const roles = {
    [CLERK_ROLE]: {
      trustPolicy: { Statement: [policyOf('Allow', 'app-*'), policyOf('Deny', '*-2')] },
      policy: invokePolicy,
    },
  };
  const sts = await startStsEndpoint({
    providers: [{ url: issuer, audiences: ['api://invoices-aws'] }],
    roles,
    clock: () => stage.time.now,
  });
  const there = new STSClient({ endpoint: sts.url, region: 'eu-west-1', maxAttempts: 1 });
  const outcome = (sub: string): Promise<string> =>
    there
      .send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: CLERK_ROLE,
          RoleSessionName: 'ada',
          WebIdentityToken: stage.token({ sub }),
        }),
      )
      .then(() => 'opened', nameIn);
  expect([await outcome('app-1'), await outcome('app-2'), await outcome('web-1')]).toEqual([
    'opened',
    'AccessDenied',
    'AccessDenied',
  ]);
  await sts.stop();
});
