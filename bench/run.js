'use strict';
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { loadavg, tmpdir } = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { CANDIDATES } = require('./candidates');
const { load } = require('./load');
const { percentile, median } = require('./statistics');
const { latencyRows, report } = require('./report');
const { ALGORITHMS, makeTokens } = require('./tokens');

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    node: { type: 'string', multiple: true, default: ['20', '24'] },
    algorithm: { type: 'string', multiple: true, default: ALGORITHMS },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    output: { type: 'string', default: path.join(__dirname, 'README.md') },
    help: { type: 'boolean', default: false },
  },
});

const CONNECTIONS = 64;
/** More than any cache here holds (Baton 8,192; fast-jwt 1,000; the LRU 8,192), so in rotation none of them ever hits. */
const DISTINCT = 12_000;
const CASES = { '1 token': 1, '100 tokens': 100, 'every token new': DISTINCT };
const WARM_UP_ANSWERS = 20_000;
const WARM_UP_MS = options.quick ? 1500 : 8000;
/** Beyond what the slices take: starting, and waiting for the last answers. */
const OVERHEAD = 1.3;
const SLICE_MS = options.quick ? 350 : 500;
const roundsFor = (algorithm) => Number(options.rounds ?? (options.quick ? 2 : algorithm === 'ES256' ? 6 : 3));

/** The Node that runs this, or the one that the npm package `node` brought. */
const nodePath = (major) =>
  process.versions.node.startsWith(`${major}.`) ? process.execPath : path.join(__dirname, 'node_modules/node/bin/node');

const candidates = CANDIDATES.filter(({ name, group }) => group === 'bare' || new RegExp(options.only, 'i').test(name));

async function start(candidate, execPath, setupFile) {
  const child = fork(path.join(__dirname, 'server.js'), [candidate.name, setupFile], { execPath, execArgv: [] });
  // A server that cannot start, or dies, must end the run: nobody else would answer.
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`The server of "${candidate.name}" ended with code ${code}.`);
  });
  const answerOf = () => Promise.race([once(child, 'message').then(([answer]) => answer), died]);
  died.catch(() => {});
  const { port } = await answerOf();
  const cpuMicros = async () => {
    child.send('cpu');
    return (await answerOf()).cpuMicros;
  };
  return { candidate, port, cpuMicros, stop: () => child.kill() };
}

