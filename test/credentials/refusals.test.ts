import { assumeRoleWithWebIdentity, stsEndpoint } from '../../src/credentials/sts';
import { machineWire } from '../../src/credentials/http';
import { webIdentityCredentials } from '../../src/credentials/web-identity-credentials';
import { thrownBy } from '../support/errors';
import { leakOf } from '../support/recording-logger';
import { encodePart, forge, makeKey } from '../support/tokens';
import {
  AWS_AUDIENCE,
  awsPolicy as policy,
  clerk,
  CLERK_ROLE,
  invokePolicy,
  renderInvoice,
  startWebIdentity,
  trustPolicy,
  type WebIdentityStage,
} from '../support/web-identity';

const TAGGED_ROLE = CLERK_ROLE.replace('clerk', 'tagged');
let stage: WebIdentityStage;
beforeAll(async () => {
  stage = await startWebIdentity((issuer) => ({
    [TAGGED_ROLE]: {
      trustPolicy: trustPolicy(issuer, 'app-1', ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']),
      policy: invokePolicy,
    },
  }));
});
afterAll(() => stage.close());

const wire = { ...machineWire, wait: async () => {} };

/** One exchange with the local STS, which decides for real. */
const exchange = (token: string, changes: object = {}): Promise<unknown> =>
  assumeRoleWithWebIdentity(
    {
      endpoint: new URL(stage.sts.url),
      region: 'eu-west-1',
      roleArn: CLERK_ROLE,
      sessionName: 'session',
      sessionPolicy: JSON.stringify(invokePolicy),
      durationSeconds: 3600,
      token,
      ...changes,
    },
    wire,
  );

const tags = { 'https://aws.amazon.com/tags': { principal_tags: { team: ['a'] } } };
const other = makeKey('RS256', { kid: 'RS256-2' });
const pss = makeKey('PS256');
const now = (): number => Math.floor(stage.time.now / 1000);

describe('a refusal of STS says what to change', () => {
  it.each<[string, () => Promise<unknown>, string, RegExp]>([
    ['a token that has ended', () => exchange(stage.token({ exp: now() - 1 })), 'token_expired', /clocks/],
    [
      'another audience',
      () => exchange(stage.token({ aud: 'api://else' })),
      'token_audience',
      /audience is "api:\/\/else"/,
    ],
    [
      'azp in place of aud',
      () => exchange(stage.token({ azp: 'client-1' })),
      'token_audience',
      /asked for by the client "client-1".*"azp"/,
    ],
    [
      'an issuer that is not registered, a slash too many',
      () => exchange(stage.token({ iss: `${stage.issuer.issuer}/` })),
      'provider_unknown',
      /exactly this URL, a trailing slash included: http:\S+\/\./,
    ],
    [
      'a v1 token',
      () => exchange(stage.token({ iss: 'https://sts.windows.net/t/' })),
      'provider_unknown',
      /v1 token.*requestedAccessTokenVersion to 2/,
    ],
    [
      'a v2 token',
      () => exchange(stage.token({ iss: 'https://login.microsoftonline.com/t/v2.0' })),
      'provider_unknown',
      /v2 token.*requestedAccessTokenVersion to 1/,
    ],
    [
      'a key that the issuer does not publish',
      () => exchange(forge({ alg: 'RS256', kid: 'RS256-2' }, { iss: stage.issuer.issuer, iat: 1, exp: 2e9 }, other)),
      'provider_keys',
      /openid-configuration.*port 443/,
    ],
    [
      'a signature that does not hold',
      () => exchange(`${stage.token().slice(0, -8)}AAAAAAAA`),
      'token_invalid',
      /signed with a key that it publishes/,
    ],
    ['another subject', () => exchange(stage.token({ sub: 'app-2' })), 'role_trust', /:sub" = "app-2"/],
    [
      'a role that is not there',
      () => exchange(stage.token(), { roleArn: `${CLERK_ROLE}-x` }),
      'role_trust',
      /invoices-clerk-x.*must exist/,
    ],
    ['tags without sts:TagSession', () => exchange(stage.token(tags)), 'role_trust', /sts:TagSession/],
    [
      'a source identity without sts:SetSourceIdentity',
      () => exchange(stage.token({ ...tags, 'https://aws.amazon.com/source_identity': 'a' }), { roleArn: TAGGED_ROLE }),
      'role_trust',
      /sts:SetSourceIdentity/,
    ],
    [
      'a session that is too long',
      () => exchange(stage.token(), { durationSeconds: 7200 }),
      'duration',
      /"durationSeconds" is 7200/,
    ],
    [
      'a policy that is none',
      () => exchange(stage.token(), { sessionPolicy: '{' }),
      'session_policy',
      /session policy/,
    ],
    ['a name that is none', () => exchange(stage.token(), { sessionName: 'a b' }), 'request', /form/],
    ['PS256', () => exchange(forge({ alg: 'PS256', kid: 'x' }, { iss: 'x' }, pss)), 'token_algorithm', /RS256/],
    ['times with fractions', () => exchange(stage.token({ iat: now() + 0.5 })), 'token_times', /whole seconds/],
    ['a token that is none', () => exchange('opaque'), 'token_form', /Microsoft Graph/],
    [
      'a token with too much in it',
      () => exchange(stage.token({ groups: 'g'.repeat(20_000) })),
      'token_too_large',
      /20000/,
    ],
    ['a region that is none', async () => stsEndpoint('evil.example.com/', undefined), 'region_unknown', /region/],
  ])('%s', async (_what, action, reason, message) => {
    const error = await thrownBy(action);
    expect(error).toMatchObject({ code: 'credentials_refused', reason });
    expect(error.message).toMatch(message);
    expect(leakOf(encodePart({ iss: stage.issuer.issuer }), error.message)).toBeUndefined();
  });

  it('a token with tags, where the trust policy lets them be set', async () => {
    await expect(exchange(stage.token(tags), { roleArn: TAGGED_ROLE })).resolves.toBeDefined();
  });
});

/** A role's exchange with an STS that answers what it is told, and how often it was asked. */
async function answered(
  answer: () => Response | Error,
): Promise<{ asked: number; error: Awaited<ReturnType<typeof thrownBy>> }> {
  let asked = 0;
  const credentials = webIdentityCredentials({
    token: stage.source,
    audience: AWS_AUDIENCE,
    clock: () => stage.time.now,
    wire: {
      wait: async () => {},
      fetch: async () => {
        asked++;
        const given = answer();
        if (given instanceof Error) throw given;
        return given;
      },
    },
  });
  const error = await thrownBy(() => credentials.forTarget({ user: clerk(), policy }, renderInvoice));
  return { asked, error };
}

const fault = (code: string, status = 400, message = 'words of AWS', headers = {}): (() => Response) => {
  const xml = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  return () => new Response(xml, { status, headers });
};

describe('an STS that', () => {
  it.each<[string, () => Response | Error, number, string, string]>([
    ['is away', () => new TypeError('fetch failed'), 3, 'credentials_unavailable', 'sts'],
    ['throttles', fault('Throttling'), 3, 'credentials_unavailable', 'sts'],
    ['fails', fault('InternalFailure', 500), 3, 'credentials_unavailable', 'sts'],
    ['is another service', () => new Response('<html>', { status: 200 }), 3, 'credentials_unavailable', 'sts'],
    ['answers without end', () => new Response('x'.repeat(70_000)), 3, 'credentials_unavailable', 'sts'],
    ['cannot reach the issuer', fault('IDPCommunicationError'), 3, 'credentials_unavailable', 'IDPCommunicationError'],
    ['says that the token was withdrawn', fault('IDPRejectedClaim', 403), 1, 'credentials_refused', 'token_rejected'],
    ['finds the policy too large', fault('PackedPolicyTooLarge'), 1, 'credentials_refused', 'session_policy'],
    ['is not active', fault('RegionDisabledException', 403), 1, 'credentials_refused', 'region_disabled'],
    ['says something new', fault('BrandNew'), 1, 'credentials_refused', 'BrandNew'],
    ['refuses a new token as well', fault('ExpiredTokenException'), 2, 'credentials_refused', 'token_expired'],
  ])('%s', async (_what, answer, asked, code, reason) => {
    const result = await answered(answer);
    expect(result.error).toMatchObject({ code, reason });
    expect(result.asked).toBe(asked);
  });

  it('asks for a pause is given it, where that is no longer than a caller waits', async () => {
    const short = await answered(fault('Throttling', 429, '', { 'retry-after': '2' }));
    const long = await answered(fault('Throttling', 429, '', { 'retry-after': '60' }));
    expect([short.asked, long.asked]).toEqual([3, 1]);
    expect(long.error.retryAfterSeconds).toBe(60);
  });

  it('quotes the token, as AWS does where it does not like its form, is not quoted', async () => {
    const { error } = await answered(() =>
      fault('ValidationError', 400, `Value '${stage.token()}' at 'webIdentityToken' &amp; more`)(),
    );
    expect((error.cause as Error).message).toBe("Value '(token)' at 'webIdentityToken' & more");
  });
});

it('STS is asked in the region of the call, and of its partition', () => {
  expect(stsEndpoint('eu-west-1', undefined).href).toBe('https://sts.eu-west-1.amazonaws.com/');
  expect(stsEndpoint('us-gov-west-1', undefined).href).toBe('https://sts.us-gov-west-1.amazonaws.com/');
  expect(stsEndpoint('cn-north-1', undefined).href).toBe('https://sts.cn-north-1.amazonaws.com.cn/');
});
