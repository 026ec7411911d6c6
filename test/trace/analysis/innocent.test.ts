import { analyse } from '../../../src/trace/analysis/analyse';
import type { Engine } from '../../../src/trace/engine/engine';
import type { Cell, Finding, TraceReport } from '../../../src/trace/report-model';
import {
  NOON,
  fillTables,
  healthy,
  request,
  together,
  type Tables,
  rows,
  times,
  useEngine,
} from '../../support/trace-tables';

let engine: Engine;
useEngine((made) => (engine = made));

const HOUR = 3_600_000;
const MINUTE = 60_000;

async function reportOf(world: Tables): Promise<TraceReport> {
  await fillTables(engine, world);
  return analyse(engine, { slowest: 0, marginMs: 0 });
}
const about = ({ findings }: TraceReport, rule: string): Finding | undefined =>
  findings.find((finding) => finding.rule === rule);

/** A load balancer asks for /health each minute, by day and by night, and no app logs it. */
const checks = (hours: number): Tables =>
  times(hours * 60, (n) =>
    request(`c${n}`, NOON + n * MINUTE, {
      ...{ gateway: null, app: null },
      iis: {
        sent_id: null,
        answered_id: null,
        correlation_id: null,
        user_agent: 'ELB-HealthChecker/2.0',
        path: '/health',
      },
    }),
  );
/** Traffic of one hour at the beginning, and of one at the end: a night lies between. */
const twoDays = (hours: number): Tables =>
  times(120, (n) => request(`d${n}`, NOON + (n % 60) * MINUTE + (n < 60 ? 0 : (hours - 1) * HOUR) + n));

const site = (id: number, name: string, fields: string): Tables =>
  together(
    rows('files', { file_id: id, path: `C:\\logs\\WEB1\\${name}`, kind: 'iis', server: 'WEB1' }),
    rows('iis_fields', { file_id: id, server: 'WEB1', from_ms: NOON + id * HOUR, fields, rows_read: 5 }),
  );

const app = (id: string, minutes: number, server: string, policy: string): Tables =>
  request(id, NOON + minutes * MINUTE, { gateway: null, iis: null, app: { server, policy } });

/** A request every half minute whose row has no field for the ID that was sent, with the app's word for it. */
const unsent = (id: string, n: number, iis: Readonly<Record<string, Cell>> = {}): Tables =>
  request(id, NOON + HOUR + (n * MINUTE) / 3, {
    ...{ gateway: null, app: null },
    iis: { sent_id: null, sent_logged: false, user_agent: 'Mozilla/5.0', ...iis },
  });

/** What looks odd, and is how things are. */
const INNOCENT: readonly (readonly [string, Tables, readonly string[]])[] = [
  ['health checks alone by night', together(checks(8), twoDays(8)), ['id-share-changed', 'log-gap', 'bypass-let-in']],
  [
    'a site without a field for IDs, and health checks that an app answers with one, while the gateway has nothing to do',
    together(
      twoDays(3),
      times(180, (n) => unsent(`s${n}`, n, { answered_id: null, answered_logged: false })),
      times(180, (n) => unsent(`h${n}`, n, { user_agent: 'ELB-HealthChecker/2.0' })),
    ),
    ['log-gap'],
  ],
  [
    'two sites of one server with fields of their own',
    together(
      ...[10, 12].map((id) => site(id, `W3SVC1\\u_ex2603${id}_x.log`, 'date time cs-correlation-id')),
      ...[11, 13].map((id) => site(id, `W3SVC2\\u_ex2603${id}.log`, 'date time')),
    ),
    ['fields-changed', 'fields-differ', 'log-names-alternate'],
  ],
  [
    'two apps with policies of their own on two servers',
    times(20, (n) =>
      together(
        ...['WEB1', 'WEB2'].flatMap((server) =>
          ['one', 'two'].map((policy) => app(`${server}${policy}${n}`, n, server, policy)),
        ),
      ),
    ),
    ['policy-differs-servers'],
  ],
  [
    'two APIs with a stage of the same name',
    times(60, (n) =>
      request(`a${n}`, NOON + n * MINUTE, { gateway: { format: n % 2 === 0 ? 'requestId' : 'requestId,user' } }),
    ),
    ['gateway-format-changed'],
  ],
  [
    'an IIS that logs no ID, and paths that the gateway maps',
    times(20, (n) =>
      request(`n${n}`, NOON + n * MINUTE, {
        iis: {
          sent_id: null,
          answered_id: null,
          correlation_id: null,
          sent_logged: false,
          answered_logged: false,
          path: '/v2',
        },
      }),
    ),
    ['iis-row-missing', 'bypass-without-id', 'log-gap'],
  ],
  [
    'a server that hashes subjects, and one that does not yet',
    together(
      request('t1', NOON, { app: { transaction_id: 'txn' } }),
      request('t2', NOON, { app: { transaction_id: 'txn', subject: 'hmac-sha256:zzz' } }),
    ),
    ['transaction-shared'],
  ],
];

