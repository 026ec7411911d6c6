import { RULES } from '../../../src/trace/analysis/rules';
import { runRule } from '../../../src/trace/analysis/rules/run';
import type { Engine } from '../../../src/trace/engine/engine';
import type { Cell, Finding } from '../../../src/trace/report-model';
import {
  NOON,
  deriveTables,
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

type Row = Readonly<Record<string, Cell>>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const AT = NOON + 50_500;

/** A request past the gateway, with what the app decided. */
function beside(id: string, iis: Row = {}, audit: Row = {}): Tables {
  const answered = {
    sent_id: null,
    answered_id: id,
    correlation_id: id,
    client_ip: '198.51.100.9',
    user_agent: 'curl/8',
  };
  const decision = {
    file_id: 4,
    t_ms: AT,
    correlation_id: id,
    event: 'access',
    outcome: 'denied',
    reason: 'identity_missing',
  };
  return together(
    request(id, AT, { gateway: null, iis: { ...answered, status: 401, ...iis } }),
    rows('audit', { ...decision, ...audit }),
  );
}

const decided = (id: string, more: Row = {}): Row => ({
  file_id: 4,
  t_ms: AT,
  correlation_id: id,
  event: 'access',
  outcome: 'allowed',
  ...more,
});
const refusedToken = (id: string, reason: string, atMs = AT): Tables =>
  rows('audit', decided(id, { t_ms: atMs, event: 'authenticate', outcome: 'denied', code: 'token_invalid', reason }));
const handOver = (id: string, more: Row = {}): Tables =>
  rows('audit', decided(id, { event: 'hand_over', function_name: 'render', subject: 'entra:ann', ...more }));
const ran = (id: string, more: Row = {}): Tables =>
  rows('functions', {
    ...{
      file_id: 5,
      t_ms: AT,
      correlation_id: id,
      request_id: `l-${id}`,
      function_name: 'render',
      outcome: 'succeeded',
    },
    ...{ source: 'call', duration_ms: 30, cold_start: false, subject: 'entra:ann', ...more },
  });
const happened = (execution: string, event_type: string, more: Row = {}): Tables =>
  rows('workflow_events', { file_id: 5, t_ms: AT, execution, event_id: 1, event_type, ...more });
const told = (type: string, more: Row = {}): Tables =>
  rows('app_events', { file_id: 3, t_ms: AT, level: 'warn', type, ...more });
const fields = (more: Row): Tables =>
  rows('iis_fields', { file_id: 2, server: 'WEB1', from_ms: AT, fields: 'date time', rows_read: 5, ...more });
const NAMELESS: Row = { sent_id: null, answered_id: null, correlation_id: null };
const BOTH_IDS = 'date time cs-method cs-uri-stem sc-status time-taken cs-correlation-id sc-correlation-id';

interface Case {
  /** What makes it fire. */
  readonly fires: Tables;
  /** What looks like it, and is not. */
  readonly silent: Tables;
  /** Default 1. */
  readonly count?: number;
  /** Figures in the title that only the right rows give. */
  readonly says: RegExp;
  readonly severity?: Finding['severity'];
  readonly certainty?: Finding['certainty'];
}

const refusedAs = (reason: string): Case => ({
  fires: refusedToken('r1', reason),
  silent: refusedToken('r1', 'claims'),
  says: new RegExp(`^1 token refused as ${reason}, at 2026-03-02 12:00 UTC`),
});

const CASES: Readonly<Record<string, Case>> = {
  'bypass-let-in': {
    fires: beside('b1', { status: 200 }, { outcome: 'allowed', reason: 'granted', subject: 'entra:bob' }),
    silent: beside('b1', { status: 200 }, { outcome: 'allowed', reason: 'public' }),
    says: /^1 request came round the gateway/,
  },
  'bypass-without-id': {
    fires: together(beside('b1'), beside('b2', { answered_id: null, correlation_id: null, status: 404 })),
    // The fields of that time had no place for an ID: its absence says nothing.
    silent: beside('b1', { sent_logged: false }),
    count: 2,
    says: /^2 requests reached IIS without the gateway: 1 refused by the app, 1 not answered by the app/,
  },
  'bypass-unknown-id': {
    fires: beside('b1', { sent_id: 'b1' }),
    // The last second of the logs: the gateway's line may still come.
    silent: beside('b1', { sent_id: 'b1', t_ms: NOON + 90_000 }),
    says: /^1 request at IIS with an ID that the gateway's log does not have: 1 refused by the app, 0 let in/,
    certainty: 'likely',
  },
  'bypass-forged-token': {
    fires: beside('b1', {}, { event: 'authenticate', code: 'token_invalid', reason: 'signature' }),
    silent: beside('b1', {}, { event: 'authenticate', code: 'token_invalid', reason: 'expired' }),
    says: /^1 request round the gateway brought a token/,
  },
  'bypass-public': {
    fires: times(3, (n) => beside(`b${n}`, { path: '/health', status: 200 }, { outcome: 'allowed', reason: 'public' })),
    silent: beside('b1'),
    count: 3,
    says: /^3 requests past the gateway on 1 public path/,
  },
  'bypass-addresses': {
    fires: together(beside('b1'), beside('b2', { client_ip: '10.0.0.1' })),
    silent: beside('b1', {}, { outcome: 'allowed', reason: 'public' }),
    count: 2,
    says: /from 2 addresses, 1 of which the gateway never used/,
  },
  'sender-not-gateway': {
    fires: together(
      times(30, (n) => request(`q${n}`, AT)),
      request('odd', AT, { iis: { user_agent: 'curl/8' } }),
    ),
    // Half of them: the routes are HTTP_PROXY, which keeps the client's user agent.
    silent: times(30, (n) => request(`q${n}`, AT, { iis: { user_agent: 'Mozilla' } })),
    says: /^1 request with the gateway's ID/,
  },
  'id-used-twice': {
    fires: request('r3', AT, { gateway: null, app: null, iis: { client_ip: '198.51.100.9' } }),
    silent: request('r3', NOON + 30_000, { gateway: null, app: null }),
    says: /^1 ID served more than one request, 1 of them at IIS/,
  },
  'gateway-answered': {
    fires: together(
      ...[401, 403, 429, 429].map((status, n) =>
        request(`g${n}`, AT, {
          gateway: { status, integration_ms: null, integration_status: null },
          iis: null,
          app: null,
        }),
      ),
    ),
    silent: request('g1', NOON + 90_000, {
      gateway: { status: 401, integration_ms: null, integration_status: null },
      iis: null,
      app: null,
    }),
    count: 4,
    says: /itself: 1 with 401, 1 with 403, 2 with 429, 0 with 5xx, 0 with another/,
    severity: 'warning',
  },
  'integration-failed': {
    fires: together(
      request('g1', AT, {
        gateway: { status: 504, integration_status: 504, path: '/prod/invoices/7' },
        iis: null,
        app: null,
      }),
      request('g2', AT, { gateway: { status: 502, integration_error: 'reset', path: '/other' }, iis: null, app: null }),
      rows('httperr', { t_ms: AT + 20_000, method: 'GET', path: '/invoices/7', reason: 'Connection_Dropped' }),
    ),
    silent: request('g1', AT, { gateway: { status: 503 }, iis: { status: 503 } }),
    count: 2,
    says: /^2 requests never came through to IIS: 1 with 502, 0 with 503, 1 with 504/,
  },
  'iis-row-missing': {
    fires: request('g1', AT, { iis: null, app: null }),
    // Before both logs had begun; and in the log of a server that logs no ID, where nobody can tell.
    silent: together(
      request('g1', NOON, { iis: null, app: null }),
      request('g2', AT, { iis: { ...NAMELESS, sent_logged: false, answered_logged: false }, app: null }),
    ),
    says: /^1 request got an answer behind the gateway/,
  },
  'identity-differs-gateway': {
    fires: request('r10', AT, { app: { subject: 'entra:bob' } }),
    silent: request('r10', AT, { app: { subject: 'hmac-sha256:zzz' } }),
    says: /^1 request belonged to somebody else in the app/,
  },
  'identity-differs-function': {
    fires: together(ran('r1', { subject: 'entra:bob' }), ran('r2', { actor: 'copilot' })),
    silent: together(ran('r1'), ran('r2', { subject: 'hmac-sha256:zzz' })),
    count: 2,
    says: /^2 invocations ran for somebody else/,
  },
  'identity-differs-workflow': {
    fires: together(
      handOver('r1', { function_name: null, workflow: 'approve', execution: 'x1' }),
      happened('x1', 'ExecutionStarted', { subject: 'entra:bob' }),
    ),
    silent: together(
      handOver('r1', { function_name: null, workflow: 'approve', execution: 'x1' }),
      happened('x1', 'ExecutionStarted', { subject: 'entra:ann' }),
    ),
    says: /^1 execution carried another caller/,
  },
  'user-hash-differs': {
    fires: together(
      ...['a', 'a', 'b'].map((hash, n) =>
        request(`h${n}`, AT, { iis: { user_hash: hash }, app: { subject: 'hmac-sha256:a' } }),
      ),
    ),
    silent: request('h1', AT, { iis: { user_hash: 'a' }, app: { subject: 'entra:ann' } }),
    says: /^1 request went to another caller/,
    severity: 'error',
  },
  'transaction-shared': {
    fires: together(
      request('t1', AT, { app: { transaction_id: 'txn-1' } }),
      request('t2', AT, { app: { transaction_id: 'txn-1', subject: 'entra:bob' } }),
    ),
    silent: times(2, (n) => request(`t${n}`, AT, { app: { transaction_id: 'txn-1' } })),
    says: /^1 transaction came from more than one caller/,
  },
  'policy-differs-servers': {
    fires: times(3, (n) => request(`p${n}`, AT + n * 1000, { app: { server: 'WEB2', policy: 'digest-2' } })),
    // One after the other: a deployment.
    silent: request('p1', NOON + HOUR, { app: { server: 'WEB2', policy: 'digest-2' } }),
    count: 2,
    says: /^2 servers decided by 2 policies/,
  },
  'policy-differs-authorizer': {
    fires: rows('audit', decided('r1', { event: 'authenticate', policy: 'digest-2' })),
    silent: rows('audit', decided('r1', { event: 'authenticate', policy: 'digest-1' })),
    says: /different policies \(1 pair\)/,
  },
  'policy-changed': {
    fires: request('p1', NOON + HOUR, { app: { policy: 'digest-2' } }),
    silent: request('p1', NOON + HOUR, { app: { server: 'WEB2', policy: 'digest-2' } }),
    says: /^The policy changed 1 time on 1 server/,
  },
  'fields-changed': {
    fires: fields({ fields: 'date time cs-method' }),
    silent: fields({ fields: BOTH_IDS }),
    says: /^IIS changed what it logs 1 time, on 1 server/,
  },
  'fields-differ': {
    fires: fields({ server: 'WEB2', fields: 'date time cs-method' }),
    // What WEB1 logged before it was changed to the same.
    silent: fields({ from_ms: NOON - HOUR, fields: 'date time cs-method' }),
    count: 2,
    says: /^2 servers log 2 different lists/,
  },
  'correlation-field-missing': {
    fires: fields({ fields: 'date time cs-method' }),
    silent: fields({ fields: 'date time cs-method', rows_read: 0 }),
    count: 5,
    says: /^Without any field for a correlation ID: 5 rows of IIS \(33 %\)/,
  },
  'log-names-alternate': {
    fires: rows('files', { file_id: 9, path: 'WEB1/u_ex260303.log', kind: 'iis', server: 'WEB1' }),
    silent: rows('files', { file_id: 9, path: 'WEB2/u_ex260303.log', kind: 'iis', server: 'WEB2' }),
    says: /^On 1 server custom fields were switched/,
  },
  'gateway-format-changed': {
    fires: request('f1', AT, { gateway: { format: 'requestId' } }),
    silent: request('f1', AT, { gateway: { format: 'requestId', stage: 'test' } }),
    count: 2,
    says: /^The access log of 1 stage has lines of 2 formats/,
  },
  'id-share-changed': {
    fires: together(
      times(60, (n) => request(`a${n}`, NOON)),
      times(60, (n) => request(`b${n}`, NOON + HOUR, { iis: n < 20 ? { sent_id: null } : {} })),
    ),
    silent: together(
      times(60, (n) => request(`a${n}`, NOON, { iis: n < 20 ? { sent_id: null } : {} })),
      times(60, (n) => request(`b${n}`, NOON + HOUR, { iis: n < 20 ? { sent_id: null } : {} })),
    ),
    count: 2,
    says: /^In 2 hours the share/,
  },
  'address-new': {
    fires: request('s1', NOON + 80_000, { iis: { server_port: 8080 } }),
    // Little used, but in all of the time.
    silent: together(
      request('s1', NOON + 20_000, { iis: { server_port: 8080 } }),
      request('s2', NOON + 75_000, { iis: { server_port: 8080 } }),
    ),
    says: /^1 address of servers came or went/,
  },
  'gateway-client-differs': {
    fires: request('u1', AT, { iis: { user_agent: 'AmazonAPIGateway_other' } }),
    silent: request('u1', AT, { iis: { user_agent: 'curl' } }),
    count: 2,
    says: /^2 APIs of API Gateway/,
  },
  'software-differs': {
    fires: fields({ server: 'WEB2', software: 'Microsoft Internet Information Services 8.5' }),
    silent: fields({ server: 'WEB2', software: 'Microsoft Internet Information Services 10.0' }),
    count: 2,
    says: /^The servers run 2 versions/,
  },
  'token-expired': refusedAs('expired'),
  'token-not-yet-valid': refusedAs('not_yet_valid'),
  'token-signature': refusedAs('signature'),
  'token-key-unknown': refusedAs('key_unknown'),
  'token-audience': refusedAs('audience'),
  'token-issuer': refusedAs('issuer'),
  'token-lifetime': refusedAs('lifetime'),
  'token-replayed': refusedAs('replayed'),
  'token-binding': refusedAs('binding'),
  'token-too-large': refusedAs('too_large'),
  'token-refused-otherwise': {
    fires: together(refusedToken('r1', 'claims'), refusedToken('r2', 'claims')),
    silent: refusedToken('r1', 'expired'),
    count: 2,
    says: /^2 tokens refused for other reasons/,
  },
  'clock-suspected': {
    fires: together(
      times(20, (n) => request(`c${n}`, AT, { app: { server: 'WEB2' } })),
      times(6, (n) => refusedToken(`c${n}`, 'not_yet_valid')),
    ),
    // As many on the other server.
    silent: together(
      times(10, (n) => request(`c${n}`, AT, { app: { server: 'WEB2' } })),
      times(6, (n) => refusedToken(`c${n}`, 'expired')),
      times(6, (n) => refusedToken(`r${n}`, 'expired')),
    ),
    says: /^The clock of WEB2 may be wrong/,
  },
  'token-refusals-cluster': {
    fires: together(
      times(12, (n) => refusedToken(`r${n}`, 'expired')),
      rows('audit', decided('r1', { t_ms: AT + 24 * HOUR })),
    ),
    silent: times(50, (n) => refusedToken(`r${n}`, 'expired', NOON + n * 10 * MINUTE)),
    says: /12 refusals in 1 stretch of 5 minutes/,
  },
  'access-refused': {
    fires: rows('audit', ...['a', 'b'].map((id) => decided(id, { outcome: 'denied', reason: 'route_not_listed' }))),
    silent: refusedToken('r1', 'expired'),
    count: 2,
    says: /^The policy refused 2 times, for 1 reason/,
  },
  'hand-over-without-end': {
    fires: together(handOver('r1'), handOver('r2', { t_ms: AT + 5000 }), ran('r1'), ran('r3', { t_ms: AT + 10_000 })),
    // A function whose log is not there at all, and one whose log ends before.
    silent: together(handOver('r1', { function_name: 'other' }), handOver('r2', { t_ms: AT + 5000 }), ran('r1')),
    says: /^1 hand-over to 1 function ended nowhere \(50 %\)/,
  },
  'function-failed': {
    fires: together(ran('r1', { outcome: 'failed' }), ran('r2')),
    silent: ran('r2'),
    says: /^1 invocation failed in 1 function \(50 %\)/,
  },
  'lambda-killed': {
    fires: rows('lambda_reports', { request_id: 'l1', status: 'timeout', memory_mb: 128, max_memory_mb: 128 }),
    silent: rows('lambda_reports', { request_id: 'l1', status: null, memory_mb: 128, max_memory_mb: 128 }),
    says: /^Lambda ended 1 invocation: 1 by its time limit, 1 with all memory/,
  },
  'outbox-dead': {
    fires: told('outbox', { outcome: 'dead', work_id: 'w1' }),
    silent: told('outbox', { outcome: 'delivered', work_id: 'w1' }),
    says: /^The outbox gave up 1 piece of work$/,
  },
  'outbox-retried': {
    fires: together(
      told('outbox', { outcome: 'failed', work_id: 'w1' }),
      told('outbox', { outcome: 'failed', work_id: 'w1' }),
    ),
    silent: told('outbox', { outcome: 'delivered', work_id: 'w1' }),
    count: 2,
    says: /^2 attempts of the outbox failed, for 1 piece of work/,
  },
  'workflow-without-end': {
    fires: together(
      happened('x1', 'ExecutionStarted'),
      happened('x0', 'ExecutionStarted', { t_ms: AT + 10_000 }),
      happened('x0', 'ExecutionSucceeded', { t_ms: AT + 10_000 }),
      handOver('r1', { function_name: null, workflow: 'approve', execution: 'x2' }),
    ),
    silent: together(happened('x1', 'ExecutionStarted'), happened('x1', 'ExecutionAborted')),
    count: 2,
    says: /^2 executions without an end, 1 of them without a beginning/,
  },
  'workflow-failed': {
    fires: happened('x1', 'ExecutionTimedOut'),
    silent: happened('x1', 'ExecutionSucceeded'),
    says: /^1 execution did not succeed: 1 ran out of time, 0 aborted/,
  },
  bottleneck: {
    fires: {},
    silent: together(rows('app'), ...[]),
    says: /^Most time goes into GET \/invoices\/\{id\}: 70 % of its 100 ms on average pass in the hop app/,
  },
  'hops-negative': {
    fires: times(2, (n) => request(`n${n}`, AT, { iis: { time_taken_ms: 200 } })),
    silent: times(2, (n) => request(`n${n}`, AT, { iis: { time_taken_ms: 94 } })),
    count: 2,
    says: /^17 % of the hops on 1 route and server/,
  },
  'iisnode-errors': {
    fires: together(
      ...[1011, 1011, 1002].map((substatus, n) =>
        request(`e${n}`, AT, { iis: { status: 500, substatus, win32_status: 109 } }),
      ),
    ),
    silent: request('e1', AT, { iis: { status: 500, substatus: 19 } }),
    count: 3,
    says: /^3 requests \(23 %\) failed in iisnode, most often: pipe broke before the answer began/,
  },
  'connection-errors': {
    fires: request('w1', AT, { iis: { win32_status: 64 } }),
    // iisnode's own errors have their finding.
    silent: request('w1', AT, { iis: { win32_status: 109, status: 500, substatus: 1013 } }),
    says: /^1 request \(9.1 %\) ended with an error of the connection, 1 because the client had gone/,
  },
  'http-sys-errors': {
    fires: rows('httperr', { t_ms: AT, reason: 'AppOffline' }, { t_ms: AT, reason: 'Timer_ConnectionIdle' }),
    silent: {},
    count: 2,
    says: /^http.sys logged 2 errors, 1 of them because of the application pool/,
    severity: 'error',
  },
  'app-errors': {
    fires: together(...[1, 2].map(() => told('error', { level: 'error', code: 'function_timeout' }))),
    silent: told('error', { level: 'warn', code: 'token_invalid' }),
    count: 2,
    says: /^2 lines of level error, of 1 code; most often function_timeout/,
  },
  'cold-starts': {
    fires: together(
      ran('r1', { cold_start: true }),
      times(3, (n) => ran(`r${n + 2}`)),
      rows('lambda_reports', { request_id: 'l-r1', init_ms: 250 }),
    ),
    silent: ran('r2'),
    says: /^25 % of the invocations were cold starts \(1 of 4\), up to 250 ms/,
  },
  'lines-rejected': {
    fires: rows('rejects', { file_id: 2, reason: 'width', rows_rejected: 3, sample: '2026-03-02 …' }),
    silent: rows('rejects', { file_id: 2, reason: 'width', rows_rejected: 0, sample: '' }),
    count: 3,
    says: /^3 lines \(0.06 %\) of 1 file/,
  },
  'file-incomplete': {
    fires: together(
      rows('files', { file_id: 9, path: 'gone.jsonl', kind: 'app', rows_read: 0 }),
      rows('rejects', { file_id: 9, reason: 'unreadable', rows_rejected: 0, sample: 'ENOENT' }),
      rows('rejects', { file_id: 1, reason: 'gzip: unexpected end of file', rows_rejected: 0, sample: '' }),
    ),
    // What is no log, or cannot be opened, is listed as unread.
    silent: together(
      rows('files', { file_id: 9, path: 'picture.png', kind: 'unread', rows_read: 0 }),
      rows('rejects', { file_id: 9, reason: 'binary file', rows_rejected: 0, sample: '' }),
    ),
    count: 2,
    says: /^2 files could not be read to the end, 1 of them not at all$/,
  },
  'duplicate-lines': {
    fires: request('r3', NOON + 30_000, { gateway: null, app: null }),
    silent: request('r3', NOON + 30_000, { gateway: null, app: null, iis: { client_ip: '198.51.100.9' } }),
    says: /^The same line came more than once for 1 ID$/,
  },
  'gateway-id-missing': {
    fires: request('m1', AT, { gateway: { correlation_id: null } }),
    silent: request('m1', AT),
    says: /^1 line of the gateway came without an ID/,
  },
  'window-empty': {
    fires: { gateway: [], iis: [] },
    silent: {},
    says: /^The logs of gateway and IIS share too little time/,
  },
  'log-gap': {
    fires: together(
      times(25, (n) => request(`l${n}`, NOON + 15 * MINUTE + n, { iis: null })),
      request('l99', NOON + HOUR),
    ),
    silent: together(
      times(25, (n) => request(`l${n}`, NOON + 15 * MINUTE + n, { iis: n > 0 ? null : {} })),
      request('l99', NOON + HOUR),
    ),
    says: /^For 10 minutes one log is silent while the other is not: IIS's 10, the gateway's 0/,
  },
  'lines-lost': {
    fires: told('log_lost'),
    silent: told('outbox'),
    says: /^Lines were lost 1 time,/,
  },
  'id-replaced': {
    fires: told('correlation', { correlation_id: 'n1' }),
    silent: told('policy_drift'),
    says: /^1 request came with an ID that logs cannot keep/,
  },
};

/** Worlds in which nothing is healthy around the case. */
const ALONE: Readonly<Record<string, { readonly fires?: Tables; readonly silent?: Tables }>> = {
  bottleneck: { silent: request('r1', AT, { iis: null }) },
  'window-empty': {
    fires: together(request('a', NOON, { iis: null }), request('b', NOON + HOUR, { gateway: null, app: null })),
    silent: together(request('a', NOON), request('b', NOON + HOUR)),
  },
  'user-hash-differs': { fires: together(healthy(), CASES['user-hash-differs']!.fires) },
};

async function find(id: string, world: Tables): Promise<Finding | undefined> {
  await fillTables(engine, world);
  await deriveTables(engine);
  const rule = RULES.find((one) => one.id === id);
  return rule && runRule(engine, rule);
}

it('has a case for each rule', () => {
  expect(Object.keys(CASES).sort()).toEqual(RULES.map(({ id }) => id).sort());
});

it('finds nothing but what is always said where nothing is odd', async () => {
  await fillTables(engine, healthy());
  await deriveTables(engine);
  const found = [];
  for (const rule of RULES) if ((await runRule(engine, rule)) !== undefined) found.push(rule.id);
  expect(found).toEqual(['bottleneck']);
});

it('an ID that was sent and one that was answered are different requests', async () => {
  const twice = together(
    request('b', AT, { gateway: null, app: null, iis: { sent_id: 'bad' } }),
    request('b', AT, { gateway: null, app: null }),
  );
  expect(await find('duplicate-lines', together(healthy(), twice))).toBeUndefined();
  expect(await find('id-used-twice', together(healthy(), twice))).toMatchObject({ count: 1 });
});

describe.each(Object.entries(CASES))('%s', (id, { fires, silent, count = 1, says, severity, certainty }) => {
  it('finds it, with the rows behind', async () => {
    const finding = await find(id, ALONE[id]?.fires ?? together(healthy(), fires));
    expect(finding).toMatchObject({ rule: id, count, title: expect.stringMatching(says) });
    expect(finding?.evidence.rows.length).toBeGreaterThan(0);
    expect(finding?.evidence.rows[0]).toHaveLength(finding?.evidence.columns.length ?? 0);
    if (severity !== undefined) expect(finding?.severity).toBe(severity);
    if (certainty !== undefined) expect(finding?.certainty).toBe(certainty);
  });

  it('leaves alone what looks like it', async () => {
    expect(await find(id, ALONE[id]?.silent ?? together(healthy(), silent))).toBeUndefined();
  });
});
