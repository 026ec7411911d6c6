import { makeIdentity, makePolicy, problemsOf, policyDocument } from '../support/policies';

const arn = (name: string): string => `arn:aws:iam::123456789012:role/invoices-${name}`;
const aws = (name: string): object => ({ aws: { roleArn: arn(name) } });
const FUNCTION = { kind: 'function', name: 'render-invoice' };

/** clerk < approver, auditor beside them; `render-invoice` asks for invoice:read. */
const roles = {
  approver: { inherits: ['clerk'], permissions: ['invoice:approve'], ...aws('approver') },
  clerk: { permissions: ['invoice:read'], ...aws('clerk') },
  printer: { permissions: ['invoice:read', 'invoice:print'], ...aws('printer') },
  manager: { inherits: ['reader'], permissions: ['invoice:approve'], ...aws('manager') },
  reader: { permissions: ['invoice:read'] },
  barred: { deny: ['invoice:read'] },
  wide: { permissions: ['invoice:*'], deny: ['invoice:approve'], ...aws('wide') },
  half: { permissions: ['invoice:read', 'invoice:print'], deny: ['invoice:print'], ...aws('half') },
};
const actors = {
  copilot: { permissions: ['invoice:read'], roles: ['clerk'] },
  unnamed: { permissions: ['invoice:*'] },
  narrow: { permissions: ['invoice:read'], roles: ['printer', 'approver'] },
  denied: { permissions: ['invoice:*'], deny: ['invoice:print'], roles: ['wide', 'clerk'] },
  free: { permissions: ['invoice:*'], roles: ['wide', 'approver'] },
  elsewhere: { permissions: ['invoice:read'], deny: ['ledger:read'], roles: ['clerk', 'half'] },
};
const policy = makePolicy({ roles, actors });

describe('the AWS role of a call', () => {
  it.each<[string, string[], string[], string]>([
    ['is that of the role which grants the permission', ['clerk'], [], 'clerk'],
    ['is that of the role which the grant is inherited from', ['approver'], [], 'clerk'],
    ['is the heir’s where the inherited one has none', ['manager'], [], 'manager'],
    ['is the first of the file among equals', ['printer', 'clerk'], [], 'clerk'],
    ['is none without a role', [], [], 'permission_missing'],
    ['is none where any role denies', ['clerk', 'barred'], [], 'permission_denied'],
    ['is none where no granting role names one', ['reader'], [], 'role_without_aws'],
    ['is none for a role that the policy does not know', ['constructor', '__proto__'], [], 'permission_missing'],
    ['is, with an actor, one that the actor may have', ['approver'], ['copilot'], 'clerk'],
    ['is not the user’s only because both may do this', ['printer'], ['copilot'], 'actor_limited'],
    ['is none for an actor that no role is named for', ['clerk'], ['unnamed'], 'actor_limited'],
    ['is none where the role grants more than the actor may', ['printer'], ['narrow'], 'actor_limited'],
    ['is none where the actor is denied a part of the role', ['wide'], ['denied'], 'actor_limited'],
    ['is the role’s for an actor that may do all of it', ['wide'], ['free'], 'wide'],
    ['is limited by every actor of the chain', ['wide'], ['free', 'copilot'], 'actor_limited'],
    ['is limited in whichever order they act', ['approver'], ['free', 'copilot'], 'clerk'],
    ['is that of a role beside one that the policy does not know', ['constructor', 'clerk'], [], 'clerk'],
    ['is the role’s for an actor that is denied something else', ['clerk'], ['elsewhere'], 'clerk'],
    ['is the role’s for an actor that lacks what the role denies itself', ['half'], ['elsewhere'], 'half'],
    ['is none for an unknown actor', ['clerk'], ['stranger'], 'actor_unknown'],
  ])('%s', (_what, held, acting, expected) => {
    const { reason, role } = policy.decideAwsRole(makeIdentity({ roles: held, actors: acting }), FUNCTION);
    expect(role?.name ?? reason).toBe(expected);
    if (role !== undefined) expect(role.arn).toBe(arn(role.name));
  });

  it('is asked for what the policy has: functions, and the queues before them', () => {
    const clerk = makeIdentity({ roles: ['clerk'] });
    expect(policy.decideAwsRole(clerk, { kind: 'queue', name: 'render-invoice' }).role?.name).toBe('clerk');
    for (const target of [
      { kind: 'function', name: 'toString' },
      { kind: 'workflow', name: 'render-invoice' },
    ]) {
      expect(policy.decideAwsRole(clerk, target)).toEqual({ reason: 'target_unknown' });
    }
  });

  it.each([
    '',
    'role/x',
    'arn:aws:iam::12:role/x',
    'arn:aws:iam::123456789012:user/x',
    'arn:aws:iam::123456789012:role/*',
  ])('cannot be %j', (roleArn) => {
    const document = policyDocument({
      roles: { clerk: { permissions: ['invoice:read'], aws: { roleArn } } },
      actors: {},
    });
    expect(problemsOf(document).map(({ pointer }) => pointer)).toContain('/roles/clerk/aws/roleArn');
  });
});
