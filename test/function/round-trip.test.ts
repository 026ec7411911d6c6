import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { currentContext, currentUser } from '../../src/context/storage';
import { withBaton } from '../../src/function/with-baton';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload } from '../../src/offload/offload';
import { asCaller } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { invoicesDocument, invoicesPolicy, relayKeys } from '../support/invoices';
import { fails, startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { recordingLogger } from '../support/recording-logger';
import { NOW } from '../support/tokens';

const signer = jwkSigner(relayKeys.handOver.privateJwk);
let lambda: LambdaStub;
let now: number;

beforeEach(async () => {
  lambda = await startLambdaStub();
  now = NOW * 1000;
});
afterEach(() => lambda.close());

/** Lets a wrapped handler answer the SDK's calls, errors in the way of Lambda's runtime. */
function deploy(handler: (event: unknown) => Promise<unknown>): void {
  lambda.answer = (response, { event }) =>
    handler(event).then(
      (answer) => response.end(JSON.stringify(answer)),
      (thrown: unknown) => {
        const { name, message, stack } = thrown as Error;
        fails({ errorType: name, errorMessage: message, trace: stack?.split('\n') })(response, undefined!);
      },
    );
}

const policy = invoicesPolicy();
const logger = recordingLogger();
const options = { policy, clock: () => now };
const report = withBaton(
  (payload) => ({
    payload,
    user: currentUser(),
    correlationId: currentContext()?.correlationId,
    traceId: currentContext()?.traceId,
  }),
  { ...options, name: 'render-invoice', logger },
);

it('the function sees the app’s caller, correlation ID and trace', async () => {
  deploy(report);
  const offload = createOffload({ ...options, signer, clientConfig: lambda.clientConfig });
  const context = { traceId: '0af7651916cd43dd8448eb211c80319c', sampled: true };
  const [answer, user] = await asCaller({ context, claims: { act: { sub: 'copilot' } } }, async () => [
    await offload.invoke('render-invoice', { id: 7 }),
    currentUser(),
  ]);
  const { edge: _edge, expiresAt: _expiresAt, ...who } = user!;
  expect(answer).toMatchObject({ payload: { id: 7 }, user: who, correlationId: 'c-4711', traceId: context.traceId });
  expect(logger.ofType('function')).toEqual([
    expect.objectContaining({
      correlationId: 'c-4711',
      subject: 'entra:7d3c',
      actor: 'copilot',
      traceId: context.traceId,
    }),
  ]);
});

it.each([
  ['the function’s policy is narrower', { roles: { ...invoicesDocument.roles, clerk: {} } }, 0, 'permission_denied'],
  [
    'the function trusts another key',
    { handOver: { ...invoicesDocument.handOver, keys: invoicesDocument.edge.keys } },
    0,
    'function_access_denied',
  ],
  ['the function’s clock is an hour ahead', {}, 3600, 'function_access_denied'],
])('the app tells its caller where %s', async (_name, changes, ahead, code) => {
  const clock = (): number => now + ahead * 1000;
  deploy(
    withBaton(() => 'ran', {
      policy: invoicesPolicy(changes),
      name: 'render-invoice',
      clock,
      logger: recordingLogger(),
    }),
  );
  const offload = createOffload({ ...options, signer, clientConfig: lambda.clientConfig });
  expect(await thrownBy(() => asCaller({}, () => offload.invoke('render-invoice', null)))).toMatchObject({ code });
  expect(lambda.calls).toHaveLength(1);
});

it('a hand-over that was caught is worth nothing once its time is over', async () => {
  deploy(report);
  const offload = createOffload({ ...options, signer, clientConfig: lambda.clientConfig });
  await asCaller({}, () => offload.invoke('render-invoice', null));
  const caught = lambda.calls[0]!.event;
  // One second for the call, thirty for the function's start, thirty for clocks that are apart.
  now += 61_000;
  await expect(report(caught)).rejects.toMatchObject({ name: 'baton.token_invalid' });
});

it('a function behind API Gateway answers, refuses and fails as one that is invoked', async () => {
  const auth = 'bearer' as const;
  const failing = withBaton(
    (payload) => {
      if (payload === 'fail') throw new RangeError('inner');
      return [payload, currentUser()?.subject, currentContext()?.correlationId];
    },
    { ...options, name: 'render-invoice', logger: recordingLogger() },
  );
  const gateway = createServer((request, response) => {
    void text(request).then(async (body) => {
      const http = { method: request.method, path: request.url };
      const event = { version: '2.0', rawPath: '/', headers: request.headers, body, requestContext: { http } };
      const answer = (await failing(event)) as unknown as { statusCode: number; headers: object; body: string };
      response.writeHead(answer.statusCode, { ...answer.headers }).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/`;
  const functions = { 'render-invoice': { ...invoicesDocument.functions['render-invoice'], https: { url, auth } } };
  const offload = createOffload({ ...options, policy: invoicesPolicy({ functions }), signer });
  const call = (payload: unknown): Promise<unknown> => asCaller({}, () => offload.invoke('render-invoice', payload));
  try {
    expect(await call({ id: 7 })).toEqual([{ id: 7 }, 'entra:7d3c', 'c-4711']);
    expect(await thrownBy(() => call('fail'))).toMatchObject({ code: 'function_failed' });
    now += 3_600_000;
    const stale = createOffload({ ...options, clock: () => NOW * 1000, policy: invoicesPolicy({ functions }), signer });
    const refused = await thrownBy(() => asCaller({}, () => stale.invoke('render-invoice', null)));
    expect(refused).toMatchObject({ code: 'function_access_denied' });
  } finally {
    gateway.close();
    gateway.closeAllConnections();
  }
});
