import { withBaton, type FunctionHandler } from '../../src/function/with-baton';
import { jwkSigner } from '../../src/jws/sign';
import { startSqsEndpoint, type SqsEndpoint } from '../../src/local/sqs/endpoint';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import type { StsSessions } from '../../src/local/sts/sessions';
import type { WorkflowDocument } from '../../src/policy/document';
import type { Policy } from '../../src/policy/policy';
import { canonicalDigest } from '../../src/token/canonical-json';
import { createWorkflows, type Workflows, type WorkflowsOptions } from '../../src/workflows/workflows';
import { invoicesPolicy, relayKeys } from './invoices';
import { startLambdaStub, type LambdaStub } from './lambda-stub';
import { ManualTimers } from './manual-timers';
import { recordingLogger, type RecordingLogger } from './recording-logger';
import { FUNCTION_ARN, handOverToken, NOW, travellingClaims } from './tokens';
import { waitFor } from './wait';
import { APPROVAL_ARN } from './workflows';

/** Who starts (clerks may), and who decides. */
export const alice = { sub: 'entra:alice', tctx: { ...travellingClaims.tctx, roles: ['clerk'] } };
export const bob = { sub: 'entra:bob', tctx: { ...travellingClaims.tctx, roles: ['approver'] } };
/** Decides, and may start nothing. */
export const carol = { sub: 'entra:carol', tctx: { ...travellingClaims.tctx, roles: ['board'] } };

export const approvalWorkflow: WorkflowDocument = {
  target: APPROVAL_ARN,
  permission: 'invoice:read',
  deadlineSeconds: 3600,
  approvals: { Ask: { permission: 'invoice:approve' } },
  steps: { Pay: { function: 'render-invoice', permission: 'invoice:read', approvedBy: 'Ask' } },
};

export const approvalPolicy = (changes: Partial<WorkflowDocument> = {}, boardRoleArn?: string): Policy =>
  invoicesPolicy({
    roles: {
      clerk: { members: ['entra:C'], permissions: ['invoice:read'] },
      approver: { members: ['entra:A'], inherits: ['clerk'], permissions: ['invoice:approve'] },
      board: {
        members: ['entra:B'],
        permissions: ['invoice:approve'],
        ...(boardRoleArn !== undefined && { aws: { roleArn: boardRoleArn } }),
      },
    },
    actors: {
      copilot: { members: ['entra:copilot-client'], permissions: ['invoice:read'] },
      deputy: { permissions: ['invoice:read', 'invoice:approve'] },
    },
    routes: undefined,
    workflows: { 'approve-invoice': { ...approvalWorkflow, ...changes } },
  });

const QUEUE = 'approvals';
/** How long the state waits at a time; it is tried once more. */
export const ASK_TIMEOUT_MS = 150_000;
export const ASK_AGAIN_MS = 7000;

/** A state that tells a queue to ask somebody, and waits. */
export const askState = (queueUrl: string, next: object): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
  Parameters: {
    QueueUrl: queueUrl,
    MessageBody: { 'taskToken.$': '$$.Task.Token', 'execution.$': '$$.Execution.Name', 'invoice.$': '$.invoice' },
  },
  TimeoutSeconds: ASK_TIMEOUT_MS / 1000,
  Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: ASK_AGAIN_MS / 1000, MaxAttempts: 1 }],
  ...next,
});

/** Asks, then pays: what docs/workflows.md says that states hand on. */
const approvalMachine = (queueUrl: string): object => ({
  StartAt: 'First',
  States: {
    First: { Type: 'Wait', SecondsPath: '$.wait', Next: 'Ask' },
    Ask: askState(queueUrl, {
      ResultPath: '$.approval',
      Catch: [{ ErrorEquals: ['baton.rejected'], ResultPath: '$.rejection', Next: 'Rejected' }],
      Next: 'Pay',
    }),
    Pay: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {
        FunctionName: FUNCTION_ARN,
        Payload: {
          'caller.$': '$$.Execution.Input.caller',
          'execution.$': '$$.Execution.Name',
          'state.$': '$$.State.Name',
          'approval.$': '$.approval',
          'payload.$': '$.invoice',
        },
      },
      ResultSelector: { 'did.$': '$.Payload' },
      End: true,
    },
    Rejected: { Type: 'Pass', End: true },
  },
});

