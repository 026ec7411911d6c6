import { jwkSigner } from '../../src/jws/sign';
import { createWorkflows, type StartOptions, type WorkflowsOptions } from '../../src/workflows/workflows';
import { canonicalDigest, canonicalJson } from '../../src/token/canonical-json';
import { asCaller, type CallerOptions } from '../support/as-caller';
import { startAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint';
import { thrownBy } from '../support/errors';
import { verifiedParts } from '../support/independent-verifier';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { startLambdaStub } from '../support/lambda-stub';
import { leakOf, recordingLogger } from '../support/recording-logger';
import { APP_ISSUER, NOW, travellingClaims } from '../support/tokens';
import { APPROVAL_ARN, QUOTE_ARN, workflowsOfInvoices } from '../support/workflows';

const policy = invoicesPolicy({ workflows: workflowsOfInvoices });
const signer = jwkSigner(relayKeys.handOver.privateJwk);

type Json = Readonly<Record<string, unknown>>;
let aws: AwsEndpoint;
/** What runs, by name, as Step Functions keeps it. */
let executions: Map<string, Json>;

/** StartExecution as the API reference has it: a name that was there before is refused unless the input is the same. */
function standard(operation: string, { name, input, executionArn }: Json): Json {
  if (operation === 'DescribeExecution') {
    const found = executions.get(String(executionArn).split(':').pop()!);
    return found ?? { __type: 'com.amazonaws.states#ExecutionDoesNotExist', message: 'not there' };
  }
  const known = executions.get(String(name));
  if (known !== undefined && known.input !== input) return { __type: 'ExecutionAlreadyExists', message: 'is there' };
  const arn = `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${String(name)}`;
  executions.set(String(name), { executionArn: arn, input, startDate: NOW, status: 'RUNNING' });
  return { executionArn: arn, startDate: NOW };
}

beforeEach(async () => {
  executions = new Map();
  aws = await startAwsEndpoint(standard);
});
afterEach(() => aws.close());

interface Start extends StartOptions, CallerOptions {
  readonly name?: string;
  readonly input?: unknown;
  readonly options?: WorkflowsOptions;
}

function make(options?: WorkflowsOptions) {
  const { maxAttempts, ...clientConfig } = aws.clientConfig;
  expect(maxAttempts).toBe(1);
  return createWorkflows({ policy, signer, clock: testClock, clientConfig, ...options });
}

/** Starts a workflow as a clerk, through the real SDK. */
function start({ name = 'approve-invoice', options, idempotencyKey, signal, ...rest }: Start = {}) {
  const { input, ...caller } = { input: { invoice: 7 }, ...rest };
  const given = { ...(idempotencyKey !== undefined && { idempotencyKey }), ...(signal && { signal }) };
  return asCaller(caller, () => make(options).start(name, input, given));
}

const startSync = ({ options, signal, ...caller }: Start = {}): Promise<unknown> =>
  asCaller(caller, () => make(options).startSync('quote-invoice', { invoice: 7 }, signal && { signal }));

const sent = (at = 0): Json => aws.calls[at]!.input;
const sentCaller = (at = 0): Json => (JSON.parse(String(sent(at).input)) as { caller: Json }).caller;

describe('the start of a Standard workflow', () => {
  it('sends the input in its canonical text, with the caller in it', async () => {
    const started = await start({ input: { b: 1.0, a: ['é'] }, idempotencyKey: 'k-1' });
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['StartExecution']);
    const { stateMachineArn, name, input } = sent();
    expect(stateMachineArn).toBe(APPROVAL_ARN);
    expect(name).toMatch(/^approve-invoice-[0-9A-Za-z_-]{43}$/);
    const caller = sentCaller();
    expect(input).toBe(canonicalJson({ a: ['é'], b: 1, caller }));
    expect(caller).toEqual({ subject: travellingClaims.sub, correlationId: 'c-4711', handOver: expect.any(String) });
    const executionArn = `arn:aws:states:eu-west-1:123456789012:execution:approve-invoice:${String(name)}`;
    const id = String(name).replace('approve-invoice-', 'approve-invoice~');
    expect(started).toEqual({ id, executionArn, name, startedAt: new Date(NOW * 1000), alreadyStarted: false });
  });

  it('hands the caller over to that execution alone, with that input alone', async () => {
    await start({ idempotencyKey: 'k-1' });
    const { header, claims } = verifiedParts(String(sentCaller().handOver), relayKeys.handOver.publicKey);
    expect(header.typ).toBe('baton-handover+jwt');
    expect(claims).toMatchObject({
      iss: APP_ISSUER,
      aud: APPROVAL_ARN,
      iat: NOW,
      exp: NOW + 3600 + 30,
      work: { id: sent().name, key: 'k-1', sha256: canonicalDigest({ invoice: 7 }), left_at: NOW },
      ...travellingClaims,
    });
  });

  it('carries the trace to AWS and into the input', async () => {
    await start({ context: { traceId: '0af7651916cd43dd8448eb211c80319c', sampled: true } });
    const { traceparent } = sentCaller();
    const [, span = ''] = /^00-0af7651916cd43dd8448eb211c80319c-([0-9a-f]{16})-01$/.exec(String(traceparent)) ?? [];
    expect(sent().traceHeader).toBe(`Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${span};Sampled=1`);
  });

  it('leaves the decision in the audit trail, with the execution in it', async () => {
    const logger = recordingLogger();
    await start({ logger });
    await thrownBy(() => start({ logger, claims: { tctx: { roles: [], kind: 'user' } } }));
    const shared = { event: 'hand_over', workflow: 'approve-invoice', required: 'invoice:read' };
    expect(logger.ofType('audit')).toMatchObject([
      { ...shared, outcome: 'allowed', execution: sent().name, subject: travellingClaims.sub },
      { ...shared, outcome: 'denied', reason: 'permission_missing' },
    ]);
    const signature = String(sentCaller().handOver).split('.')[2]!;
    expect(leakOf(signature, logger.handed.join('\n'))).toBeUndefined();
  });

  it('asks for credentials for that caller, that state machine and that action', async () => {
    const asked: unknown[] = [];
    const credentials = {
      forTarget: ({ user }: { user: { subject: string } }, target: object) => {
        asked.push([user.subject, target]);
        return Promise.resolve(Object.freeze({ accessKeyId: 'OTHER', secretAccessKey: 'x' }));
      },
    };
    await start({ options: { credentials }, idempotencyKey: 'k' });
    await start({ options: { credentials }, idempotencyKey: 'k' });
    const target = (arn: string, action: string) => [
      travellingClaims.sub,
      { kind: 'workflow', name: 'approve-invoice', arn, actions: [`states:${action}`] },
    ];
    const execution = `arn:aws:states:eu-west-1:123456789012:execution:approve-invoice:${String(sent().name)}`;
    expect(asked).toEqual([
      target(APPROVAL_ARN, 'StartExecution'),
      target(APPROVAL_ARN, 'StartExecution'),
      target(execution, 'DescribeExecution'),
    ]);
  });
});

