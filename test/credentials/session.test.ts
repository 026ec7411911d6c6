import fc from 'fast-check';
import type { CredentialsTarget } from '../../src/core/credentials';
import { sessionName } from '../../src/credentials/session-name';
import { sessionPolicy } from '../../src/credentials/session-policy';
import { thrownBy } from '../support/errors';
import { FUNCTION_ARN } from '../support/tokens';

describe('the name of a session', () => {
  it('can be read, and holds the user’s ID', () => {
    const name = sessionName({ subject: 'entra:2f9c1f7e-5a0b-4c55-9b1e-0a7d3c0b5a11' });
    expect(name).toMatch(/^entra-2f9c1f7e-5a0b-4c55-9b1e-0a7d3c0b5a11-[0-9a-f]{16}$/);
  });

  it('is one that STS takes, whatever the ID, and another for every caller', () => {
    const subject = fc.oneof(
      fc.string({ minLength: 1, maxLength: 90, unit: 'grapheme' }),
      fc.constantFrom(
        'entra:a',
        'entra-a',
        'entra/a',
        'ada_contoso.com#EXT#@fabrikam.onmicrosoft.com',
        `x:${'y'.repeat(80)}`,
      ),
    );
    const actors = fc.array(fc.constantFrom('p', 'q', 'entra:a'), { maxLength: 2 });
    const caller = fc.tuple(subject, actors);
    const nameOf = ([user, chain]: readonly [string, readonly string[]]): string =>
      sessionName({
        subject: user,
        actor: chain.reduceRight<{ subject: string } | undefined>(
          (before, name) => ({ subject: name, actor: before }),
          undefined,
        ),
      });
    fc.assert(
      fc.property(caller, caller, (one, other) => {
        expect(nameOf(one)).toMatch(/^[\w=,.@-]{2,64}$/);
        expect(nameOf(one) === nameOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { seed: 4711, numRuns: 2000 },
    );
  });
});

describe('the session policy', () => {
  const target = (changes: Partial<CredentialsTarget>): CredentialsTarget => ({
    kind: 'function',
    name: 'render-invoice',
    arn: FUNCTION_ARN,
    actions: ['lambda:InvokeFunction'],
    ...changes,
  });

  it('allows the target’s actions on the target, and nothing else', () => {
    expect(JSON.parse(sessionPolicy(target({})))).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: FUNCTION_ARN }],
    });
  });

  it('allows for all resources what AWS allows for one alone in no case, and nothing else', () => {
    const actions = ['states:DescribeExecution', 'states:SendTaskSuccess'];
    expect(JSON.parse(sessionPolicy(target({ actions })))).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['states:DescribeExecution'], Resource: FUNCTION_ARN },
        { Effect: 'Allow', Action: ['states:SendTaskSuccess'], Resource: '*' },
      ],
    });
  });

  it.each<[string, Partial<CredentialsTarget>]>([
    ['a wildcard in the ARN', { arn: `${FUNCTION_ARN}*` }],
    ['a policy variable in the ARN', { arn: 'arn:aws:lambda:eu-west-1:1:function:${aws:username}' }],
    ['a wildcard action', { actions: ['lambda:*'] }],
    ['no action', { actions: [] }],
    ['more than STS takes', { arn: `arn:aws:sqs:eu-west-1:123456789012:${'q'.repeat(2000)}` }],
  ])('is refused for %s', async (_what, changes) => {
    const { code, reason } = await thrownBy(() => sessionPolicy(target(changes)));
    expect([code, reason]).toEqual(['credentials_refused', 'session_policy']);
  });
});
