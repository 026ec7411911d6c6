import { functionOf } from '../../src/function/function-name';
import { thrownBy } from '../support/errors';
import { invoicesPolicy } from '../support/invoices';

const arn = (rest: string): string => `arn:aws:lambda:eu-west-1:123456789012:function:${rest}`;
const policy = invoicesPolicy({
  functions: {
    render: { target: arn('render-invoice:live'), permission: 'invoice:read' },
    archive: { target: arn('archive'), permission: 'invoice:read' },
    'send-live': { target: arn('send:live'), permission: 'invoice:read' },
    'send-test': { target: arn('send:test'), permission: 'invoice:read' },
  },
});

describe('which function of the policy this is', () => {
  it.each([
    ['the one that is named', 'send-test', {}, 'send-test'],
    ['the one that is named, whatever Lambda calls it', 'archive', { AWS_LAMBDA_FUNCTION_NAME: 'x' }, 'archive'],
    ['the one whose target it is', undefined, { AWS_LAMBDA_FUNCTION_NAME: 'render-invoice' }, 'render'],
    ['the same without alias', undefined, { AWS_LAMBDA_FUNCTION_NAME: 'archive' }, 'archive'],
  ])('%s', (_name, name, env, expected) => {
    expect(functionOf(policy, name, env)).toEqual({ name: expected, document: policy.functions[expected] });
  });

  it.each([
    ['a misspelt name', 'rendr', {}, /did you mean "render"/],
    ['a name of every object', 'toString', {}, /not known/],
    ['nothing to go by', undefined, {}, /AWS_LAMBDA_FUNCTION_NAME is not set/],
    ['an empty name of Lambda', undefined, { AWS_LAMBDA_FUNCTION_NAME: '' }, /No function/],
    ['a function of another policy', undefined, { AWS_LAMBDA_FUNCTION_NAME: 'render' }, /No function.*render/],
    ['two aliases of one function', undefined, { AWS_LAMBDA_FUNCTION_NAME: 'send' }, /More than one.*"name"/],
  ])('cannot be told from %s', async (_name, name, env, message) => {
    const error = await thrownBy(() => functionOf(policy, name, env));
    expect(error).toMatchObject({ code: 'function_unknown', message: expect.stringMatching(message) });
  });
});
