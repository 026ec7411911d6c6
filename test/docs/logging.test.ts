import express from 'express';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAuthorizer } from '../../src/authorizer';
import { awsTokenSource, createEntraTokens } from '../../src/entra';
import { runDrainHooks } from '../../src/core/process-hooks';
import { withBaton } from '../../src/function';
import { baton, BatonError, problemHandler, verifyUpgrade } from '../../src/index';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload, offloadHandler, webIdentityCredentials } from '../../src/offload';
import { auditView } from '../../src/logging/audit-personal';
import { withHashedSubjects } from '../../src/logging/subjects';
import { auditTrail, type AuditEvent, type AuditTrail } from '../../src/logging';
import { functionLimits } from '../../src/offload/limits';
import { livePolicy } from '../../src/policy/process-policy';
import { createWorkflowAuditor, createWorkflows } from '../../src/workflows';
import { httpApiEvent } from '../support/authorizer-events';
import { approvalPolicy, bob, waitingExecution } from '../support/approvals';
import { asCaller } from '../support/as-caller';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { ARCHIVE, CLIENT, startEntraWorld, TENANT } from '../support/entra';
import { codeOf } from '../support/errors';
import { send } from '../support/http-client';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock as clock } from '../support/invoices';
import { fails, refuses, startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { recordingLogger } from '../support/recording-logger';
import { approvalToken, handOverToken, providerToken, transactionToken } from '../support/tokens';
import { waitFor } from '../support/wait';
import { APPROVAL_ARN, workflowsOfInvoices } from '../support/workflows';
import { AWS_AUDIENCE, awsPolicy, clerk, renderInvoice, startWebIdentity } from '../support/web-identity';
import { codeIn, root, rowsOf, sectionsOf } from './markdown';

const sections = sectionsOf('docs/logging.md');
const fieldsOf = (heading: string): string[] =>
  rowsOf(sections.get(heading) ?? '').map(([field]) => codeIn(field!)[0]!);

const policy = invoicesPolicy();
const logger = recordingLogger();
const options = { policy, logger, clock };
const token = (act?: object): Record<string, string> => ({
  'Txn-Token': transactionToken(relayKeys.edge, { claims: { act } }),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});

let lambda: LambdaStub;
let server: Server;
let base: string;

/** The function behind the app: works, or fails where it is told to. */
const render = withBaton<{ fail?: boolean }>(
  ({ fail }) => {
    if (fail) throw new Error('out of paper');
    return 'rendered';
  },
  { ...options, name: 'render-invoice' },
);

beforeAll(async () => {
  lambda = await startLambdaStub();
  lambda.answer = (response, { event }) =>
    render(event).then(
      (answer) => response.end(JSON.stringify(answer)),
      (thrown: unknown) => {
        const { name, message } = thrown as Error;
        fails({ errorType: name, errorMessage: message })(response, undefined!);
      },
    );
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const offload = createOffload({ policy, signer, clock, clientConfig: lambda.clientConfig });
  const app = express();
  app.use(baton(options));
  app.get('/invoices/slow', () => {});
  app.get('/invoices/broken', () => {
    throw new BatonError('internal', 'a bug', { reason: 'test' });
  });
  app.get(
    '/invoices/:id',
    offloadHandler(offload, 'render-invoice', (req: express.Request) => ({ fail: req.params.id === 'fail' })),
  );
  app.use(problemHandler());
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await makeLines();
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await lambda.close();
});

/** Sends a request and goes away before the answer. */
async function abandon(): Promise<void> {
  const outgoing = request(`${base}/invoices/slow`, { headers: token() }).on('error', () => {});
  outgoing.end();
  await waitFor('the decision', () => logger.ofType('audit').find((line) => line.path === '/invoices/slow'));
  outgoing.destroy();
  await waitFor('the request line', () => logger.ofType('request').find((line) => line.aborted));
}

/** A policy file and a key file that change while an app works by them, for the better and the worse. */
async function changeFiles(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-lines-'));
  const [policyFile, keyFile] = [path.join(folder, 'policy.json'), path.join(folder, 'jwks.json')];
  const write = (name: string, value: unknown): void => writeFileSync(name, JSON.stringify(value));
  let now = clock();
  write(keyFile, { keys: [relayKeys.edge.publicJwk] });
  const document = { ...invoicesDocument, edge: { ...invoicesDocument.edge, keys: { file: keyFile } } };
  write(policyFile, document);
  const app = express().use(baton({ policy: policyFile, logger, clock: () => now }));
  const live = livePolicy(policyFile);
  live.unwatch();
  write(policyFile, { ...document, application: 'renamed' });
  live.reload();
  write(policyFile, {});
  live.reload();
  const listening = app.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/none`;
  for (const [outcome, value] of [['failing', {}] as const, ['recovered', { keys: [] }] as const]) {
    write(keyFile, value);
    await waitFor(outcome, async () => {
      now += 60_000;
      await send(url, { headers: token() });
      return logger.ofType('key_renewal').some((line) => line.outcome === outcome);
    });
  }
  listening.close();
  listening.closeAllConnections();
  rmSync(folder, { recursive: true });
}

/** A token of Entra that is got, and one that is not. */
async function goToEntra(): Promise<void> {
  const world = await startEntraWorld();
  const federation = awsTokenSource({ clientConfig: world.clientConfig });
  const entra = createEntraTokens({ tenant: TENANT, clientId: CLIENT, authority: world.entra.url, federation });
  await asCaller({ logger }, async () => {
    await entra.token(ARCHIVE);
    await codeOf(() => entra.token('api://unknown'));
  });
  await world.stop();
}

/** A session of an IAM role that is opened, and one that is refused. */
async function openSessions(): Promise<void> {
  const stage = await startWebIdentity();
  const given = { endpoint: stage.sts.url, audience: AWS_AUDIENCE };
  const expiresAt = Math.floor(stage.time.now / 1000) + 3600;
  const foreign = { token: async () => ({ token: stage.token({ aud: 'other' }), expiresAt }) };
  const user = clerk('entra:ada', ['copilot']);
  await asCaller({ logger }, async () => {
    await webIdentityCredentials({ ...given, token: stage.source }).forTarget(
      { user, policy: awsPolicy },
      renderInvoice,
    );
    const refused = webIdentityCredentials({ ...given, token: foreign });
    await codeOf(() => refused.forTarget({ user, policy: awsPolicy }, renderInvoice));
  });
  await stage.close();
}

/** Work that is left behind while the clock is set back, fails, and is delivered. */
async function leaveWork(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-outbox-'));
  const aws = await startLambdaStub();
  aws.answer = refuses(403, 'AccessDeniedException');
  let now = clock();
  const offload = createOffload({
    policy,
    signer: jwkSigner(relayKeys.handOver.privateJwk),
    clock: () => now,
    clientConfig: aws.clientConfig,
    outbox: { path: path.join(folder, 'outbox.db') },
  });
  await asCaller({ logger, claims: { act: { sub: 'copilot' } } }, () => offload.enqueue('render-invoice', 7));
  now -= 3_600_000;
  offload.deliver({ logger, pollMs: 5 });
  const outcome = (name: string): Promise<unknown> =>
    waitFor(name, () => logger.ofType('outbox').find((line) => line.outcome === name));
  await outcome('failed');
  aws.answer = (response) => response.writeHead(202).end();
  now += 3_600_000;
  await outcome('delivered');
  await runDrainHooks(() => {});
  await aws.close();
  rmSync(folder, { recursive: true });
}

/** A workflow that is started and looked at, by somebody else too, and a step of it. */
async function runWorkflow(): Promise<void> {
  let sent: Readonly<Record<string, unknown>> = {};
  const aws = await startAwsEndpoint((operation, input) => {
    if (operation === 'StartExecution') sent = input;
    return { executionArn: 'arn', startDate: clock() / 1000, status: 'RUNNING', events: [], input: sent.input };
  });
  const { maxAttempts, ...clientConfig } = aws.clientConfig;
  expect(maxAttempts).toBe(1);
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const given = { policy: invoicesPolicy({ workflows: workflowsOfInvoices }), clock };
  const workflows = createWorkflows({ ...given, signer, clientConfig });
  const act = { sub: 'copilot' };
  await asCaller({ logger, claims: { act } }, async () => {
    const { id } = await workflows.start('approve-invoice', {});
    await workflows.run(id);
    await asCaller({ logger, claims: { sub: 'entra:other' } }, () => codeOf(() => workflows.run(id)));
  });
  const { caller } = JSON.parse(String(sent.input)) as { caller: unknown };
  const step = withBaton(() => 'done', { ...given, logger, name: 'render-invoice' });
  await step({ caller, execution: sent.name, state: 'Render', payload: 7 });
  await aws.close();
}

/** Transitions of a workflow in the trail, and one that cannot be read; the trail's files are not where they were. */
async function auditTransitions(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-auditor-'));
  const arn = (name: string): string => `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${name}`;
  const startDate = clock() / 1000;
  let sent: Readonly<Record<string, unknown>> = {};
  const event = (id: number, type: string, details: object) => ({
    id,
    type,
    previousEventId: id - 1,
    timestamp: startDate,
    ...details,
  });
  const refusal = { error: 'baton.permission_denied', cause: 'not this step' };
  const events = [
    event(1, 'TaskStateEntered', { stateEnteredEventDetails: { name: 'Pay' } }),
    event(2, 'TaskScheduled', {}),
    event(3, 'TaskFailed', { taskFailedEventDetails: refusal }),
  ];
  const aws = await startAwsEndpoint((operation, input) => {
    if (operation === 'StartExecution') sent = input;
    const executions = ['x', String(sent.name)].map((name) => ({ executionArn: arn(name), startDate }));
    if (operation === 'ListExecutions') return { executions };
    if (input.executionArn === arn('x')) return { __type: 'AccessDeniedException', message: 'no' };
    return { executionArn: arn(String(sent.name)), startDate, input: sent.input, events };
  });
  const { maxAttempts: _, ...clientConfig } = aws.clientConfig;
  const given = { policy: invoicesPolicy({ workflows: workflowsOfInvoices }), clock, clientConfig };
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const claims = { act: { sub: 'copilot' } };
  await asCaller({ logger, claims }, () => createWorkflows({ ...given, signer }).start('approve-invoice', {}));
  const audit = {
    ...{ file: path.join(folder, 'audit.jsonl'), path: '', place: { chain: 'c', seq: 1, hash: 'h' } },
    ...auditTrail(logger),
    append: (line: AuditEvent) => auditTrail(logger).record(line),
    sync: async () => {},
  } as unknown as AuditTrail;
  const cursorFile = path.join(folder, 'cursor');
  const make = () => createWorkflowAuditor({ ...given, audit, cursorFile, logger, requestsPerSecond: 1000 });
  await make().once();
  await make().once();
  await aws.close();
  rmSync(folder, { recursive: true });
}

/** A decision that AWS takes no more, and a step that is shown an approval. */
async function decideApproval(): Promise<void> {
  const { id, answer } = waitingExecution();
  const aws = await startAwsEndpoint((...asked) => answer(...asked) ?? { __type: 'TaskTimedOut', message: 'over' });
  const { maxAttempts: _one, ...clientConfig } = aws.clientConfig;
  const given = { policy: approvalPolicy(), clock };
  const workflows = createWorkflows({ ...given, signer: jwkSigner(relayKeys.handOver.privateJwk), clientConfig });
  const decider = { ...bob, act: { sub: 'deputy' } };
  await asCaller({ logger, claims: decider }, () =>
    codeOf(() => workflows.decide(id, { state: 'Ask', decision: 'approve', comment: 'fine' })),
  );
  const shared = { aud: APPROVAL_ARN, exp: clock() / 1000 + 600 };
  const work = { id: 'run-1', key: 'k', sha256: 'x', left_at: clock() / 1000 };
  const approval = { execution: 'run-1', sha256: 'x', state: 'Ask' };
  const caller = {
    handOver: handOverToken(relayKeys.handOver, { claims: { ...shared, work, act: { sub: 'copilot' } } }),
  };
  const approved = { handOver: approvalToken(relayKeys.handOver, { claims: { ...shared, ...bob, approval } }) };
  const step = withBaton(() => 'done', { ...given, logger, name: 'render-invoice' });
  await step({ caller, execution: 'run-1', state: 'Pay', approval: approved });
  await aws.close();
}

/** A function that is away for so many calls that it is not asked any longer. */
async function openCircuit(): Promise<void> {
  const limits = functionLimits('render-invoice', { maxConcurrent: 1, maxWaiting: 0 });
  const { signal } = new AbortController();
  const away = (): Promise<never> => Promise.reject(new BatonError('function_unavailable', 'away'));
  await asCaller({ logger }, async () => {
    for (let call = 0; call < 20; call += 1) await limits.whenClosed(signal, away).catch(() => undefined);
  });
}

/** A batch of SQS with work that is done, and one that is none. */
async function workThroughQueue(): Promise<void> {
  const envelope = { baton: 1, handOver: handOverToken(relayKeys.handOver), correlationId: 'c-2', payload: {} };
  const Records = [JSON.stringify(envelope), '{}'].map((body, at) => ({
    messageId: `m-${at}`,
    body,
    attributes: { ApproximateReceiveCount: '1' },
    eventSource: 'aws:sqs',
  }));
  const fresh = withBaton(() => 'done', { ...options, name: 'render-invoice' });
  await fresh({ Records }, { awsRequestId: 'r-1' });
}

/** A connection that leaves HTTP, and ends. */
async function upgrade(): Promise<void> {
  const upgraded = createServer().on(
    'upgrade',
    verifyUpgrade((_req, socket) => socket.end(), options),
  );
  upgraded.listen(0, '127.0.0.1');
  await once(upgraded, 'listening');
  const headers = { ...token(), Connection: 'Upgrade', Upgrade: 'websocket' };
  const { port } = upgraded.address() as AddressInfo;
  request({ port, host: '127.0.0.1', path: '/invoices/7', headers })
    .on('error', () => {})
    .end();
  await waitFor('its end', () => logger.ofType('upgrade').find(({ outcome }) => outcome === 'closed'));
  upgraded.close();
}

/** Makes every kind of line that Baton writes for a request, with every field that it can have. */
async function makeLines(): Promise<void> {
  baton({ ...options, policy: invoicesPolicy({ edge: { ...invoicesDocument.edge, replay: 'reject' } }) });
  for (const id of ['7', 'fail', 'broken'])
    await send(`${base}/invoices/${id}`, { headers: token({ sub: 'copilot' }) });
  await send(`${base}/invoices/7`, { headers: { 'Txn-Token': 'a.b.c', 'X-Correlation-Id': 'not kept' } });
  await abandon();
  const authorizer = createAuthorizer({ ...options, signer: jwkSigner(relayKeys.edge.privateJwk) });
  for (const bearer of [providerToken(relayKeys.provider), 'nonsense']) {
    await authorizer(httpApiEvent({ authorization: `Bearer ${bearer}` }));
  }
  const foreign = { baton: 1, handOver: 'a.b.c', correlationId: 'c-1', payload: null };
  await expect(render(foreign)).rejects.toMatchObject({ name: 'baton.token_invalid' });
  await workThroughQueue();
  await upgrade();
  await changeFiles();
  await goToEntra();
  await openSessions();
  await leaveWork();
  await runWorkflow();
  await decideApproval();
  await auditTransitions();
  await openCircuit();
}

/** The section that a line belongs to. */
const headingOf = ({ type, event }: Readonly<Record<string, unknown>>): string =>
  type === 'audit' ? `\`audit\`: \`${event}\`` : `\`${type}\``;

it('docs/logging.md lists the fields of each line that Baton writes, and no other', async () => {
  const everyLine = new Set(fieldsOf('Every line'));
  const written = new Map<string, Set<string>>();
  const common = new Set<string>();
  for (const line of logger.lines) {
    const fields = written.get(headingOf(line)) ?? new Set<string>();
    written.set(headingOf(line), fields);
    for (const name of Object.keys(line)) (everyLine.has(name) ? common : fields).add(name);
  }
  const headings = [...sections.keys()].filter((heading) => heading.startsWith('`'));
  expect([...written.keys()].sort()).toEqual(headings.sort());
  expect([...common].sort()).toEqual([...everyLine].sort());
  const listed = headings.map((heading) => [heading, fieldsOf(heading).sort()]);
  expect([...written].map(([heading, fields]) => [heading, [...fields].sort()]).sort()).toEqual(listed.sort());
});

it('each line that names a caller does so in members that are hashed', () => {
  const names = logger.lines.flatMap(({ subject, actor }) => [subject, actor]).filter((name) => name !== undefined);
  const callers = [...new Set([...names.map(String), bob.sub])];
  expect(callers).toEqual(expect.arrayContaining(['entra:ada', 'entra:other', 'entra:bob', 'copilot', 'deputy']));
  const hashed = (): string => 'hashed';
  const shown = logger.lines.flatMap((line) => [
    withHashedSubjects(line, hashed),
    auditView(line, { hashed, keepPersonal: false }),
  ]);
  // As they are, and as a session's name has them.
  const spellings = callers.flatMap((name) => [name, name.replace(/[^\w=,.@-]+/g, '-')]);
  const plain = shown.filter((line) => spellings.some((name) => JSON.stringify(line).includes(name)));
  expect(plain).toEqual([]);
});

it('docs/logging.md lists the reasons of decisions', () => {
  const source = readFileSync(path.join(root, 'src/core/access.ts'), 'utf8');
  const union = /reason:([^;]+);/.exec(source)?.[1] ?? '';
  const reasons = [...union.matchAll(/'(\w+)'/g)].map((match) => match[1]!);
  const [, listed = ''] = /\nReasons: ([^.]+)\./.exec(sections.get('`audit`: `access`') ?? '') ?? [];
  expect(codeIn(listed).filter((name) => name !== 'deny')).toEqual(reasons);
});