it.each(INNOCENT)('takes no offence at %s', async (_, world, rules) => {
  const { findings } = await reportOf(world);
  expect(findings.map(({ rule }) => rule).filter((rule) => rules.includes(rule))).toEqual([]);
});

it('tells health checks from others that came without the gateway', async () => {
  const report = await reportOf(together(healthy(), checks(1)));
  expect(about(report, 'bypass-without-id')).toMatchObject({
    ...{ severity: 'info', count: 60, advice: expect.stringMatching(/^Nothing, if/) },
    title: expect.stringMatching(/: 60 not answered by the app .*; 60 call themselves health checks$/),
  });
});

it('names the API whose access log is missing', async () => {
  const other = { user_agent: 'AmazonAPIGateway_zzz' };
  const report = await reportOf(
    together(
      healthy(),
      times(5, (n) => request(`z${n}`, NOON + 40_000 + n, { gateway: null, iis: other })),
    ),
  );
  expect(about(report, 'bypass-unknown-id')?.explanation).toMatch(
    / 5 come from an API \(AmazonAPIGateway_zzz\) of which most/,
  );
});

it.each([
  ["the app's word", {}],
  ["the gateway's name", { answered_id: null, answered_logged: false, user_agent: 'AmazonAPIGateway_abc123' }],
])('sees that the gateway’s log is silent where IIS logs no ID that was sent: by %s', async (_, iis) => {
  const report = await reportOf(
    together(
      twoDays(3),
      times(180, (n) => unsent(`s${n}`, n, iis)),
    ),
  );
  expect(about(report, 'log-gap')?.title).toMatch(/IIS's 0, the gateway's 60 minutes$/);
});

it('counts rows without an ID in the period alone', async () => {
  const list = (fields: string, hours: number): Tables =>
    rows('iis_fields', { file_id: 2, server: 'WEB1', from_ms: NOON + hours * HOUR, fields, rows_read: 1000 });
  const without = (id: string, hours: number): Tables =>
    request(id, NOON + hours * HOUR, { gateway: null, app: null, iis: { sent_id: null, answered_id: null } });
  await fillTables(
    engine,
    together(
      rows('files', { file_id: 2, path: 'u_ex.log', kind: 'iis', server: 'WEB1', last_ms: NOON + 9 * HOUR }),
      list('date time', 0),
      times(5, (n) => without(`a${n}`, n / 10)),
      list('date time cs-correlation-id sc-correlation-id', 4),
      times(3, (n) => request(`b${n}`, NOON + (4 + n / 10) * HOUR)),
    ),
  );
  const counted = async (fromHours: number, toHours: number): Promise<number | undefined> => {
    const period = { fromMs: NOON + fromHours * HOUR, toMs: NOON + toHours * HOUR };
    return about(await analyse(engine, { ...period, slowest: 0 }), 'correlation-field-missing')?.count;
  };
  expect(await counted(-1, 9)).toBe(5);
  expect(await counted(0.15, 0.35)).toBe(2);
  expect(await counted(3, 3.5)).toBeUndefined();
  expect(await counted(0.35, 4.5)).toBe(1);
});

it('still sees a format that was changed, and changed back', async () => {
  const world = times(60, (n) =>
    request(`a${n}`, NOON + n * MINUTE, { gateway: { format: n > 20 && n < 40 ? 'requestId' : 'requestId,user' } }),
  );
  expect(about(await reportOf(world), 'gateway-format-changed')).toMatchObject({ count: 2 });
});

it('counts hops below zero where one of the two is not known at all', async () => {
  const report = await reportOf(
    times(4, (n) => request(`n${n}`, NOON + n * MINUTE, { app: null, iis: { time_taken_ms: 5000 } })),
  );
  expect(about(report, 'hops-negative')).toMatchObject({
    count: 4,
    title: expect.stringMatching(/^100 % of the hops/),
  });
});

it('looks at no list of fields that held before or after the period', async () => {
  const lists = ['date one', 'date two', 'date three', 'date four'].map((fields, n) => ({
    ...{ file_id: 2 + Math.floor(n / 2), server: 'WEB1', from_ms: NOON + n * HOUR, fields, rows_read: 1 },
  }));
  const files = [2, 3].map((id) => ({
    file_id: id,
    path: `${id}.log`,
    kind: 'iis',
    last_ms: NOON + (id - 1) * 2 * HOUR - 1,
  }));
  await fillTables(engine, together(rows('files', ...files), rows('iis_fields', ...lists)));
  const changes = async (fromHours: number, toHours: number): Promise<(string | null)[]> => {
    const period = { fromMs: NOON + fromHours * HOUR, toMs: NOON + toHours * HOUR };
    return (await analyse(engine, { ...period, slowest: 0 })).drift.map(({ after }) => after);
  };
  expect(await changes(-1, 9)).toEqual(['two', 'three', 'four']);
  expect(await changes(1.5, 2.5)).toEqual(['three']);
  expect(await changes(3.5, 9)).toEqual([]);
  expect(await changes(-1, 0.5)).toEqual([]);
});