async function slice(server, tokens, durationMs) {
  const before = await server.cpuMicros();
  const latencies = await load({
    port: server.port,
    connections: CONNECTIONS,
    header: server.candidate.header,
    tokens,
    durationMs,
  });
  const cpuMicros = (await server.cpuMicros()) - before;
  latencies.sort((a, b) => a - b);
  return {
    answers: latencies.length,
    cpuMicros: cpuMicros / latencies.length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/** Compiling takes requests, not time: a busy machine needs longer for as many. */
async function warmUp(server, tokens) {
  const deadline = Date.now() + WARM_UP_MS;
  let answers = 0;
  while (answers < WARM_UP_ANSWERS && Date.now() < deadline) {
    answers += (await slice(server, tokens, 250)).answers;
  }
}

/** One round: bare Express before and after, everything else between, each compared with the bare Express of its round. */
async function round(servers, tokens) {
  const [bare, ...others] = servers;
  const first = await slice(bare, tokens, SLICE_MS);
  const measured = [];
  for (const server of others) measured.push([server.candidate.name, await slice(server, tokens, SLICE_MS)]);
  const last = await slice(bare, tokens, SLICE_MS);
  const base = (first.cpuMicros + last.cpuMicros) / 2;
  const rows = [[bare.candidate.name, { ...last, cpuMicros: base }], ...measured];
  return rows.map(([name, one]) => ({ name, ...one, ratio: one.cpuMicros / base }));
}

async function measureCase(servers, tokens, rounds) {
  const rows = [];
  for (let turn = 0; turn < rounds; turn++) rows.push(...(await round(servers, tokens)));
  return servers.map(({ candidate: { name, group } }) => {
    const own = rows.filter((row) => row.name === name);
    const of = (field) => median(own.map((row) => row[field]));
    const ratios = own.map(({ ratio }) => ratio);
    const spread = [Math.min(...ratios), Math.max(...ratios)];
    return { name, group, ratio: of('ratio'), spread, cpuMicros: of('cpuMicros'), p50: of('p50'), p99: of('p99') };
  });
}

async function measureBlock({ major, algorithm, signed, folder, jwksUri }) {
  const setupFile = path.join(folder, `${algorithm}.json`);
  writeFileSync(setupFile, JSON.stringify({ jwk: signed.jwk, algorithm, jwksUri }));
  const servers = [];
  const results = [];
  try {
    for (const candidate of ableTo(algorithm)) servers.push(await start(candidate, nodePath(major), setupFile));
    // Compiled code only: each server meets the route, and each cache its tokens, before anything counts.
    for (const server of servers) await warmUp(server, signed.tokens);
    for (const [name, count] of Object.entries(CASES)) {
      const rows = await measureCase(servers, signed.tokens.slice(0, count), roundsFor(algorithm));
      results.push({ major, algorithm, case: name, rows });
      console.log(`\nNode ${major}, ${algorithm}, ${name}`);
      for (const row of rows) {
        const spread = row.spread.map((value) => value.toFixed(2)).join('–');
        console.log(`  ${row.ratio.toFixed(2)}  (${spread})  p99 ${(row.p99 / 1000).toFixed(1)} ms  ${row.name}`);
      }
    }
  } finally {
    for (const server of servers) server.stop();
  }
  return results;
}

const ableTo = (algorithm) => candidates.filter(({ lacks = [] }) => !lacks.includes(algorithm));

/** What the slices and the warming up take on a calm machine, in minutes. */
function estimatedMinutes(algorithms) {
  const blockMs = (algorithm) => {
    const count = ableTo(algorithm).length;
    const slices = Object.keys(CASES).length * roundsFor(algorithm) * (count + 1);
    return count * WARM_UP_MS + slices * SLICE_MS;
  };
  const totalMs = algorithms.reduce((sum, algorithm) => sum + blockMs(algorithm), 0) * options.node.length * OVERHEAD;
  return Math.ceil(totalMs / 60_000);
}

/** Where express-oauth2-jwt-bearer fetches its keys, once. */
async function keyServer(keys) {
  const server = createServer((_req, res) => res.end(JSON.stringify({ keys: [...keys.values()] })));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

async function main() {
  if (options.help) {
    console.log(
      'npm run bench -- [--quick] [--node 20] [--algorithm ES256] [--only <pattern>] [--rounds <n>] [--output <file>]',
    );
    return;
  }
  const startedAt = Date.now();
  const loadBefore = loadavg()[0];
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-bench-'));
  const algorithms = options.quick ? options.algorithm.slice(0, 1) : options.algorithm;
  console.log(
    `${algorithms.join(', ')} on Node ${options.node.join(', ')}: ${estimatedMinutes(algorithms)} minutes or so, longer where the machine is busy.`,
  );
  const keys = new Map();
  const server = await keyServer(keys);
  const jwksUri = `http://127.0.0.1:${server.address().port}/jwks.json`;
  const results = [];
  try {
    for (const algorithm of algorithms) {
      const signed = makeTokens(algorithm, DISTINCT);
      keys.clear();
      keys.set(algorithm, signed.jwk);
      for (const major of options.node) {
        results.push(...(await measureBlock({ major, algorithm, signed, folder, jwksUri })));
      }
    }
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const facts = { seconds, argv: process.argv.slice(2), connections: CONNECTIONS, load: [loadBefore, loadavg()[0]] };
  const earlier = existsSync(options.output) ? readFileSync(options.output, 'utf8') : '';
  for (const row of latencyRows(results)) console.log(`p99 of identity alone, ${row.join(', ')}`);
  writeFileSync(options.output, report(results, facts, earlier));
  console.log(`\n${seconds} s; written to ${path.relative(process.cwd(), options.output)}`);
}

void main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
