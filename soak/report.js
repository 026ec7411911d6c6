'use strict';

const { table } = require('../examples/invoices/demo/table');

/** Heap of the app after a collection. */
const HIGHEST_HEAP_MB = 128;
/** What a process keeps of 1,500 requests a minute: less than a kilobyte of each. */
const HIGHEST_SLOPE_MB_PER_MINUTE = 1;
/** Of fewer minutes of warm processes a slope says nothing. */
const SLOPE_MINUTES = 2;

const row = (name, value, ok, note) => ({ name, value, ...(ok !== undefined && { ok }), ...(note && { note }) });
const zero = (name, value, note) => row(name, value, value === 0, note);

function requestRows({ requests, counts, excused, byAttack }) {
  const tried = Object.values(byAttack).reduce((sum, one) => sum + one.tried, 0);
  const failed = Object.values(excused).reduce((sum, count) => sum + count, 0);
  return [
    row('requests', requests, requests > 0),
    row('rightly admitted', counts['rightly admitted'], counts['rightly admitted'] > 0),
    row(
      'rightly refused',
      counts['rightly refused'],
      counts['rightly refused'] > 0,
      `${tried} attacks of ${Object.keys(byAttack).length} kinds`,
    ),
    row('either was right: policy just replaced', counts['either, while a policy was replaced']),
    zero('wrongly refused', counts['wrongly refused']),
    zero('wrongly admitted', counts['wrongly admitted']),
    row("failed for a fault's sake", failed),
    ...Object.entries(excused).map(([reason, count]) => row(`  ${reason}`, count)),
    zero('failed for no reason', counts.unexplained),
  ];
}

function workRows({ work, runs }) {
  return [
    row('work accepted', work.accepted, work.accepted > 0),
    row('work delivered', work.delivered, work.delivered === work.accepted),
    zero('work lost', work.lost.length),
    zero('work done as somebody else', work.asAnother.length),
    row('work delivered more than once, under its key', work.repeated),
    row('workflows started', runs.started, runs.started > 0),
    row('workflows ended', runs.ended, runs.ended === runs.started),
    zero('workflows lost', runs.lost.length),
    zero('workflows ended otherwise than decided', runs.failed.length),
    zero('workflows started twice under a key', runs.twice),
  ];
}

function memoryRows(memory) {
  const { startMb, endMb, highestMb, highestRssMb, slopeMbPerMinute, warmMinutes, processes } = memory;
  const isLong = warmMinutes >= SLOPE_MINUTES;
  const minutes = `${warmMinutes.toFixed(1)} min of warm processes`;
  return [
    row(
      'heap of the app, start → end',
      `${startMb.toFixed(1)} → ${endMb.toFixed(1)} MB`,
      undefined,
      `${processes} processes, highest RSS ${highestRssMb.toFixed(0)} MB`,
    ),
    row('highest heap', `${highestMb.toFixed(1)} MB`, highestMb < HIGHEST_HEAP_MB, `bound ${HIGHEST_HEAP_MB} MB`),
    row(
      'heap, slope',
      `${slopeMbPerMinute.toFixed(2)} MB/min`,
      isLong ? slopeMbPerMinute < HIGHEST_SLOPE_MB_PER_MINUTE : undefined,
      isLong ? `bound ${HIGHEST_SLOPE_MB_PER_MINUTE} MB/min; ${minutes}` : `too short to say: ${minutes}`,
    ),
  ];
}

function logRows({ audit, trace, leaking, crashes }) {
  return [
    zero('the app ended by itself', crashes.length),
    row('audit trail verifies', audit.words, audit.ok),
    row(
      'correlation ID in every log of its way',
      `${trace.asked - new Set(trace.missing.map(([id]) => id)).size} of ${trace.asked}`,
      trace.asked > 0 && trace.missing.length === 0,
    ),
    zero('logs that hold a token', leaking.length),
  ];
}

function latencyRows({ calm, fault }) {
  const of = ({ requests, p50, p99 }) =>
    row('', `p50 ${p50 ?? '–'} ms, p99 ${p99 ?? '–'} ms`, undefined, `${requests} requests`);
  return [
    { ...of(calm), name: 'latency in calm' },
    { ...of(fault), name: 'latency while something failed' },
  ];
}

/** The table at the end; a row with `ok` must hold. */
function rowsOf({ judge, work, memory, logs, seconds, happened }) {
  const events = Object.values(happened).reduce((sum, count) => sum + count, 0);
  return [
    ...requestRows(judge),
    ...workRows(work),
    ...logRows(logs),
    ...memoryRows(memory),
    ...latencyRows(judge.latency),
    row('things that went wrong on purpose', events, events > 0, `in ${Math.round(seconds)} s`),
  ];
}

const mark = ({ ok }) => (ok === undefined ? '' : ok ? '✓' : '✗');

const asTable = (rows) =>
  table(
    ['', 'what', 'value', ''],
    rows.map((one) => [mark(one), one.name, String(one.value), one.note]),
  );

module.exports = { asTable, rowsOf };