/** Step Functions, a queue and a function on loopback, with workflows of an app in front: time passes when it is told to. */
export interface ApprovalBench {
  readonly timers: ManualTimers;
  readonly states: StepFunctionsEndpoint;
  readonly sqs: SqsEndpoint;
  readonly lambda: LambdaStub;
  readonly functionLogger: RecordingLogger;
  /** An app that starts and decides; each is a server of its own. */
  app(options?: WorkflowsOptions): Workflows;
  /** The tokens that were handed out so far, once there are so many. */
  tokens(count: number): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startApprovalBench(
  handler: FunctionHandler<unknown, unknown>,
  {
    policy = approvalPolicy(),
    machine = approvalMachine,
    sessions,
  }: { policy?: Policy; machine?: (url: string) => object; sessions?: StsSessions } = {},
): Promise<ApprovalBench> {
  const timers = new ManualTimers(new Date(NOW * 1000).toISOString());
  const clock = (): number => timers.now();
  const functionLogger = recordingLogger();
  const lambda = await startLambdaStub();
  const wrapped = withBaton(handler, { name: 'render-invoice', policy, clock, logger: functionLogger });
  lambda.answer = async (response, { event }) => {
    try {
      response.end(JSON.stringify((await wrapped(event)) ?? null));
    } catch (error) {
      const { name, message } = error as Error;
      response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end(JSON.stringify({ errorType: name, errorMessage: message }));
    }
  };
  const sqs = await startSqsEndpoint({ queues: { [QUEUE]: {} } });
  const queueUrl = `${sqs.url}/${sqs.accountId}/${QUEUE}`;
  const states = await startStepFunctionsEndpoint({
    stateMachines: { 'approve-invoice': { definition: machine(queueUrl) } },
    lambdaUrl: String(lambda.clientConfig.endpoint),
    sqsUrl: sqs.url,
    timers,
    ...(sessions && { sessions }),
  });
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const clientConfig = { endpoint: states.url, region: 'eu-west-1', credentials };
  // Taken for no time at all, they can be taken again.
  const messages = (): readonly string[] =>
    sqs.queues
      .byUrl(queueUrl)
      .receive(10, 0, undefined)
      .map(({ body }) => body);
  return {
    timers,
    states,
    sqs,
    lambda,
    functionLogger,
    app: ({ clientConfig: more, ...options } = {}) =>
      createWorkflows({ policy, signer, clock, ...options, clientConfig: { ...clientConfig, ...more } }),
    tokens: async (count) => {
      await waitFor(`${count} questions`, () => messages().length >= count);
      return messages().map((body) => (JSON.parse(body) as { taskToken: string }).taskToken);
    },
    async stop() {
      await states.stop();
      await sqs.stop();
      await lambda.close();
    },
  };
}

type Json = Readonly<Record<string, unknown>>;

/** An execution that waits for a decision, as AWS describes it. */
export interface WaitingExecution {
  readonly id: string;
  /** The token that its state waits with. */
  readonly token: string;
  /** What AWS says to whoever looks; undefined for what is no look. */
  answer(operation: string, input: Json): Json | undefined;
}

/** One that a clerk started a moment ago; the state asks by a function. */
export function waitingExecution(): WaitingExecution {
  const token = 'AAAAKgAAAAIAAAAAAAAAAS+what+a+token+is+like==';
  const name = `approve-invoice-${'x'.repeat(43)}`;
  const invoice = { invoice: 7 };
  const work = { id: name, key: 'k', sha256: canonicalDigest(invoice), left_at: NOW };
  const handOver = handOverToken(relayKeys.handOver, { claims: { aud: APPROVAL_ARN, exp: NOW + 3600, work } });
  const input = JSON.stringify({ ...invoice, caller: { subject: travellingClaims.sub, handOver } });
  const executionArn = `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${name}`;
  const sent = { resourceType: 'lambda', resource: 'invoke.waitForTaskToken', region: 'eu-west-1' };
  const parameters = JSON.stringify({ FunctionName: 'ask', Payload: { taskToken: token, ...invoice } });
  /** What a task sent is there only where data are asked for. */
  const history = ({ includeExecutionData, reverseOrder }: Json): Json => {
    const scheduled = { ...sent, ...(includeExecutionData === true && { parameters }) };
    const entered = { stateEnteredEventDetails: { name: 'Ask' } };
    const events = [
      { id: 1, previousEventId: 0, type: 'ExecutionStarted', timestamp: NOW },
      { id: 2, previousEventId: 0, type: 'TaskStateEntered', timestamp: NOW, ...entered },
      { id: 3, previousEventId: 2, type: 'TaskScheduled', timestamp: NOW, taskScheduledEventDetails: scheduled },
      { id: 4, previousEventId: 3, type: 'TaskStarted', timestamp: NOW, taskStartedEventDetails: sent },
    ];
    return { events: reverseOrder === true ? events.reverse() : events };
  };
  return {
    id: name.replace('invoice-', 'invoice~'),
    token,
    answer(operation, asked) {
      if (operation === 'DescribeExecution') return { executionArn, status: 'RUNNING', startDate: NOW, input };
      return operation === 'GetExecutionHistory' ? history(asked) : undefined;
    },
  };
}
