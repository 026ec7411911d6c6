'use strict';

const ARN = 'arn:aws:states:eu-west-1:123456789012:execution:approve-invoice';

/** The events of one execution: type, what it says, and how long after the start. */
function events(w) {
  const input = JSON.stringify({
    amount: 120,
    caller: {
      correlationId: w.correlationId,
      subject: w.subject,
      traceparent: `00-${w.traceId}-${w.traceId.slice(16)}-01`,
    },
  });
  const all = [
    ['ExecutionStarted', { input, roleArn: 'arn:aws:iam::123456789012:role/approve-invoice' }, 0],
    ['TaskStateEntered', { name: 'Check', input }, 4],
    ['TaskScheduled', { resourceType: 'lambda', resource: 'invoke', region: 'eu-west-1' }, 5],
    ['TaskSucceeded', { resourceType: 'lambda', resource: 'invoke', output: '{}' }, 80],
    ['TaskStateExited', { name: 'Check', output: '{}' }, 81],
  ];
  if (w.isEnded) all.push(['ExecutionSucceeded', { output: '{}' }, 90]);
  return all;
}

/** As a state machine logs at level ALL to CloudWatch: a record an event. */
function writeRecords(sink, w) {
  events(w).forEach(([type, details, afterMs], index) => {
    const record = {
      id: String(index + 1),
      type,
      details,
      redrive_count: '0',
      previous_event_id: String(index),
      event_timestamp: String(w.timeMs + afterMs),
      execution_arn: `${ARN}:${w.execution}`,
    };
    sink.row(`${JSON.stringify(record)}\n`);
  });
}

/** As `aws stepfunctions get-execution-history` prints it. */
function writeHistory(sink, w) {
  const all = events(w).map(([type, details, afterMs], index) => {
    const name = /^TaskState(Entered|Exited)$/.exec(type);
    const member = `${name === null ? type[0].toLowerCase() + type.slice(1) : `state${name[1]}`}EventDetails`;
    const timestamp = new Date(w.timeMs + afterMs).toISOString().replace('Z', '000+00:00');
    return { timestamp, type, id: index + 1, previousEventId: index, [member]: details };
  });
  sink.document(`${JSON.stringify({ events: all }, null, 4)}\n`, all.length);
}

module.exports = { writeHistory, writeRecords };
