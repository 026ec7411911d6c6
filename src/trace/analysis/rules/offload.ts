import { figure, grouped, many, percent, type Rule } from './rule';

export const OFFLOAD_RULES: readonly Rule[] = [
  {
    id: 'hand-over-without-end',
    group: 'offload',
    severity: 'warning',
    certainty: 'likely',
    about: 'functions that a request was allowed to call, and that left no line',
    rows: `
SELECT h.t_ms AS handed_over_at, h.function_name, h.subject, h.transaction_id, h.correlation_id, e.code AS app_error, f.path AS file
FROM audit h
JOIN (
  SELECT function_name, min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM functions GROUP BY function_name
) logged ON logged.function_name = h.function_name
CROSS JOIN settings s
LEFT JOIN (SELECT DISTINCT correlation_id, function_name FROM functions) n
  ON n.correlation_id = h.correlation_id AND n.function_name = h.function_name
LEFT JOIN (
  SELECT correlation_id, min(code) AS code, min(function_name) AS function_name FROM app_events
  WHERE code IS NOT NULL GROUP BY correlation_id
) e ON e.correlation_id = h.correlation_id
LEFT JOIN files f ON f.file_id = h.file_id
WHERE h.event = 'hand_over' AND h.outcome = 'allowed' AND h.correlation_id IS NOT NULL AND n.correlation_id IS NULL
  AND h.t_ms BETWEEN logged.first_ms - s.margin_ms AND logged.last_ms - s.margin_ms`,
    order: 'handed_over_at, correlation_id',
    figures: {
      functions: 'count(DISTINCT function_name)',
      with_error: 'count(app_error)',
      all_hand_overs:
        "(SELECT count(*) FROM audit WHERE event = 'hand_over' AND outcome = 'allowed' AND function_name IS NOT NULL)",
    },
    say: (figures) => ({
      title:
        `${many(figure(figures, 'found'), 'hand-over')} to ${many(figure(figures, 'functions'), 'function')} ended nowhere ` +
        `(${percent(figure(figures, 'found'), figure(figures, 'all_hand_overs'))})`,
      explanation:
        'The audit trail says that the call was allowed, and no line of that function has the correlation ID although its log ' +
        `covers the time. For ${grouped(figure(figures, 'with_error'))} of them the app logged an error (app_error): the call ` +
        'failed before the function. The others were killed (timeout, memory), or wait in a queue or the outbox.',
      advice:
        'Look for the correlation ID in the outbox (`baton outbox list`), the dead-letter queue and the REPORT lines with a status.',
    }),
  },
  {
    id: 'function-failed',
    group: 'offload',
    severity: 'warning',
    certainty: 'certain',
    about: 'functions that failed',
    rows: `
SELECT n.t_ms AS ended_at, n.function_name, n.source, n.duration_ms, n.cold_start, l.status AS lambda_status, n.correlation_id,
  n.request_id, f.path AS file
FROM functions n
LEFT JOIN (SELECT request_id, max(status) AS status FROM lambda_reports WHERE status IS NOT NULL GROUP BY request_id) l
  ON l.request_id = n.request_id
LEFT JOIN files f ON f.file_id = n.file_id
WHERE n.outcome = 'failed'`,
    order: 'ended_at, request_id',
    figures: { functions: 'count(DISTINCT function_name)', runs: '(SELECT count(*) FROM functions)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'invocation')} failed in ${many(figure(figures, 'functions'), 'function')} (${percent(figure(figures, 'found'), figure(figures, 'runs'))})`,
      explanation: 'The handler threw. The error stands in its line, under the correlation ID.',
      advice: '`baton trace ID` shows the request around one of them.',
    }),
  },
  {
    id: 'lambda-killed',
    group: 'offload',
    severity: 'error',
    certainty: 'certain',
    about: 'invocations that Lambda ended: timeout, memory, a crash',
    rows: `
SELECT l.t_ms AS ended_at, l.status, l.duration_ms, l.memory_mb, l.max_memory_mb, n.function_name, n.correlation_id, l.request_id,
  f.path AS file
FROM lambda_reports l
LEFT JOIN (SELECT request_id, min(function_name) AS function_name, min(correlation_id) AS correlation_id FROM functions
  WHERE request_id IS NOT NULL GROUP BY request_id) n ON n.request_id = l.request_id
LEFT JOIN files f ON f.file_id = l.file_id
WHERE l.status IS NOT NULL AND l.status NOT IN ('success', 'succeeded')`,
    order: 'ended_at, request_id',
    figures: {
      timeouts: "CAST(count_if(status = 'timeout') AS bigint)",
      no_memory: 'CAST(count_if(max_memory_mb >= memory_mb) AS bigint)',
    },
    say: (figures) => ({
      title:
        `Lambda ended ${many(figure(figures, 'found'), 'invocation')}: ${grouped(figure(figures, 'timeouts'))} by its time limit, ` +
        `${grouped(figure(figures, 'no_memory'))} with all memory in use`,
      explanation: 'A function that is killed writes no line of its own; only the REPORT says so.',
      advice: 'Raise the limit, or do less in one invocation.',
    }),
  },
  {
    id: 'outbox-dead',
    group: 'offload',
    severity: 'error',
    certainty: 'certain',
    about: 'work in the outbox that was given up',
    rows: `
SELECT e.t_ms AS given_up_at, e.function_name, e.work_id, e.attempts, e.code, e.reason, e.correlation_id, f.path AS file
FROM app_events e LEFT JOIN files f ON f.file_id = e.file_id
WHERE e.type = 'outbox' AND e.outcome = 'dead'`,
    order: 'given_up_at, work_id',
    say: (figures) => ({
      title: `The outbox gave up ${many(figure(figures, 'found'), 'piece')} of work`,
      explanation: 'They were promised to a caller and never reached AWS. They are kept as dead letters.',
      advice: '`baton outbox list` shows them, `baton outbox retry` tries again.',
    }),
  },
  {
    id: 'outbox-retried',
    group: 'offload',
    severity: 'info',
    certainty: 'certain',
    about: 'attempts of the outbox that failed and were made again',
    rows: `
SELECT function_name, code, reason, count(*) AS failures, count(DISTINCT work_id) AS works, max(attempts) AS most_attempts,
  min(t_ms) AS first_at, max(t_ms) AS last_at
FROM app_events WHERE type = 'outbox' AND outcome = 'failed' GROUP BY function_name, code, reason`,
    order: 'failures DESC, function_name, code',
    figures: { failures: 'CAST(sum(failures) AS bigint)', works: 'CAST(sum(works) AS bigint)' },
    say: (figures) => ({
      title: `${many(figure(figures, 'failures'), 'attempt')} of the outbox failed, for ${many(figure(figures, 'works'), 'piece')} of work`,
      explanation: 'It tries again by itself, later each time.',
      advice: 'Nothing, if they were delivered in the end; see outbox-dead.',
      count: figure(figures, 'failures'),
    }),
  },
  {
    id: 'workflow-without-end',
    group: 'offload',
    severity: 'warning',
    certainty: 'suspected',
    about: 'executions that began and have no end, and those that were handed over and never began',
    rows: `
SELECT w.started_at, w.execution, 'began, has no end' AS what, w.last_at AS last_event_at, w.correlation_id
FROM (
  SELECT execution, min(t_ms) AS started_at, max(t_ms) AS last_at, max(correlation_id) AS correlation_id,
    max(CASE WHEN event_type IN ('ExecutionSucceeded', 'ExecutionFailed', 'ExecutionAborted', 'ExecutionTimedOut') THEN 1 ELSE 0 END)
      AS has_end
  FROM workflow_events WHERE execution IS NOT NULL GROUP BY execution
) w WHERE w.has_end = 0
UNION ALL
SELECT h.t_ms AS started_at, h.execution, 'handed over, never began' AS what, CAST(NULL AS bigint) AS last_event_at, h.correlation_id
FROM audit h
CROSS JOIN (SELECT min(t_ms) AS first_ms, max(t_ms) AS last_ms FROM workflow_events) e
CROSS JOIN settings s
LEFT JOIN (SELECT DISTINCT execution FROM workflow_events) w ON w.execution = h.execution
WHERE h.event = 'hand_over' AND h.outcome = 'allowed' AND h.execution IS NOT NULL AND w.execution IS NULL
  AND h.t_ms BETWEEN e.first_ms - s.margin_ms AND e.last_ms - s.margin_ms`,
    order: 'started_at, execution',
    figures: { never: "CAST(count_if(what = 'handed over, never began') AS bigint)" },
    say: (figures) => ({
      title: `${many(figure(figures, 'found'), 'execution')} without an end, ${grouped(figure(figures, 'never'))} of them without a beginning`,
      explanation: 'They may still run, or their history may not be among these files.',
      advice: '`baton workflows show` tells the state of one.',
    }),
  },
  {
    id: 'workflow-failed',
    group: 'offload',
    severity: 'warning',
    certainty: 'certain',
    about: 'executions that failed, ran out of time or were aborted',
    rows: `
SELECT w.t_ms AS ended_at, w.execution, w.event_type, w.error, s.correlation_id, s.subject, f.path AS file
FROM workflow_events w
LEFT JOIN (
  SELECT execution, max(correlation_id) AS correlation_id, max(subject) AS subject FROM workflow_events GROUP BY execution
) s ON s.execution = w.execution
LEFT JOIN files f ON f.file_id = w.file_id
WHERE w.event_type IN ('ExecutionFailed', 'ExecutionAborted', 'ExecutionTimedOut')`,
    order: 'ended_at, execution',
    figures: {
      timed_out: "CAST(count_if(event_type = 'ExecutionTimedOut') AS bigint)",
      aborted: "CAST(count_if(event_type = 'ExecutionAborted') AS bigint)",
    },
    say: (figures) => ({
      title:
        `${many(figure(figures, 'found'), 'execution')} did not succeed: ${grouped(figure(figures, 'timed_out'))} ran out of time, ` +
        `${grouped(figure(figures, 'aborted'))} aborted`,
      explanation: 'With the error that the history names.',
      advice: '`baton trace EXECUTION` shows one as a waterfall.',
    }),
  },
];
