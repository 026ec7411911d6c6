'use strict';

const { appendFileSync } = require('node:fs');
const { setTimeout: delay } = require('node:timers/promises');
const { callFunction } = require('../dist/local/function-call');
const { connectDatabase } = require('../dist/sqlite/database');
const { Random } = require('./random');
const { fillDisk, freeDisk, replacePolicy } = require('./site');
const { POLICY_GRACE_MS } = require('./windows');

/** So long a function that was ended is missed, for what counts as calm. */
const MISSED_MS = 5000;
/** An app that is not there after so long has not come back, and what comes of that is counted as wrong. */
const RESTART_MS = 30_000;

/** A service behind its fault proxy. */
const service = (name, kind, faults) => ({
  name,
  async run({ relay, windows, random }, lengthMs) {
    const end = windows.begin(kind);
    const proxy = relay.faults[kind];
    proxy.set(faults, Math.floor(random.number() * 1e9));
    await delay(lengthMs);
    proxy.set([]);
    end();
  },
});

/**
 * The clocks of all that is signed for differ from the server's. Not that of STS: the sign-ins of this run last less than a
 * minute, and no STS takes one that has ended by its clock.
 */
const clocks = (name, skewSeconds) => ({
  name,
  async run({ relay, windows }, lengthMs) {
    const end = windows.begin('clock');
    const proxies = ['lambda', 'states', 'sqs'].map((one) => relay.faults[one]);
    for (const proxy of proxies) proxy.set([{ kind: 'clock-skew', skewSeconds }]);
    await delay(lengthMs);
    for (const proxy of proxies) proxy.set([]);
    end();
  },
});

/** The app is ended without a word, as by Windows, and is there again when this resolves: the next request starts it. */
const killApp = ({ relay, windows, send, startable }) =>
  startable.alone(async () => {
    const end = windows.begin('app killed');
    await relay.iis.kill();
    const deadline = Date.now() + RESTART_MS;
    while (Date.now() < deadline && (await send('iis', { method: 'GET', path: '/health' })).status !== 200)
      await delay(100);
    end();
  });

/** The app is ended while what it needs for its start is away. */
const killedWithout = (name, kind, faults) => ({
  name,
  endsApp: true,
  async run(world, lengthMs) {
    const { relay, windows } = world;
    const end = windows.begin(kind);
    relay.faults[kind].set(faults);
    await killApp(world);
    await delay(lengthMs);
    relay.faults[kind].set([]);
    end();
  },
});

/** One at a time of what does not go together: an app that starts, and what it cannot start with. */
class Turns {
  #last = Promise.resolve();

  alone(run) {
    const mine = this.#last.then(run);
    this.#last = mine.catch(() => {});
    return mine;
  }
}

const error = (status) => [{ kind: 'error', status }];
const HALF = { rate: 0.5 };

/** What goes wrong between the app and what it calls: one at a time. */
const OUTSIDE = [
  service('key servers answer 503', 'keys', error(503)),
  service('key servers throttle', 'keys', [{ kind: 'throttle', rate: 0.7 }]),
  service('key servers hang', 'keys', [{ kind: 'timeout' }]),
  killedWithout('app starts while key servers are away', 'keys', [{ kind: 'reset' }]),
  service('Lambda throttles', 'lambda', [{ kind: 'throttle', ...HALF }]),
  service('Lambda answers 500', 'lambda', [{ kind: 'error', ...HALF }]),
  service('Lambda hangs', 'lambda', [{ kind: 'timeout', rate: 0.3 }]),
  service("Lambda's answers are lost", 'lambda', [{ kind: 'reset', lost: 'answer', ...HALF }]),
  service('Lambda resets connections', 'lambda', [{ kind: 'reset', ...HALF }]),
  service('Step Functions throttles', 'states', [{ kind: 'throttle', ...HALF }]),
  service("Step Functions' answers are lost", 'states', [{ kind: 'reset', lost: 'answer', ...HALF }]),
  service('Step Functions answers 503', 'states', [{ kind: 'error', status: 503, ...HALF }]),
  service('SQS throttles', 'sqs', [{ kind: 'throttle', ...HALF }]),
  service("SQS's answers are lost", 'sqs', [{ kind: 'reset', lost: 'answer', ...HALF }]),
  service('STS answers 503', 'sts', error(503)),
  killedWithout('app starts while STS is away', 'sts', [{ kind: 'reset' }]),
  clocks("AWS's clocks are 15 minutes ahead", 900),
  clocks("AWS's clocks are 15 minutes behind", -900),
];

