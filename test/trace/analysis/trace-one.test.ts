import { traceOne } from '../../../src/trace/analysis/trace-one';
import type { Engine } from '../../../src/trace/engine/engine';
import type { Span, Waterfall } from '../../../src/trace/report-model';
import { NOON, fillTables, healthy, request, together, type Tables, useEngine } from '../../support/trace-tables';

let engine: Engine;
useEngine((made) => (engine = made));

/** A request that calls a function, which was started anew, and begins a workflow. */
const RICH: Tables = together(request('rich', NOON + 200, { app: { actor: 'copilot' } }), {
  audit: [
    { file_id: 4, t_ms: NOON + 222, correlation_id: 'rich', event: 'access', outcome: 'allowed', reason: 'granted' },
    {
      file_id: 4,
      t_ms: NOON + 225,
      correlation_id: 'rich',
      event: 'hand_over',
      outcome: 'allowed',
      workflow: 'approve',
      execution: 'x1',
    },
  ],
  app_events: [
    { file_id: 3, t_ms: NOON + 280, level: 'error', type: 'error', correlation_id: 'rich', code: 'function_timeout' },
  ],
  functions: [
    {
      ...{ file_id: 5, t_ms: NOON + 270, correlation_id: 'rich', request_id: 'l1', function_name: 'render' },
      ...{ outcome: 'succeeded', source: 'call', duration_ms: 30, cold_start: true },
    },
  ],
  lambda_reports: [{ file_id: 5, t_ms: NOON + 271, request_id: 'l1', duration_ms: 31, init_ms: 15 }],
  workflow_events: [
    { execution: 'x1', event_id: 1, t_ms: NOON + 300, event_type: 'ExecutionStarted', correlation_id: 'rich' },
    { execution: 'x1', event_id: 2, t_ms: NOON + 310, event_type: 'TaskStateEntered', state: 'Approve' },
    { execution: 'x1', event_id: 3, t_ms: NOON + 400, event_type: 'TaskStateExited', state: 'Approve' },
    { execution: 'x1', event_id: 4, t_ms: NOON + 900, event_type: 'ExecutionTimedOut', error: 'States.Timeout' },
  ],
});

const bars = ({ spans }: Waterfall): string[] =>
  spans.map(({ source, label, startMs, durationMs }) => `${startMs} ${durationMs ?? '-'} ${source} ${label}`);

const spanOf = (waterfall: Waterfall | undefined, source: Span['source']): Span => {
  const span = waterfall?.spans.find((one) => one.source === source);
  if (span === undefined) throw new Error(`no span of ${source}`);
  return span;
};

describe('one request', () => {
  let found: Waterfall | undefined;
  beforeAll(async () => {
    await fillTables(engine, together(healthy(), RICH));
    found = await traceOne(engine, 'rich');
  });

  it('is drawn hop in hop: by the clock where it fits, else by durations', () => {
    expect(found && bars(found)).toEqual([
      '0 100 gateway GET /invoices/7',
      '15 80 iis GET /invoices/7',
      '20 70 app GET /invoices/7',
      '22 - audit access',
      '25 46 lambda invocation with start of the environment',
      '25 - audit hand_over approve',
      '40 30 function render (cold start)',
      '80 - event error',
      '100 600 workflow x1',
      '110 90 workflow Approve',
    ]);
    expect(spanOf(found, 'iis').details['placed_by']).toBe('duration');
    expect(spanOf(found, 'app').details['placed_by']).toBe('clock');
  });

  it('says whose it is, and what failed in it', () => {
    expect(found).toMatchObject({
      ...{ correlationId: 'rich', startedMs: NOON + 200, totalMs: 100, status: 200 },
      ...{ route: 'GET /invoices/{id}', subject: 'entra:ann', actor: 'copilot' },
    });
    const failed = found?.spans.filter(({ isFailure }) => isFailure).map(({ source, status }) => `${source} ${status}`);
    expect(failed).toEqual(['event function_timeout', 'workflow ExecutionTimedOut']);
  });
});

it.each([
  ['the ID of the gateway', 'g-rich'],
  ['the ID of an invocation', 'l1'],
  ['an execution', 'x1'],
  ['a transaction', 'txn-rich'],
])('is found by %s', async (_, id) => {
  await fillTables(engine, RICH);
  expect((await traceOne(engine, id))?.correlationId).toBe('rich');
});

it('several requests of a transaction are one picture', async () => {
  const of = (id: string, atMs: number): Tables => request(id, atMs, { app: { transaction_id: 'txn-day' } });
  await fillTables(engine, together(of('b', NOON + 5000), of('a', NOON)));
  const found = await traceOne(engine, 'txn-day');
  expect(found).toMatchObject({ correlationId: 'txn-day', startedMs: NOON, totalMs: 5100, subject: 'entra:ann' });
  const gateways = found?.spans.filter(({ source }) => source === 'gateway');
  expect(gateways?.map(({ startMs, details }) => [startMs, details['correlation_id']])).toEqual([
    [0, 'a'],
    [5000, 'b'],
  ]);
});

it('follows the app to the ID that it took in place of the one that was sent', async () => {
  await fillTables(
    engine,
    request('sent', NOON, {
      gateway: null,
      iis: { answered_id: 'taken', correlation_id: 'taken' },
      app: { correlation_id: 'taken' },
    }),
  );
  expect((await traceOne(engine, 'sent'))?.spans.map(({ source }) => source)).toEqual(['iis', 'app']);
});

it('a clock that is a minute off does not move the app out of its request', async () => {
  await fillTables(engine, request('r', NOON, { app: { t_ms: NOON + 60_000 } }));
  const { startMs, details } = spanOf(await traceOne(engine, 'r'), 'app');
  expect([startMs, details['placed_by']]).toEqual([20, 'duration']);
});

it('shows each row of an ID that was used twice', async () => {
  await fillTables(engine, together(request('r', NOON), request('r', NOON + 10_000, { gateway: null, app: null })));
  const found = await traceOne(engine, 'r');
  expect(found?.spans.filter(({ source }) => source === 'iis')).toHaveLength(2);
});

it('an invocation that nobody knows is shown alone', async () => {
  await fillTables(engine, {
    lambda_reports: [{ request_id: 'l9', t_ms: NOON, duration_ms: 3000, status: 'timeout' }],
  });
  expect(await traceOne(engine, 'l9')).toMatchObject({ totalMs: 3000, spans: [{ source: 'lambda', isFailure: true }] });
});

it('finds an ID with a NUL in it, which JSON can hold and which ends a statement', async () => {
  const id = "a\0'b";
  await fillTables(engine, RICH);
  await engine.run("UPDATE app SET correlation_id = concat('a', chr(0), '''b')");
  expect((await traceOne(engine, id))?.spans.map(({ source }) => source)).toEqual(['app']);
});

it.each(["x'); DROP TABLE app; --", 'nobody', ''])('nothing has the ID %j', async (id) => {
  await fillTables(engine, RICH);
  expect(await traceOne(engine, id)).toBeUndefined();
  expect(await engine.rows('SELECT count(*) AS n FROM app')).toEqual([{ n: 1 }]);
});
