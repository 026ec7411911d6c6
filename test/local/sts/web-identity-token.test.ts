import { GetWebIdentityTokenCommand, STSClient, type GetWebIdentityTokenCommandInput } from '@aws-sdk/client-sts';
import { importVerificationKey, type Jwk } from '../../../src/jws/keys';
import { verifyJws } from '../../../src/jws/verify';
import { ROLE, startEntraWorld, type EntraWorld } from '../../support/entra';
import { NOW } from '../../support/tokens';

let world: EntraWorld;
beforeAll(async () => (world = await startEntraWorld({ clock: () => NOW * 1000 })));
afterAll(() => world.stop());

const ask = (input: Partial<GetWebIdentityTokenCommandInput>, config: object = {}) =>
  new STSClient({ ...world.clientConfig, ...config }).send(
    new GetWebIdentityTokenCommand({ Audience: ['api://x'], SigningAlgorithm: 'RS256', ...input }),
  );

it.each(['RS256', 'ES384'] as const)(
  'gives a role a token that its issuer’s keys verify, with %s',
  async (algorithm) => {
    const tags = [{ Key: 'stage', Value: 'test' }];
    const { WebIdentityToken: token, Expiration: ends } = await ask({ SigningAlgorithm: algorithm, Tags: tags });
    const metadata = (await (await fetch(`${world.issuer.issuer}/.well-known/openid-configuration`)).json()) as Record<
      string,
      string
    >;
    expect(metadata.issuer).toBe(world.issuer.issuer);
    const { keys } = (await (await fetch(metadata.jwks_uri!)).json()) as { keys: Jwk[] };
    const find = async (kid: string) =>
      importVerificationKey(
        keys.find((key) => key.kid === kid)!,
        algorithm,
      );
    expect(await verifyJws(token!, { algorithms: [algorithm], types: ['JWT'], keys: { find } })).toEqual({
      iss: world.issuer.issuer,
      aud: 'api://x',
      sub: ROLE,
      iat: NOW,
      exp: NOW + 300,
      jti: expect.any(String),
      'https://sts.amazonaws.com/': {
        aws_account: '123456789012',
        source_region: 'eu-west-1',
        principal_id: ROLE,
        request_tags: { stage: 'test' },
      },
    });
    expect(ends).toEqual(new Date((NOW + 300) * 1000));
  },
);

it.each<[string, Partial<GetWebIdentityTokenCommandInput>, object, string]>([
  ['no audience', { Audience: [] }, {}, 'ValidationError'],
  ['another algorithm', { SigningAlgorithm: 'HS256' }, {}, 'ValidationError'],
  ['too short a time', { DurationSeconds: 59 }, {}, 'ValidationError'],
  ['too long a time', { DurationSeconds: 3601 }, {}, 'ValidationError'],
  ['unknown credentials', {}, { credentials: { accessKeyId: 'AKIAX', secretAccessKey: 'x' } }, 'InvalidClientTokenId'],
])('refuses %s as STS does', async (_, input, config, name) => {
  await expect(ask(input, config)).rejects.toMatchObject({ name });
});

describe('with a session that STS gave out', () => {
  const open = (action: string, seconds: number) => {
    const { accessKeyId, secretAccessKey, sessionToken } = world.sts.sessions.open(
      {
        roleArn: ROLE,
        sessionName: 'ada',
        userArn: 'arn:aws:sts::123456789012:assumed-role/render-invoice/ada',
        rolePolicy: [{ effect: 'Allow', actions: [action], resources: ['*'] }],
        sessionPolicy: undefined,
      },
      seconds,
    );
    return { credentials: { accessKeyId, secretAccessKey, sessionToken } };
  };

  it('gives one, if the role may ask', async () => {
    expect((await ask({}, open('sts:GetWebIdentityToken', 3600))).WebIdentityToken).toBeTruthy();
    await expect(ask({}, open('s3:GetObject', 3600))).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('gives none that would outlive the session', async () => {
    const refused = ask({ DurationSeconds: 901 }, open('sts:GetWebIdentityToken', 900));
    await expect(refused).rejects.toMatchObject({ name: 'SessionDurationEscalationException' });
  });
});