describe('the same request again', () => {
  it('is the same execution, whatever the order of its members and the request that it comes with', async () => {
    const first = await start({ input: { a: 1, b: 2 }, idempotencyKey: 'k' });
    const second = await start({ input: { b: 2, a: 1 }, idempotencyKey: 'k', context: { correlationId: 'other' } });
    expect(second).toEqual({ ...first, alreadyStarted: true });
    expect(executions.size).toBe(1);
  });

  it.each<[string, Start, Start]>([
    ['no key', {}, {}],
    ['another key', { idempotencyKey: 'k' }, { idempotencyKey: 'l' }],
    ['another caller', { idempotencyKey: 'k' }, { idempotencyKey: 'k', claims: { sub: 'entra:other' } }],
    ['an actor for the caller', { idempotencyKey: 'k' }, { idempotencyKey: 'k', claims: { act: { sub: 'copilot' } } }],
  ])('is another one with %s', async (_name, one, other) => {
    expect((await start(one)).alreadyStarted).toBe(false);
    expect((await start(other)).alreadyStarted).toBe(false);
    expect(executions.size).toBe(2);
  });

  it('with another input is a conflict', async () => {
    await start({ idempotencyKey: 'k' });
    const error = await thrownBy(() => start({ idempotencyKey: 'k', input: { invoice: 8 } }));
    expect(error).toMatchObject({ code: 'idempotency_conflict', reason: 'input', status: 409 });
  });

  it.each([
    ['no caller', '{"invoice":7}'],
    ['no JSON', 'secret'],
    ['none that can be read', undefined],
  ])('is a conflict where what runs has an input with %s', async (_name, input) => {
    await start({ idempotencyKey: 'k' });
    executions.set(String(sent().name), { ...executions.get(String(sent().name)), input });
    expect(await thrownBy(() => start({ idempotencyKey: 'k' }))).toMatchObject({
      code: 'idempotency_conflict',
      reason: 'foreign',
    });
  });

  it('looks again where the execution cannot be seen yet', async () => {
    await start({ idempotencyKey: 'k' });
    let looks = 0;
    aws.answer = (operation, input) =>
      operation === 'DescribeExecution' && (looks += 1) === 1
        ? { __type: 'ExecutionDoesNotExist', message: 'not yet' }
        : standard(operation, input);
    expect(await start({ idempotencyKey: 'k' })).toMatchObject({ alreadyStarted: true });
    expect(looks).toBe(2);
  });
});

