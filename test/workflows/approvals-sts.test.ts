import { webIdentityCredentials } from '../../src/credentials/web-identity-credentials';
import { alice, approvalPolicy, carol, startApprovalBench, type ApprovalBench } from '../support/approvals';
import { asCaller } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { NOW } from '../support/tokens';
import { waitFor } from '../support/wait';
import { ACCOUNT, AWS_AUDIENCE, startWebIdentity, trustPolicy, type WebIdentityStage } from '../support/web-identity';

const BOARD_ROLE = `arn:aws:iam::${ACCOUNT}:role/board`;
/** What docs/workflows.md says that whoever decides needs. */
const board = (...send: readonly string[]): object => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:StopExecution'],
      Resource: `arn:aws:states:eu-west-1:${ACCOUNT}:execution:approve-invoice:*`,
    },
    ...(send.length === 0 ? [] : [{ Effect: 'Allow', Action: send, Resource: '*' }]),
  ],
});

let stage: WebIdentityStage;
let bench: ApprovalBench;
afterEach(async () => {
  await bench.stop();
  await stage.close();
});

/** A run that waits, and the decision of somebody whose AWS role has this policy. */
async function asked(policy: object): Promise<() => Promise<void>> {
  stage = await startWebIdentity((issuer) => ({ [BOARD_ROLE]: { trustPolicy: trustPolicy(issuer), policy } }));
  stage.time.now = NOW * 1000;
  bench = await startApprovalBench(() => undefined, {
    policy: approvalPolicy({}, BOARD_ROLE),
    sessions: stage.sts.sessions,
  });
  const { id } = await asCaller({ claims: alice }, () => bench.app().start('approve-invoice', { invoice: 7, wait: 0 }));
  await bench.timers.pass(0);
  await bench.tokens(1);
  const clock = (): number => stage.time.now;
  const credentials = webIdentityCredentials({
    token: stage.source,
    audience: AWS_AUDIENCE,
    endpoint: stage.sts.url,
    clock,
  });
  const app = bench.app({ credentials });
  return () => asCaller({ claims: carol }, () => app.decide(id, { state: 'Ask', decision: 'approve' }));
}

it('a decision has a session of the approver’s own AWS role, for that one execution', async () => {
  const decide = await asked(board('states:SendTaskSuccess', 'states:SendTaskFailure'));
  await decide();
  await waitFor('the payment', () => bench.lambda.calls.length === 1);
});

it('where the role may not answer tasks, the error names what is missing', async () => {
  const decide = await asked(board());
  const error = await thrownBy(decide);
  expect(error).toMatchObject({ code: 'workflow_access_denied' });
  expect(String(error)).toContain('states:SendTaskSuccess');
});
