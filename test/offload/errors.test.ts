import { BatonError } from '../../src/core/errors';
import { callError } from '../../src/offload/errors';
import { FUNCTION_ARN } from '../support/tokens';

const called = { name: 'render-invoice', target: FUNCTION_ARN, action: 'lambda:InvokeFunction' };

describe('what the SDK threw', () => {
  const named = (name: string, more: object = {}): Error => Object.assign(new Error('inner words'), { name, ...more });
  it.each([
    ['a refused connection', named('Error', { code: 'ECONNREFUSED' }), 'function_unavailable', 'ECONNREFUSED'],
    ['a code of no use', named('Error', { code: 7 }), 'function_unavailable', 'Error'],
    ['an exception of AWS', named('ServiceException', { code: 'x' }), 'function_unavailable', 'ServiceException'],
    [
      'a payload that Lambda cannot read',
      named('InvalidRequestContentException', { $metadata: { httpStatusCode: 400 } }),
      ...(['payload_invalid', 'InvalidRequestContentException'] as const),
    ],
    ['a status of AWS alone', named('Weird', { $metadata: { httpStatusCode: 429 } }), 'function_throttled', 'Weird'],
  ])('%s keeps its cause and says its name', (_name, thrown, code, reason) => {
    const error = callError(called, thrown);
    expect(error).toMatchObject({ code, reason });
    expect(error.cause).toBe(thrown);
    expect(error.message).not.toContain('inner words');
  });

  it('an error of Baton stays as it is', () => {
    const error = new BatonError('peer_missing', 'no SDK');
    expect(callError(called, error)).toBe(error);
  });
});
