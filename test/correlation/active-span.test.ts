import type { RequestHandler } from 'express';
import { outgoingHeaders } from '../../src/correlation/outgoing';
import { resolveCorrelation } from '../../src/correlation/resolve';
import { withBaton } from '../../src/function/with-baton';
import { currentContext } from '../../src/index';
import { appWith, as, EXPRESSES, listen } from '../middleware/apps';
import { send } from '../support/http-client';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { inSpan, SPAN, useOpenTelemetry } from '../support/otel';
import { recordingLogger } from '../support/recording-logger';
import { handOverToken } from '../support/tokens';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${TRACE}-00f067aa0ba902b7-00`;

let stop: () => void;
beforeAll(() => (stop = useOpenTelemetry()));
afterAll(() => stop());

it('the active span comes before what the request says of its trace; the correlation ID stays', async () => {
  const { answer } = await inSpan(() => resolveCorrelation({ traceparent }));
  const { traceId, spanId: parentSpanId } = SPAN;
  expect(answer).toEqual({
    traceId,
    parentSpanId,
    sampled: true,
    correlationId: TRACE,
    source: 'traceparent',
    replaced: false,
  });
  expect(resolveCorrelation({ traceparent })).toMatchObject({ traceId: TRACE });
});

it('a span that is none, such as that of a tracer without SDK, says nothing', async () => {
  const none = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
  expect((await inSpan(() => resolveCorrelation({ traceparent }), none)).answer).toMatchObject({ traceId: TRACE });
});

it('calls out have the active span as their parent', async () => {
  const { answer } = await inSpan(() => outgoingHeaders({ correlationId: 'c-1', traceId: TRACE }));
  expect(answer).toEqual({
    'X-Correlation-Id': 'c-1',
    traceparent: `00-${SPAN.traceId}-${SPAN.spanId}-01`,
    'X-Amzn-Trace-Id': `Root=1-${SPAN.traceId.slice(0, 8)}-${SPAN.traceId.slice(8)};Parent=${SPAN.spanId};Sampled=1`,
  });
});

describe.each(EXPRESSES)('a request below %s', (_name, express) => {
  const userHashKey = Buffer.alloc(32, 7);
  /** Instrumentation of the HTTP server opens the span around everything. */
  async function request(headers: Record<string, string>, options = {}) {
    const said: { attributes?: object; traceId?: string } = {};
    const { app } = appWith(express, {
      ...options,
      routes: (routed) => routed.use((_req, _res, next) => ((said.traceId = currentContext()?.traceId), next())),
    });
    const outer = express();
    const spanned: RequestHandler = (_req, res, next) => {
      void inSpan(
        () =>
          new Promise<void>((resolve) => {
            res.on('finish', resolve);
            next();
          }),
      ).then(({ attributes }) => (said.attributes = attributes));
    };
    outer.use(spanned, app);
    const port = await listen(outer);
    const answer = await send(`http://127.0.0.1:${port}/invoices/7`, { headers });
    return { ...said, answer };
  }

  it('is described on its span, without naming anybody', async () => {
    const headers = { ...as({ sub: 'entra:ada' }), 'X-Correlation-Id': 'c-1' };
    const { attributes, traceId, answer } = await request(headers);
    expect(answer.status).toBe(200);
    expect(traceId).toBe(SPAN.traceId);
    expect(attributes).toEqual({
      'baton.correlation_id': 'c-1',
      'baton.transaction_id': 'txn-4711',
      'baton.caller.kind': 'user',
      'baton.caller.delegated': false,
      'baton.caller.provider': 'entra',
    });
  });

  it('has a pseudonym for its caller where the app has a key for one', async () => {
    const { attributes, answer } = await request(as({ sub: 'entra:ada' }), { userHashKey });
    expect(attributes).toMatchObject({ 'enduser.pseudo.id': answer.headers['x-baton-user'] });
    expect(JSON.stringify(attributes)).not.toContain('ada');
  });

  it('says with which code it was refused', async () => {
    const { attributes, answer } = await request(as({ roles: [] }));
    expect(answer.status).toBe(403);
    expect(attributes).toMatchObject({ 'baton.error_code': 'permission_denied' });
  });
});

it('a function is described on its span, too', async () => {
  const handler = withBaton(() => currentContext()?.traceId, {
    name: 'render-invoice',
    policy: invoicesPolicy(),
    clock: testClock,
    logger: recordingLogger(),
  });
  const envelope = { baton: 1, correlationId: 'c-1', handOver: handOverToken(relayKeys.handOver), payload: null };
  const { answer, attributes } = await inSpan(() => handler(envelope));
  expect(answer).toBe(SPAN.traceId);
  expect(attributes).toMatchObject({ 'baton.correlation_id': 'c-1', 'baton.transaction_id': 'txn-4711' });
  const refused = await inSpan(() => handler({}).catch(() => undefined));
  expect(refused.attributes).toEqual({ 'baton.error_code': 'event_invalid' });
});