const fullDisk = (kind) => ({
  name: `disk of the ${kind} is full`,
  lengthMs: 3000,
  run({ files, windows, startable }, lengthMs) {
    const fill = async () => {
      const end = windows.begin(`${kind} disk full`);
      fillDisk(files, kind);
      await delay(lengthMs);
      freeDisk(files);
      end();
    };
    // Without a trail that can be written the app does not start, which is right, and not what is measured here.
    return kind === 'audit' ? startable.alone(fill) : fill();
  },
});

const coldStart = (name, functionName, window) => ({
  name,
  async run({ relay, windows }) {
    windows.moment(window, MISSED_MS);
    await callFunction(relay.lambda.url, functionName, { soak: 'exit' }, 'soak');
  },
});

const outboxLocked = {
  name: 'outbox is locked by another process',
  lengthMs: 7000,
  async run({ files, windows }, lengthMs) {
    const database = connectDatabase(files.outbox, 'The soak run');
    const end = windows.begin('outbox locked');
    try {
      database.exec('PRAGMA busy_timeout = 2000');
      database.exec('BEGIN IMMEDIATE');
      await delay(lengthMs);
      database.exec('ROLLBACK');
    } finally {
      database.close();
      end();
    }
  },
};

const rightsTaken = {
  name: 'policy takes rights away, and gives them back',
  lengthMs: POLICY_GRACE_MS + 6000,
  async run({ files, timeline }, lengthMs) {
    replacePolicy(files, 'less');
    timeline.change('less');
    await delay(lengthMs);
    replacePolicy(files, 'full');
    timeline.change('full');
  },
};

const badPolicy = (number) => ({
  name: 'policy file is no policy',
  lengthMs: 4000,
  // With such a file the app would not start, which is right, and not what is measured here.
  run: ({ files, startable }, lengthMs) =>
    startable.alone(async () => {
      replacePolicy(files, `bad${number}`);
      await delay(lengthMs);
      replacePolicy(files, 'full');
    }),
});

/** What goes wrong on the server itself: one at a time. */
const INSIDE = [
  rightsTaken,
  badPolicy(0),
  badPolicy(1),
  badPolicy(2),
  badPolicy(3),
  { name: 'app killed', endsApp: true, run: killApp },
  { name: 'app killed', endsApp: true, run: killApp },
  coldStart('authorizer ended', 'baton-authorizer', 'authorizer ended'),
  coldStart('function ended', 'render-invoice', 'function ended'),
  fullDisk('audit'),
  fullDisk('log'),
  outboxLocked,
];

/** One round takes so long, in which everything happens once. */
const ROUND_MS = 120_000;
/** In the last rounds of a long run nobody ends the app: what a process keeps shows in one that lives. */
const ROUNDS_WITHOUT_END = 0.4;

const note = ({ files }, what, name) =>
  appendFileSync(files.events, `${JSON.stringify({ time: new Date(), what, name })}\n`);

async function runEpisode(world, episode, lengthMs) {
  const { happened } = world;
  happened[episode.name] = (happened[episode.name] ?? 0) + 1;
  note(world, 'begins', episode.name);
  await episode.run(world, lengthMs);
  note(world, 'ends', episode.name);
}

/** Everything of a list, in an order of its own each round, spread over the time that there is. */
async function runTrack(everything, deck, { seed, totalMs, share, signal }) {
  // Choices of its own: what users and attackers choose depends on how fast they are answered.
  const random = new Random(seed);
  const world = { ...everything, random };
  const rounds = Math.max(1, Math.round(totalMs / ROUND_MS));
  for (let round = 0; round < rounds; round++) {
    const slotMs = totalMs / rounds / deck.length;
    for (const episode of random.shuffled(deck)) {
      if (signal.aborted) return;
      const startedAt = Date.now();
      const isSpared = episode.endsApp && round >= rounds - Math.floor(rounds * ROUNDS_WITHOUT_END);
      if (!isSpared) await runEpisode(world, episode, episode.lengthMs ?? slotMs * share);
      const restMs = slotMs - (Date.now() - startedAt);
      await delay(Math.max(0, restMs), undefined, { signal }).catch(() => {});
    }
  }
}

/** Runs both lists side by side; resolves when both are through, which may be a little later than asked for. */
const runEpisodes = (world, totalMs, signal) =>
  Promise.all([
    runTrack(world, OUTSIDE, { seed: world.seed, totalMs, share: 0.6, signal }),
    runTrack(world, INSIDE, { seed: world.seed + 1, totalMs, share: 0.3, signal }),
  ]);

module.exports = { Turns, runEpisodes };
