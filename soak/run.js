'use strict';

// The soak run: users and attackers ask the whole relay, while on a seeded schedule everything that it stands on fails for
// a while. Each answer is held against what it had to be. docs/soak.md.

const { execFileSync } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { startRelay } = require('../dist/local/relay');
const { Attackers } = require('./attackers');
const { closeConnections, send } = require('./client');
const { countWork } = require('./ending');
const { Turns } = require('./episodes');
const { Judge } = require('./judge');
const { soak } = require('./load');
const { jsonLines, logsWithTokens, withoutTrace } = require('./logs');
const { memoryOf } = require('./memory');
const { USAGE, readOptions } = require('./options');
const { Random } = require('./random');
const { asTable, rowsOf } = require('./report');
const { makeSite } = require('./site');
const { Tokens } = require('./tokens');
const { Users } = require('./users');
const { PolicyTimeline, Windows } = require('./windows');
const { Work } = require('./work');

function verifyAudit(file) {
  const command = path.join(__dirname, '..', 'dist', 'cli', 'baton.js');
  const options = { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'pipe'] };
  try {
    const words = execFileSync(process.execPath, [command, 'audit', 'verify', file], options);
    return { ok: true, words: words.trim().split('\n').at(-1) };
  } catch ({ stdout = '', stderr = '', message }) {
    return { ok: false, words: stdout.trim().split('\n').at(-1) || message, details: `${stdout}${stderr}` };
  }
}

function newWorld(relay, files, seed) {
  const windows = new Windows();
  const bases = { http: relay.gateways.http.url, rest: relay.gateways.rest.url, iis: relay.iis.url };
  const random = new Random(seed);
  const world = {
    relay,
    files,
    windows,
    random,
    seed,
    happened: {},
    startable: new Turns(),
    timeline: new PolicyTimeline(),
    judge: new Judge(windows),
    work: new Work(),
    tokens: new Tokens(relay),
    send: (via, request) => send(bases[via], request),
    gateway: () => random.one(['http', 'rest']),
  };
  world.users = new Users(world);
  world.attackers = new Attackers(world);
  return world;
}

/** Looks at what is left when all has ended. */
async function examine(world, relay, files) {
  await relay.iis.flushLog();
  const trace = withoutTrace(world.judge.sample, world);
  await relay.stop();
  const leaking = logsWithTokens([relay.logDirectory, path.dirname(files.audit)], world.tokens.signatures);
  return { audit: verifyAudit(files.audit), trace, leaking, crashes: jsonLines(files.crashes) };
}

function tell(rows, world, { options, details }) {
  if (options.json) {
    console.log(
      JSON.stringify(
        {
          seed: options.seed,
          minutes: options.minutes,
          rows,
          wrong: world.judge.wrong,
          happened: world.happened,
          attacks: world.judge.byAttack,
          details,
        },
        undefined,
        2,
      ),
    );
    return;
  }
  console.log(`\n${asTable(rows)}\n`);
  for (const one of world.judge.wrong) console.log(`wrong: ${JSON.stringify(one)}`);
  for (const [name, value] of Object.entries(details))
    if (value.length > 0) console.log(`${name}: ${JSON.stringify(value.slice(0, 20))}`);
  console.log(
    `Seed ${options.seed}. The same again: npm run soak -- --minutes ${options.minutes} --seed ${options.seed}`,
  );
}

/** Whoever does not want to wait: everything is ended and taken away all the same. */
function endOnSignal(relay, folder) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      const end = () => {
        rmSync(folder, { recursive: true, force: true });
        process.exit(130);
      };
      relay.stop().then(end, end);
    });
  }
}

/** Runs it all and gives the table, and what is behind its rows. */
async function run(world, options, say) {
  const { relay, files } = world;
  const startedAt = Date.now();
  try {
    const outcome = await soak(world, { ...options, say });
    const work = countWork(world.work, outcome, world.work.keysOfRuns.size);
    const logs = await examine(world, relay, files);
    const seconds = (Date.now() - startedAt) / 1000;
    const details = {
      'lost work': work.work.lost,
      'lost runs': work.runs.lost,
      'failed runs': work.runs.failed,
      'not in the logs': logs.trace.missing,
      'logs with tokens': logs.leaking,
      crashes: logs.crashes,
      'audit trail': logs.audit.ok ? [] : logs.audit.details.split('\n'),
    };
    return { details, rows: rowsOf({ ...world, work, logs, memory: memoryOf(files.memory), seconds }) };
  } finally {
    await relay.stop();
  }
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const say = (text) => options.json || console.log(text);
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-soak-'));
  let isRight = false;
  try {
    const files = makeSite(folder);
    say(`Starting the relay. ${options.minutes} minutes at ${options.rate} requests a second, seed ${options.seed}.`);
    const relay = await startRelay({ configFile: files.config, logDirectory: files.logs });
    endOnSignal(relay, folder);
    const world = newWorld(relay, files, options.seed);
    const { rows, details } = await run(world, options, say);
    isRight = rows.every(({ ok }) => ok !== false);
    tell(rows, world, { options, details });
    summarise(rows);
  } finally {
    closeConnections();
    if (isRight && !options.keep) rmSync(folder, { recursive: true, force: true });
    else say(`Logs: ${folder}`);
  }
  process.exitCode = isRight ? 0 : 1;
}

/** Counts for .ci/run: each row that must hold is a check. */
function summarise(rows) {
  const checks = rows.filter(({ ok }) => ok !== undefined);
  const passed = checks.filter(({ ok }) => ok).length;
  const { BATON_SUMMARY: file } = process.env;
  if (file) writeFileSync(file, JSON.stringify({ passed, failed: checks.length - passed, skipped: 0 }));
}

main().catch((error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
