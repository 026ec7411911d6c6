'use strict';

const { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } = require('@aws-sdk/client-sfn');
const { setTimeout: delay } = require('node:timers/promises');
const { seenAs } = require('./people');
const { jsonLines } = require('./logs');

/** Work that a process had taken when it was ended is taken by another one after a minute; then come the retries. */
const DRAIN_MS = 150_000;
const LOOK_EVERY_MS = 1000;
const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:approve-invoice';

/** Work that was done, by its key: as whom, and how often. */
function doneWork(relay) {
  const done = new Map();
  for (const name of ['print-invoice', 'archive-invoice']) {
    for (const line of jsonLines(relay.lambda.logFile(name))) {
      if (line.soak !== 'done') continue;
      const known = done.get(line.key) ?? { runs: 0, subjects: new Set() };
      known.runs++;
      known.subjects.add(line.subject);
      done.set(line.key, known);
    }
  }
  return done;
}

function states(relay) {
  const credentials = { accessKeyId: 'soak', secretAccessKey: 'soak' };
  return new SFNClient({ endpoint: relay.stepFunctions.url, region: 'eu-west-1', credentials });
}

const executionOf = (run) =>
  MACHINE.replace(':stateMachine:', ':execution:').replace(
    /approve-invoice$/,
    `approve-invoice:${run.replace('~', '-')}`,
  );

/** How a run ended: undefined while it runs, `lost` where nobody knows of it. */
async function endOf(client, run) {
  try {
    const { status, error } = await client.send(new DescribeExecutionCommand({ executionArn: executionOf(run) }));
    return status === 'RUNNING' ? undefined : { status, error };
  } catch (error) {
    if (error.name === 'ExecutionDoesNotExist') return { status: 'lost' };
    throw error;
  }
}

async function countExecutions(client) {
  let [count, nextToken] = [0, undefined];
  do {
    const page = await client.send(
      new ListExecutionsCommand({ stateMachineArn: MACHINE, maxResults: 1000, nextToken }),
    );
    count += page.executions.length;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return count;
}

/** Waits until all that was accepted is done, and all that waits for a person decided. */
async function drain({ relay, work, users }) {
  const client = states(relay);
  const deadline = Date.now() + DRAIN_MS;
  const ends = new Map();
  try {
    for (;;) {
      for (let i = 0; i < 10 && work.undecided().length > 0; i++) await users.decide(0);
      for (const run of work.runs.keys()) {
        if (ends.has(run)) continue;
        const end = await endOf(client, run);
        if (end === undefined) continue;
        ends.set(run, end);
        work.runs.get(run).decided = true;
      }
      const done = doneWork(relay);
      const waiting = [...work.accepted.keys()].filter((key) => !done.has(key));
      const isOver = waiting.length === 0 && ends.size === work.runs.size;
      if (isOver || Date.now() > deadline) return { done, ends, executions: await countExecutions(client) };
      await delay(LOOK_EVERY_MS);
    }
  } finally {
    client.destroy();
  }
}

/** What became of what was left behind and started. */
function countWork({ accepted, runs }, { done, ends, executions }, started) {
  const lost = [...accepted.keys()].filter((key) => !done.has(key));
  const asAnother = [...accepted].filter(([key, { who }]) => {
    const subjects = done.get(key)?.subjects ?? new Set();
    return [...subjects].some((subject) => subject !== seenAs(who).subject);
  });
  const as = (wanted) => [...ends].filter(([run, end]) => wanted(end, runs.get(run))).map(([run]) => run);
  // A large invoice is paid where a person approved it, and else not.
  const isRightEnd = ({ status, error }, { large, decision }) =>
    status === 'SUCCEEDED' ? !large || decision === 'approve' : error === 'InvoiceRejected' && decision === 'reject';
  const isWrongEnd = (end, about) => end.status !== 'lost' && !isRightEnd(end, about);
  return {
    work: {
      accepted: accepted.size,
      delivered: accepted.size - lost.length,
      lost,
      asAnother: asAnother.map(([key]) => key),
      repeated: [...done.values()].filter(({ runs: times }) => times > 1).length,
    },
    runs: {
      started: runs.size,
      ended: as(({ status }) => status !== 'lost').length,
      lost: [...runs.keys()].filter((run) => (ends.get(run)?.status ?? 'lost') === 'lost'),
      failed: as(isWrongEnd),
      twice: Math.max(0, executions - started),
    },
  };
}

module.exports = { countWork, drain };
