// The soak run is plain CommonJS; this holds what judges it.
const { countWork } = require('../../soak/ending');
const { Judge } = require('../../soak/judge');
const { rowsOf } = require('../../soak/report');
const { slopeWithin } = require('../../soak/statistics');
const { PolicyTimeline, POLICY_GRACE_MS, Windows } = require('../../soak/windows');

/** After all that a test says went wrong, which has not ended then. */
const now = Date.now() + 60_000;
const graceMs: number = POLICY_GRACE_MS;
const answer = (status: number, more: object = {}) => ({
  status,
  headers: {},
  body: undefined,
  sentAt: now,
  answeredAt: now + 5,
  ...more,
});
const busy = { headers: { 'retry-after': '5' } };
const withCode = (code: string) => ({ ...busy, body: { code } });
const seen = { subject: 'entra:a', actor: undefined };

/** What is wrong at the moment. */
function judgeWhile(...kinds: string[]) {
  const windows = new Windows();
  for (const kind of kinds) windows.begin(kind);
  return new Judge(windows);
}

// What it says of an answer: were it blind to one of these, a run with that fault would look right.
it.each<[string, object, object, string[], string]>([
  ['an answer that had to come', answer(200, { body: { seen } }), { admit: [200], seen }, [], 'rightly admitted'],
  [
    'somebody else’s answer',
    answer(200, { body: { seen: { subject: 'entra:b' } } }),
    { admit: [200], seen },
    [],
    'wrongly admitted',
  ],
  [
    'an agent in place of its user',
    answer(200, { body: { seen: { ...seen, actor: 'bot' } } }),
    { admit: [200], seen },
    [],
    'wrongly admitted',
  ],
  ['an attack that got through', answer(200), { refuse: [401] }, [], 'wrongly admitted'],
  ['an attack that got through as 204', answer(204), { refuse: [401] }, ['keys'], 'wrongly admitted'],
  ['an attack that was refused', answer(401), { refuse: [401] }, [], 'rightly refused'],
  ['an attack that was refused as something else', answer(404), { refuse: [401] }, [], 'unexplained'],
  ['a user who was refused', answer(403), { admit: [200] }, ['keys', 'lambda'], 'wrongly refused'],
  [
    'a user whose token was called invalid while keys were away',
    answer(401),
    { admit: [200] },
    ['keys'],
    'wrongly refused',
  ],
  [
    'yes while a policy was replaced',
    answer(200),
    { admit: [200], refuse: [403] },
    [],
    'either, while a policy was replaced',
  ],
  [
    'no while a policy was replaced',
    answer(403),
    { admit: [200], refuse: [403] },
    [],
    'either, while a policy was replaced',
  ],
  ['503 without a reason', answer(503, withCode('keys_unavailable')), { admit: [200] }, [], 'unexplained'],
  ['503 for another reason', answer(503, withCode('keys_unavailable')), { admit: [200] }, ['lambda'], 'unexplained'],
  [
    '503 without Retry-After',
    answer(503, { body: { code: 'keys_unavailable' } }),
    { admit: [200] },
    ['keys'],
    'unexplained',
  ],
  [
    '500 of the app',
    answer(500, { body: { code: 'internal' } }),
    { admit: [200] },
    ['app killed', 'keys'],
    'unexplained',
  ],
  [
    '502 of a function that was not ended',
    answer(502, { body: { code: 'function_failed' } }),
    { admit: [200] },
    ['lambda'],
    'unexplained',
  ],
  ['a broken connection', answer(0, { error: 'ECONNRESET' }), { admit: [200] }, ['keys'], 'unexplained'],
])('counts %s', (_name, given, expected, wrong, row) => {
  const judge = judgeWhile(...wrong);
  judge.note('something', given, expected);
  const counted = Object.entries(judge.counts).filter(([, count]) => count !== 0);
  expect([counted, judge.excused]).toEqual([[[row, 1]], {}]);
});

it.each([
  ['keys_unavailable', answer(503, withCode('keys_unavailable')), 'keys'],
  ['audit_unwritable', answer(503, withCode('audit_unwritable')), 'audit disk full'],
  ['app killed', answer(500), 'app killed'],
  ['app killed', answer(0, { error: 'ECONNRESET' }), 'app killed'],
  ['authorizer ended', answer(500), 'authorizer ended'],
  ['function ended while it ran', answer(502, { body: { code: 'function_failed' } }), 'function ended'],
])('excuses %s while that is so', (reason, given, kind) => {
  const judge = judgeWhile(kind);
  for (const expected of [{ admit: [200] }, { refuse: [401] }]) judge.note('something', given, expected);
  expect(judge.excused).toEqual({ [reason]: 2 });
  expect(Object.values(judge.counts).every((count) => count === 0)).toBe(true);
});

