import { inspect } from 'node:util';
import { jwkSigner } from '../../src/jws/sign';
import { createWorkflows } from '../../src/workflows/workflows';
import { approvalPolicy, bob, waitingExecution } from '../support/approvals';
import { asCaller } from '../support/as-caller';
import { startAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint';
import { thrownBy } from '../support/errors';
import { relayKeys, testClock } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';

type Json = Readonly<Record<string, unknown>>;
const waiting = waitingExecution();
let aws: AwsEndpoint;
/** What AWS says to the decision. */
let answer: () => Json;

beforeEach(async () => {
  aws = await startAwsEndpoint((operation, input) => waiting.answer(operation, input) ?? answer());
  answer = () => ({});
});
afterEach(() => aws.close());

const logger = recordingLogger();
function decide(decision: 'approve' | 'reject' = 'approve'): Promise<void> {
  const { maxAttempts: _one, ...clientConfig } = aws.clientConfig;
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const app = createWorkflows({ policy: approvalPolicy(), signer, clock: testClock, clientConfig });
  return asCaller({ claims: bob, logger }, () => app.decide(waiting.id, { state: 'Ask', decision }));
}

it('sends the token back where it came from, once', async () => {
  await decide();
  await decide('reject');
  const calls = aws.calls.filter(({ operation }) => operation.startsWith('SendTask'));
  expect(calls).toEqual([
    { operation: 'SendTaskSuccess', input: { taskToken: waiting.token, output: expect.stringContaining('"approve"') } },
    {
      operation: 'SendTaskFailure',
      input: { taskToken: waiting.token, error: 'baton.rejected', cause: expect.stringContaining('"reject"') },
    },
  ]);
});

const quoted = `Value '${waiting.token}' at 'taskToken' failed to satisfy constraint`;
it.each<[string, () => Json, object, string]>([
  [
    'TaskTimedOut',
    () => ({ __type: 'TaskTimedOut', message: 'over' }),
    { code: 'approval_not_pending' },
    'not_pending',
  ],
  ['TaskDoesNotExist', () => ({ __type: 'TaskDoesNotExist' }), { code: 'approval_not_pending' }, 'not_pending'],
  [
    'InvalidToken',
    () => ({ __type: 'InvalidToken', message: quoted }),
    { code: 'approval_not_pending' },
    'not_pending',
  ],
  [
    'a quotation',
    () => ({ __type: 'ValidationException', message: quoted }),
    { code: 'workflow_unavailable' },
    'unsent',
  ],
  ['AccessDenied', () => ({ __type: 'AccessDeniedException' }), { code: 'workflow_access_denied' }, 'unsent'],
  ['throttling', () => ({ __type: 'ThrottlingException' }), { code: 'workflow_throttled' }, 'unsent'],
  [
    'nothing',
    () => {
      throw new Error('a broken connection');
    },
    { code: 'workflow_unavailable' },
    'unsent',
  ],
])('AWS answers a decision with %s', async (_name, given, error, reason) => {
  answer = given;
  const lines = logger.ofType('audit').length;
  const thrown = await thrownBy(() => decide());
  expect(thrown).toMatchObject(error);
  // Nobody knows whether a decision without an answer arrived, so it is not sent again.
  expect(aws.calls.filter(({ operation }) => operation === 'SendTaskSuccess')).toHaveLength(1);
  expect(logger.ofType('audit').slice(lines)).toMatchObject([
    { event: 'workflow_decision', outcome: 'allowed', reason: 'granted' },
    { event: 'workflow_decision', outcome: 'denied', reason },
  ]);
  const shown = inspect([thrown, logger.handed], { depth: 20, showHidden: true, maxStringLength: null });
  expect(shown).not.toContain(waiting.token);
  expect(aws.calls.filter(({ input }) => input.includeExecutionData === true)).toHaveLength(1);
});