it.each<[string, Start, object]>([
  ['a workflow that the policy does not know', { name: 'approve-invoces' }, { code: 'workflow_unknown' }],
  ['an Express workflow', { name: 'quote-invoice' }, { code: 'option_invalid' }],
  ['no caller', { claims: null }, { code: 'identity_missing' }],
  ['a caller without the permission', { claims: { tctx: { roles: [], kind: 'user' } } }, { code: 'permission_denied' }],
  ['a list', { input: [1] }, { code: 'work_invalid', reason: 'input' }],
  ['nothing', { input: undefined }, { code: 'work_invalid', reason: 'input' }],
  ['a caller in the input', { input: { caller: { subject: 'me' } } }, { code: 'work_invalid', reason: 'caller' }],
  ['what JSON cannot hold', { input: { a: 1n } }, { code: 'payload_invalid' }],
  ['half a surrogate pair', { input: { a: '\ud83d' } }, { code: 'payload_invalid' }],
  ['too much', { input: { a: 'x'.repeat(262_144) } }, { code: 'payload_too_large' }],
  ['a key with blanks', { idempotencyKey: 'a b' }, { code: 'work_invalid', reason: 'idempotencyKey' }],
  ['an ended wait', { signal: AbortSignal.abort() }, { code: 'workflow_unavailable', reason: 'aborted' }],
  [
    'an ended identity',
    { options: { clock: () => (NOW + 4000) * 1000 } },
    { code: 'token_invalid', reason: 'expired' },
  ],
])('%s starts nothing', async (_name, given, error) => {
  expect(await thrownBy(() => start(given))).toMatchObject(error);
  expect(aws.calls).toHaveLength(0);
});

