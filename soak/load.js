'use strict';

const { setTimeout: delay } = require('node:timers/promises');
const { drain } = require('./ending');
const { runEpisodes } = require('./episodes');
const { EVERYBODY } = require('./people');
const { bearer } = require('./users');

/** Before the first and after the last thing goes wrong: calm, to compare with. */
const CALM_SHARE = 0.08;
const REPORT_EVERY_MS = 15_000;

/** What is asked, and how often. */
const MIX = [
  [34, 'read'],
  [10, 'approve'],
  [12, 'render'],
  [8, 'print'],
  [6, 'archive'],
  [4, 'start'],
  [5, 'look'],
  [4, 'decide'],
  [2, 'health'],
  [15, 'attack'],
];

function doOne(kind, { users, attackers }) {
  if (kind === 'attack') return attackers.attack();
  return kind === 'print' || kind === 'archive' ? users.leave(kind) : users[kind]();
}

/** So many requests a second until it is over, then waits for the last ones. What throws is a fault of the run itself. */
async function runLoad(world, rate, signal) {
  const under = new Set();
  let broken;
  while (!signal.aborted && broken === undefined) {
    const one = doOne(world.random.weighted(MIX), world)
      .catch((error) => (broken ??= error))
      .finally(() => under.delete(one));
    under.add(one);
    await delay((1000 / rate) * (0.5 + world.random.number()));
  }
  await Promise.all(under);
  if (broken !== undefined) throw broken;
}

/** Starts the processes, which is slow and no part of what is measured. */
async function warmUp({ tokens, send }) {
  for (const via of ['http', 'rest']) {
    for (const who of EVERYBODY)
      await send(via, { method: 'POST', path: '/invoices/1/render', headers: bearer(tokens.of(who)) });
  }
}

/** What happens from the first request to the last piece of work. */
async function soak(world, { minutes, rate, say }) {
  const { judge, tokens } = world;
  const totalMs = minutes * 60_000;
  const startedAt = Date.now();
  await tokens.start();
  await warmUp(world);
  const over = new AbortController();
  const progress = setInterval(() => {
    const { 'wrongly refused': refused, 'wrongly admitted': admitted, unexplained } = judge.counts;
    say(
      `${Math.round((Date.now() - startedAt) / 1000)} s: ${judge.requests} requests, wrong so far: ${refused + admitted + unexplained}`,
    );
  }, REPORT_EVERY_MS);
  try {
    const load = runLoad(world, rate, over.signal);
    const schedule = async () => {
      await delay(totalMs * CALM_SHARE, undefined, { signal: over.signal });
      await runEpisodes(world, totalMs * (1 - 2 * CALM_SHARE), over.signal);
      await delay(Math.max(totalMs * CALM_SHARE, startedAt + totalMs - Date.now()), undefined, { signal: over.signal });
    };
    await Promise.race([schedule(), load]).finally(() => over.abort());
    await load;
    say('The load is over. What was left behind is waited for.');
    return await drain(world);
  } finally {
    clearInterval(progress);
    await tokens.stop();
  }
}

module.exports = { soak };