it('takes both policies for right only while one may be in place of the other', () => {
  const timeline = new PolicyTimeline();
  timeline.change('less');
  const changedAt = Date.now();
  expect(timeline.between(changedAt - 1000, changedAt - 500)).toEqual(['full']);
  expect(timeline.between(changedAt + 10, changedAt + 20)).toEqual(['full', 'less']);
  expect(timeline.between(changedAt + graceMs + 10, changedAt + graceMs + 20)).toEqual(['less']);
});

it('finds what grows in processes that each start from the bottom', () => {
  const process = (level: number, perMinute: number) => [1, 2, 3, 4].map((x) => ({ x, y: level + perMinute * x }));
  expect(slopeWithin([process(20, 2), process(18, 2)])).toBeCloseTo(2);
  expect(slopeWithin([process(20, 0), process(90, 0)])).toBeCloseTo(0);
  expect(slopeWithin([])).toBe(0);
});

it.each([
  ['a large invoice that was approved', { large: true, decision: 'approve' }, { status: 'SUCCEEDED' }, 0],
  ['a small invoice, which nobody decides', { large: false }, { status: 'SUCCEEDED' }, 0],
  ['a rejected one', { large: true, decision: 'reject' }, { status: 'FAILED', error: 'InvoiceRejected' }, 0],
  ['a rejected one that was paid', { large: true, decision: 'reject' }, { status: 'SUCCEEDED' }, 1],
  ['a large one that was paid before anybody decided', { large: true }, { status: 'SUCCEEDED' }, 1],
  [
    'an approved one that was rejected',
    { large: true, decision: 'approve' },
    { status: 'FAILED', error: 'InvoiceRejected' },
    1,
  ],
  ['one that failed', { large: false }, { status: 'FAILED', error: 'baton.token_invalid' }, 1],
])('knows whether a run ended as it was decided: %s', (_name, about, end, wrong) => {
  const work = { accepted: new Map(), runs: new Map([['run', about]]) };
  const { runs } = countWork(work, { done: new Map(), ends: new Map([['run', end]]), executions: 1 }, 1);
  expect([runs.ended, runs.failed.length]).toEqual([1, wrong]);
});

/** A run in which all was right. */
const right = () => {
  const judge = judgeWhile();
  judge.note('read', answer(200), { admit: [200] });
  judge.note('attack', answer(401), { refuse: [401] });
  return {
    judge,
    work: {
      work: { accepted: 3, delivered: 3, lost: [] as string[], asAnother: [] as string[], repeated: 1 },
      runs: { started: 2, ended: 2, lost: [] as string[], failed: [] as string[], twice: 0 },
    },
    memory: {
      startMb: 20,
      endMb: 21,
      highestMb: 22,
      highestRssMb: 100,
      slopeMbPerMinute: 0.1,
      warmMinutes: 3,
      processes: 1,
    },
    logs: {
      audit: { ok: true, words: '1 file, nothing wrong' },
      trace: { asked: 5, missing: [] as string[][] },
      leaking: [] as string[],
      crashes: [] as object[],
    },
    seconds: 60,
    happened: { 'app killed': 1 },
  };
};
const failing = (run: ReturnType<typeof right>): string[] =>
  rowsOf(run)
    .filter(({ ok }: { ok?: boolean }) => ok === false)
    .map(({ name }: { name: string }) => name);

it('has a table in which all holds where all was right', () => {
  expect(failing(right())).toEqual([]);
});

it.each<[string, (run: ReturnType<typeof right>) => void]>([
  ['wrongly admitted', ({ judge }) => judge.note('attack', answer(200), { refuse: [401] })],
  ['wrongly refused', ({ judge }) => judge.note('read', answer(403), { admit: [200] })],
  ['failed for no reason', ({ judge }) => judge.note('read', answer(500), { admit: [200] })],
  ['work lost', ({ work }) => work.work.lost.push('soak-1')],
  ['work delivered', ({ work }) => (work.work.delivered = 2)],
  ['work done as somebody else', ({ work }) => work.work.asAnother.push('soak-1')],
  ['workflows ended', ({ work }) => (work.runs.ended = 1)],
  ['workflows lost', ({ work }) => work.runs.lost.push('x')],
  ['workflows ended otherwise than decided', ({ work }) => work.runs.failed.push('x')],
  ['workflows started twice under a key', ({ work }) => (work.runs.twice = 1)],
  ['the app ended by itself', ({ logs }) => logs.crashes.push({})],
  ['audit trail verifies', ({ logs }) => (logs.audit.ok = false)],
  ['correlation ID in every log of its way', ({ logs }) => logs.trace.missing.push(['id', 'app'])],
  ['correlation ID in every log of its way', ({ logs }) => (logs.trace.asked = 0)],
  ['logs that hold a token', ({ logs }) => logs.leaking.push('app.jsonl')],
  ['highest heap', ({ memory }) => (memory.highestMb = 500)],
  ['heap, slope', ({ memory }) => (memory.slopeMbPerMinute = 5)],
])('the row "%s" fails', (name, spoil) => {
  const run = right();
  spoil(run);
  expect(failing(run)).toEqual([name]);
});
