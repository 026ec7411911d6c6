import { HttpFailure } from '../../src/offload/http-failure';
import { callError } from '../../src/offload/errors';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload, type OffloadOptions } from '../../src/offload/offload';
import { asCaller, type CallerOptions } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { FUNCTION_ARN, NOW, travellingClaims } from '../support/tokens';

const policy = invoicesPolicy();
const signer = jwkSigner(relayKeys.handOver.privateJwk);
let lambda: LambdaStub;
beforeAll(async () => {
  lambda = await startLambdaStub();
});
afterAll(() => lambda.close());

function invoke(caller: CallerOptions, options: OffloadOptions = {}): Promise<unknown> {
  const offload = createOffload({ policy, signer, clock: testClock, clientConfig: lambda.clientConfig, ...options });
  return asCaller(caller, () => offload.invoke('render-invoice', { id: 7 }));
}

const withRoles = (...roles: string[]): CallerOptions => ({ claims: { tctx: { ...travellingClaims.tctx, roles } } });

describe('a call that is refused says which it was and what to change', () => {
  const late = (NOW + 390) * 1000;
  const rows: readonly (readonly [string, CallerOptions, OffloadOptions, string, RegExp])[] = [
    [
      'a stale token',
      {},
      { clock: () => late },
      'token_invalid',
      /had ended \(2027-01-15T08:06:00\.000Z\).*needs a new token/,
    ],
    ['nobody', { claims: null }, {}, 'identity_missing', /below baton\(\), on a route that is not public/],
    [
      'a missing claim',
      withRoles(),
      {},
      'permission_denied',
      /names no role of the policy: a claim is missing.*claims\/roles.*members/,
    ],
    [
      'a missing role',
      withRoles('viewer', 'suspended2'),
      {},
      'permission_denied',
      /\(viewer, suspended2\) grants invoice:read; these do: clerk\./,
    ],
    [
      'a role that denies',
      withRoles('clerk', 'suspended'),
      {},
      'permission_denied',
      /denies invoice:read \(\/roles\/…\/deny\)/,
    ],
    [
      'an unknown actor',
      { claims: { act: { sub: 'x' } } },
      {},
      'permission_denied',
      /actor that \/actors does not know/,
    ],
  ];
  it.each(rows)('%s', async (_name, caller, options, code, message) => {
    expect(await thrownBy(() => invoke(caller, options))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(lambda.calls).toHaveLength(0);
  });

  const called = { name: 'render-invoice', target: FUNCTION_ARN, action: 'lambda:InvokeFunction' };
  const named = (name: string): Error => Object.assign(new Error('inner words'), { name });
  it.each([
    ['no credentials', named('CredentialsProviderError'), /no AWS credentials were found.*"credentials"/],
    ['credentials that ended', named('ExpiredTokenException'), /have expired/],
    [
      'credentials that nobody knows',
      named('UnrecognizedClientException'),
      /does not know its credentials.*session token/,
    ],
    ['a clock that is wrong', named('InvalidSignatureException'), /Check this clock/],
    ['a role that may not', named('AccessDeniedException'), /may not lambda:InvokeFunction on arn:aws:lambda:.*:live/],
    [
      'a gateway that refuses the token',
      new HttpFailure(401, null, null),
      /issuer of \/handOver and the audience arn:aws:lambda/,
    ],
  ])('AWS: %s', (_name, thrown, message) => {
    const error = callError(called, thrown);
    expect(error).toMatchObject({
      code: 'function_access_denied',
      message: expect.stringMatching(message),
      cause: thrown,
    });
    expect(error.message).not.toContain('inner words');
  });
});

describe('credentials of the caller', () => {
  const keysOf = (name: string) => Object.freeze({ accessKeyId: name, secretAccessKey: 'secret-for-tests' });
  const signedBy = (index: number): string | undefined =>
    /Credential=([^/]+)/.exec(String(lambda.calls[index]?.headers.authorization))?.[1];

  it('sign the call, each caller with its own, over the same sockets', async () => {
    const sessions: Record<string, ReturnType<typeof keysOf>> = {
      'entra:a': keysOf('ASIAA'),
      'entra:b': keysOf('ASIAB'),
    };
    const forTarget = jest.fn(({ user }: { user: { subject: string } }) => Promise.resolve(sessions[user.subject]));
    const offload = createOffload({
      policy,
      signer,
      clock: testClock,
      clientConfig: lambda.clientConfig,
      credentials: { forTarget },
    });
    const ports = new Set<unknown>();
    lambda.answer = (response) => {
      ports.add(response.socket?.remotePort);
      response.end('null');
    };
    for (const sub of ['entra:a', 'entra:b', 'entra:a', 'entra:unknown']) {
      await asCaller({ claims: { sub } }, () => offload.invoke('render-invoice', {}));
    }
    expect([0, 1, 2, 3].map(signedBy)).toEqual(['ASIAA', 'ASIAB', 'ASIAA', 'AKIDEXAMPLE']);
    expect(ports.size).toBe(1);
    expect(forTarget).toHaveBeenCalledWith(
      { user: expect.objectContaining({ subject: 'entra:a' }), policy },
      { kind: 'function', name: 'render-invoice', arn: FUNCTION_ARN, actions: ['lambda:InvokeFunction'] },
    );
  });

  it('that cannot be had end the call before anything is sent', async () => {
    const before = lambda.calls.length;
    const forTarget = (): Promise<never> =>
      Promise.reject(Object.assign(new Error('x'), { name: 'ExpiredTokenException' }));
    expect(await thrownBy(() => invoke({}, { credentials: { forTarget } }))).toMatchObject({
      code: 'function_access_denied',
    });
    expect(lambda.calls).toHaveLength(before);
  });
});
