'use strict';

const { percentile } = require('./statistics');

/** So long after a service is well again something may still keep away from it, in milliseconds. */
const BACK_OFF_MS = 35_000;
/** So long after a process is there again, or another was started, answers may still tell of the one that was ended. */
const AFTERMATH_MS = 3000;

const SERVICES = ['lambda', 'keys', 'sts', 'clock'];
/** Which trouble explains a 503 with this code. What nothing explains is a failure of the run. */
const EXPLAINED_BY = {
  keys_unavailable: ['keys'],
  function_unavailable: [...SERVICES, 'function ended'],
  function_throttled: ['lambda'],
  function_timeout: [...SERVICES],
  workflow_unavailable: ['states', 'sts', 'clock'],
  workflow_throttled: ['states'],
  workflow_timeout: ['states', 'sts', 'clock'],
  credentials_unavailable: ['sts', 'clock'],
  audit_unwritable: ['audit disk full'],
  outbox_unavailable: ['outbox locked'],
};

/** Why an answer that says neither yes nor no is one; undefined where nothing explains it. */
function excuse({ status, headers, body, error, sentAt, answeredAt }, windows) {
  const touched = (kinds, tailMs) => windows.touched(sentAt, answeredAt, { kinds, tailMs });
  const code = body?.code;
  if (status === 503 && code !== undefined) {
    const explained = headers['retry-after'] !== undefined && touched(EXPLAINED_BY[code] ?? [], BACK_OFF_MS);
    return explained ? code : undefined;
  }
  if (code === 'function_failed')
    return touched(['function ended'], AFTERMATH_MS) ? 'function ended while it ran' : undefined;
  const broken = error !== undefined || (status >= 500 && code === undefined);
  if (broken && touched(['app killed'], AFTERMATH_MS)) return 'app killed';
  if (broken && touched(['authorizer ended'], AFTERMATH_MS)) return 'authorizer ended';
  return undefined;
}

/** Holds each answer against what it had to be, and counts. */
class Judge {
  requests = 0;
  counts = {
    'rightly admitted': 0,
    'rightly refused': 0,
    'either, while a policy was replaced': 0,
    'wrongly refused': 0,
    'wrongly admitted': 0,
    unexplained: 0,
  };
  excused = {};
  byAttack = {};
  /** The first of what was wrong, for people. */
  wrong = [];
  /** Requests whose correlation ID has to be in all logs. */
  sample = [];
  #durations = { calm: [], fault: [] };
  #windows;

  constructor(windows) {
    this.#windows = windows;
  }

  /**
   * @param expected `admit`: statuses; `seen`: as whom; `refuse`: statuses; both where a policy is being replaced
   * @returns whether it was admitted, refused, or neither
   */
  note(what, answer, { admit = [], refuse = [], seen }) {
    this.requests++;
    const { sentAt, answeredAt, status } = answer;
    const phase = this.#windows.touched(sentAt, answeredAt) ? 'fault' : 'calm';
    this.#durations[phase].push(answeredAt - sentAt);
    if (admit.includes(status) || (status >= 200 && status < 300))
      return this.#admitted(what, answer, { admit, refuse, seen });
    if (refuse.includes(status))
      return this.#count(admit.length > 0 ? 'either, while a policy was replaced' : 'rightly refused', 'refused');
    if (status >= 400 && status < 500 && status !== 429) {
      return this.#fault(admit.length > 0 ? 'wrongly refused' : 'unexplained', what, answer);
    }
    const reason = excuse(answer, this.#windows);
    if (reason === undefined) return this.#fault('unexplained', what, answer);
    this.excused[reason] = (this.excused[reason] ?? 0) + 1;
    return 'neither';
  }

  #admitted(what, answer, { admit, refuse, seen }) {
    const { status, body } = answer;
    if (!admit.includes(status)) return this.#fault('wrongly admitted', what, answer);
    const isAnother = seen !== undefined && (body?.seen?.subject !== seen.subject || body?.seen?.actor !== seen.actor);
    if (isAnother) return this.#fault('wrongly admitted', `${what}, as somebody else`, answer);
    return this.#count(refuse.length > 0 ? 'either, while a policy was replaced' : 'rightly admitted', 'admitted');
  }

  #count(row, outcome) {
    this.counts[row]++;
    return outcome;
  }

  #fault(row, what, { status, body, error, sentAt, headers }) {
    this.counts[row]++;
    const correlationId = headers['x-correlation-id'];
    if (this.wrong.length < 50) {
      this.wrong.push({
        row,
        what,
        status,
        code: body?.code,
        error,
        at: new Date(sentAt).toISOString(),
        correlationId,
      });
    }
    return 'neither';
  }

  /** Milliseconds below which half, and 99 of 100, answers came. */
  get latency() {
    return Object.fromEntries(
      Object.entries(this.#durations).map(([phase, values]) => {
        const sorted = values.sort((a, b) => a - b);
        return [phase, { requests: sorted.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }];
      }),
    );
  }
}

module.exports = { Judge };
