import type { ErrorCode } from '../../src/core/error-codes';
import { AADSTS } from '../../src/core/aadsts';
import type { Grant } from '../../src/entra/grant';
import { refusalOf, type Refusal } from '../../src/entra/refusal';
import { stsError } from '../../src/entra/sts-error';

const grant = (flow: Grant['flow']): Grant => ({ flow, scope: 'api://archive/.default', parameters: {} });
const refuse = (
  body: Readonly<Record<string, unknown>>,
  { status = 400, flow = 'application' }: { readonly status?: number; readonly flow?: Grant['flow'] } = {},
): Refusal => refusalOf({ status, body }, grant(flow), 'issuer "i"');

describe('what Entra answers', () => {
  it.each<[string, Readonly<Record<string, unknown>>, { status?: number; flow?: Grant['flow'] }, ErrorCode, boolean]>([
    ['a wrong client', { error: 'invalid_client', error_codes: [700027] }, { status: 401 }, 'entra_refused', false],
    ['a new credential', { error: 'invalid_client', error_codes: [70021] }, { status: 401 }, 'entra_refused', true],
    ['a credential in another case', { error: 'invalid_client', error_codes: [7002138] }, {}, 'entra_refused', false],
    ['an error without number', { error: 'invalid_scope' }, {}, 'entra_refused', false],
    ['no error at all', {}, {}, 'entra_refused', false],
    ['throttling', {}, { status: 429 }, 'entra_unavailable', true],
    ['an outage', {}, { status: 503 }, 'entra_unavailable', true],
    ['an outage by its error', { error: 'temporarily_unavailable' }, {}, 'entra_unavailable', true],
    [
      'a second factor that is missing',
      { error: 'interaction_required', error_codes: [50076] },
      { flow: 'on_behalf_of' },
      'authentication_insufficient',
      false,
    ],
    ['the same without a user', { error: 'interaction_required', error_codes: [50076] }, {}, 'entra_refused', false],
    [
      'consent that is missing',
      { error: 'invalid_grant', suberror: 'consent_required', error_codes: [65001] },
      { flow: 'on_behalf_of' },
      'entra_refused',
      false,
    ],
    // The number alone never decides what a caller is told.
    [
      'a number that says otherwise',
      { error: 'invalid_client', error_codes: [50076] },
      { flow: 'on_behalf_of' },
      'entra_refused',
      false,
    ],
  ])('%s', (_, body, context, code, passing) => {
    const refusal = refuse(body, context);
    expect([refusal.error.code, refusal.passing]).toEqual([code, passing]);
  });

  it('is explained by its number: what to change', () => {
    for (const [number, { advice }] of Object.entries(AADSTS)) {
      expect(refuse({ error: 'invalid_client', error_codes: [Number(number)] }).error.message).toContain(advice);
      expect(advice.length).toBeGreaterThan(20);
    }
  });

  it('is read from its description only where that begins with the number', () => {
    const described = (text: string): readonly number[] => refuse({ error: 'x', error_description: text }).aadsts;
    expect(described('AADSTS700213: No match.')).toEqual([700213]);
    expect(described('See AADSTS700213.')).toEqual([]);
    expect(described('AADSTS12345678901')).toEqual([]);
  });

  it('is never repeated: only words, numbers and IDs of its own', () => {
    const secret = 'eyJhbGciOiJSUzI1NiJ9.secret.secret';
    const refusal = refuse({
      error: `invalid ${secret}`,
      suberror: secret,
      error_description: `AADSTS50013: ${secret}`,
      trace_id: secret,
      error_codes: [50013, secret],
    });
    expect(JSON.stringify({ ...refusal, message: refusal.error.message })).not.toContain('secret');
    expect(refusal.error.reason).toBe('status_400');
    expect(refusal).not.toHaveProperty('traceId');
  });

  it('names what was presented only where that is what is wrong', () => {
    const says = (number: number): boolean =>
      refuse({ error: 'invalid_client', error_codes: [number] }).error.message.includes('issuer "i"');
    expect([70021, 700211, 700212, 700213, 7002138, 700222].map(says)).toEqual(Array(6).fill(true));
    expect([50012, 700027, 500011].map(says)).toEqual([false, false, false]);
  });
});

describe('what STS answers', () => {
  const named = (name: string): Error => Object.assign(new Error('AWS text'), { name });

  it.each([
    ['OutboundWebIdentityFederationDisabledException', 'entra_refused', 'enable-outbound-web-identity-federation'],
    ['AccessDenied', 'entra_refused', 'sts:GetWebIdentityToken'],
    ['AccessDeniedException', 'entra_refused', 'sts:GetWebIdentityToken'],
    ['SessionDurationEscalationException', 'entra_refused', 'durationSeconds'],
    ['JWTPayloadSizeExceededException', 'entra_refused', 'tags'],
    ['ExpiredTokenException', 'entra_refused', 'expired'],
    ['CredentialsProviderError', 'entra_refused', 'no AWS credentials'],
    ['ThrottlingException', 'entra_unavailable', 'ThrottlingException'],
    ['TimeoutError', 'entra_unavailable', 'TimeoutError'],
  ])('%s is %s', (name, code, text) => {
    const error = stsError(named(name));
    expect([error.code, error.reason]).toEqual([code, name]);
    expect(error.message).toContain(text);
    expect(error.message).not.toContain('AWS text');
  });

  it('has the system error where the endpoint cannot be reached', () => {
    expect(stsError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })).reason).toBe('ECONNREFUSED');
  });
});
