'use strict';
// What a request costs: each candidate behind Express 5 in a process of its own, under the same load, beside bare Express.
const { fork } = require('node:child_process');
const { once } = require('node:events');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { CANDIDATES } = require('./candidates');
const { conversation } = require('./harness');
const { load } = require('./load');
const { environmentOf, nodePath } = require('./nodes');
const { runAlone } = require('./part-options');
const { median, percentile, spreadOf } = require('./statistics');
const { makeTokens } = require('./tokens');

const CONNECTIONS = 64;
/** More than any cache here holds (Baton 8,192; fast-jwt 1,000; the LRU 8,192), so in rotation none of them ever hits. */
const DISTINCT = 12_000;
const CASES = { '1 token': 1, '100 tokens': 100, 'every token new': DISTINCT };
const WARM_UP_ANSWERS = 40_000;

/** How long, and how often, it is measured. */
const effortOf = ({ quick, rounds }) =>
  quick
    ? { rounds: Number(rounds ?? 2), sliceMs: 350, warmUpMs: 1500 }
    : { rounds: Number(rounds ?? 6), sliceMs: 500, warmUpMs: 8000 };

/** A server of one candidate; of another build of Baton, where one is named. */
async function start(candidate, { major, setupFile, dist }) {
  const child = fork(path.join(__dirname, 'server.js'), [candidate.name, setupFile], {
    ...{ execPath: nodePath(major), execArgv: [], env: environmentOf(dist) },
  });
  const ask = conversation(child, candidate.name);
  const { port } = await ask();
  const cpuMicros = async () => (await ask('cpu')).cpuMicros;
  return { candidate, port, cpuMicros, turns: new Map(), stop: () => child.kill() };
}

/** One slice of load. Each list of tokens goes on where it was left: its next token is the one that was longest not seen. */
async function slice(server, tokens, durationMs) {
  let before;
  const { latencies, turn } = await load({
    port: server.port,
    connections: CONNECTIONS,
    header: server.candidate.header,
    tokens,
    durationMs,
    turn: server.turns.get(tokens.length) ?? 0,
    begin: async () => {
      before = await server.cpuMicros();
    },
  });
  server.turns.set(tokens.length, turn);
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
async function warmUp(server, tokens, warmUpMs) {
  const deadline = Date.now() + warmUpMs;
  let answers = 0;
  while (answers < WARM_UP_ANSWERS && Date.now() < deadline) {
    answers += (await slice(server, tokens, 250)).answers;
  }
}

/** One round: bare Express before and after, everything else between, each compared with the bare Express of its round. */
async function round(servers, tokens, sliceMs) {
  const [bare, ...others] = servers;
  const first = await slice(bare, tokens, sliceMs);
  const measured = [];
  for (const server of others) measured.push([server.candidate.name, await slice(server, tokens, sliceMs)]);
  const last = await slice(bare, tokens, sliceMs);
  const base = (first.cpuMicros + last.cpuMicros) / 2;
  const rows = [[bare.candidate.name, { ...last, cpuMicros: base }], ...measured];
  return rows.map(([name, one]) => ({ name, ...one, ratio: one.cpuMicros / base }));
}

async function measureCase(servers, tokens, { rounds, sliceMs }) {
  const rows = [];
  for (let turn = 0; turn < rounds; turn++) rows.push(...(await round(servers, tokens, sliceMs)));
  return servers.map(({ candidate: { name, group } }) => {
    const own = rows.filter((row) => row.name === name);
    const of = (field) => median(own.map((row) => row[field]));
    const spread = spreadOf(own.map(({ ratio }) => ratio));
    const baton = name.startsWith('Baton');
    return { name, group, baton, ratio: of('ratio'), spread, micros: of('cpuMicros'), p50: of('p50'), p99: of('p99') };
  });
}

function print(major, algorithm, name, rows) {
  console.log(`\nA request, Node ${major}, ${algorithm}, ${name}`);
  for (const row of rows) {
    const spread = row.spread.map((value) => value.toFixed(2)).join('–');
    console.log(`  ${row.ratio.toFixed(2)}  (${spread})  p99 ${(row.p99 / 1000).toFixed(1)} ms  ${row.name}`);
  }
}

async function measureBlock({ major, algorithm, signed, setupFile, candidate: pattern }, effort) {
  const servers = [];
  const cases = [];
  try {
    for (const candidate of candidatesFor(algorithm, pattern))
      servers.push(await start(candidate, { major, setupFile }));
    // Compiled code only: each server meets the route, and each cache its tokens, before anything counts.
    for (const server of servers) await warmUp(server, signed.tokens, effort.warmUpMs);
    for (const [name, count] of Object.entries(CASES)) {
      const rows = await measureCase(servers, signed.tokens.slice(0, count), effort);
      cases.push({ case: name, rows });
      print(major, algorithm, name, rows);
    }
  } finally {
    for (const server of servers) server.stop();
  }
  return { major, algorithm, cases };
}

/** Those that know the algorithm, and whose name matches a pattern; bare Express always. */
const candidatesFor = (algorithm, pattern = '') =>
  CANDIDATES.filter(({ name, group }) => group === 'bare' || new RegExp(pattern, 'i').test(name)).filter(
    ({ lacks = [] }) => !lacks.includes(algorithm),
  );

/** Tokens and key of an algorithm, and where servers find what they need; the keys by URL too, for express-oauth2-jwt-bearer. */
async function withTokens(algorithm, work) {
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-bench-'));
  const signed = makeTokens(algorithm, DISTINCT);
  const keyServer = createServer((_req, res) => res.end(JSON.stringify({ keys: [signed.jwk] })));
  try {
    await once(keyServer.listen(0, '127.0.0.1'), 'listening');
    const setupFile = path.join(folder, `${algorithm}.json`);
    const jwksUri = `http://127.0.0.1:${keyServer.address().port}/jwks.json`;
    writeFileSync(setupFile, JSON.stringify({ jwk: signed.jwk, algorithm, jwksUri }));
    return await work({ signed, setupFile });
  } finally {
    keyServer.close().closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureRequest(options) {
  const effort = effortOf(options);
  const blocks = [];
  for (const algorithm of options.algorithm ?? ['ES256']) {
    await withTokens(algorithm, async ({ signed, setupFile }) => {
      for (const major of options.node) {
        blocks.push(await measureBlock({ major, algorithm, signed, setupFile, candidate: options.candidate }, effort));
      }
    });
  }
  return { blocks, rounds: effort.rounds };
}

/** What only this part understands. */
const REQUEST_OPTIONS = { algorithm: { type: 'string', multiple: true }, candidate: { type: 'string' } };

module.exports = { CASES, effortOf, measureRequest, REQUEST_OPTIONS, slice, start, warmUp, withTokens };
runAlone(module, measureRequest, REQUEST_OPTIONS);
