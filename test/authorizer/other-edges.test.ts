import { createAuthorizer } from '../../src/authorizer/authorizer';
import { jwkSigner } from '../../src/jws/sign';
import { policyBehind, standIns } from '../support/edges';
import { thrownBy } from '../support/errors';
import { invoicesDocument, relayKeys } from '../support/invoices';
import { compilePolicy } from '../../src/policy/policy';

const signer = jwkSigner(relayKeys.edge.privateJwk);

it.each(standIns.map((standIn) => [standIn.profile, standIn] as const))(
  'the authorizer does not start with a policy whose edge is %s',
  async (_profile, standIn) => {
    const error = await thrownBy(() => createAuthorizer({ policy: policyBehind(standIn), signer }));
    expect(error.code).toBe('policy_invalid');
    expect(error.problems.map(({ pointer }) => pointer)).toEqual(['/edge/profile']);
  },
);

it('the authorizer starts with its own', () => {
  expect(createAuthorizer({ policy: compilePolicy(invoicesDocument, {}), signer })).toBeInstanceOf(Function);
});