it.each<[string, string, object]>([
  ['the machine is not there', 'StateMachineDoesNotExist', { code: 'workflow_unknown' }],
  ['it is of another type', 'StateMachineTypeNotSupported', { code: 'workflow_unknown' }],
  ['there are too many executions', 'ExecutionLimitExceeded', { code: 'workflow_throttled', status: 503 }],
  ['the role may not', 'AccessDeniedException', { code: 'workflow_access_denied', status: 502 }],
  ['the credentials ended', 'ExpiredTokenException', { code: 'workflow_access_denied' }],
  ['the key is closed', 'KmsAccessDeniedException', { code: 'workflow_access_denied' }],
  ['AWS cannot read the input', 'InvalidExecutionInput', { code: 'payload_invalid', status: 400 }],
  ['AWS says something new', 'SomethingNewException', { code: 'workflow_unavailable', status: 503 }],
])('where %s, the error says so in the table’s terms', async (_name, type, error) => {
  aws.answer = () => ({ __type: type, message: 'inner words of AWS' });
  const thrown = await thrownBy(() => start());
  expect(thrown).toMatchObject({ ...error, reason: type });
  expect((thrown as Error).message).not.toContain('inner words');
});

it('starts again under the same name where the answer was lost', async () => {
  aws.answer = (operation, input) => {
    standard(operation, input);
    if (aws.calls.length === 1) throw new Error('the connection breaks');
    return standard(operation, input);
  };
  expect(await start()).toMatchObject({ alreadyStarted: false });
  expect(executions.size).toBe(1);
  expect(aws.calls).toHaveLength(2);
});

describe('an Express workflow', () => {
  const ends = (answer: Json): void => {
    aws.answer = () => ({ executionArn: QUOTE_ARN, startDate: NOW, stopDate: NOW, ...answer });
  };

  it('is run once, and gives its output', async () => {
    ends({ status: 'SUCCEEDED', output: '{"price":12}' });
    expect(await startSync()).toEqual({ price: 12 });
    expect(aws.calls.map(({ operation }) => operation)).toEqual(['StartSyncExecution']);
    expect(sent()).toMatchObject({ stateMachineArn: QUOTE_ARN });
  });

  it.each<[string, Json, object]>([
    [
      'fails',
      { status: 'FAILED', error: 'Quote.Gone', cause: 'inner' },
      { code: 'workflow_failed', reason: 'Quote.Gone' },
    ],
    ['runs out of time', { status: 'TIMED_OUT' }, { code: 'workflow_timeout', reason: 'TIMED_OUT' }],
    ['refuses the caller', { status: 'FAILED', error: 'baton.permission_denied' }, { code: 'permission_denied' }],
    ['refuses the token', { status: 'FAILED', error: 'baton.token_invalid' }, { code: 'workflow_access_denied' }],
    ['says nothing of its end', {}, { code: 'workflow_failed' }],
    ['gives no JSON', { status: 'SUCCEEDED', output: 'so' }, { code: 'workflow_failed' }],
  ])('that %s is an error, though AWS answers 200', async (_name, answer, error) => {
    ends(answer);
    const thrown = await thrownBy(() => startSync());
    expect(thrown).toMatchObject(error);
    expect((thrown as Error).message).not.toContain('inner');
  });

  it('that has no answer in its time is given up', async () => {
    const silent = await startLambdaStub();
    silent.answer = () => {};
    const workflows = { 'quote-invoice': { ...workflowsOfInvoices['quote-invoice'], timeoutSeconds: 1 } };
    const options = { policy: invoicesPolicy({ workflows }), clientConfig: silent.clientConfig };
    expect(await thrownBy(() => startSync({ options }))).toMatchObject({ code: 'workflow_timeout', status: 503 });
    await silent.close();
  });

  it('is not started twice where the connection breaks', async () => {
    aws.answer = () => {
      throw new Error('the connection breaks');
    };
    expect(await thrownBy(() => startSync())).toMatchObject({ code: 'workflow_unavailable' });
    expect(aws.calls).toHaveLength(1);
  });
});

it('says at the start what is wrong with the set-up', () => {
  const made = (options: object) => () => make(options);
  expect(made({ clientConfig: { maxAttempts: 5 } })).toThrow(/clientConfig.maxAttempts cannot be set/);
  expect(made({ polciy: 1 })).toThrow(/did you mean "policy"/);
  expect(made({ policy: invoicesPolicy({ handOver: undefined, functions: {} }) })).toThrow(/nothing of hand-overs/);
});
