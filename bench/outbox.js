'use strict';
// What it costs to leave work behind: enqueue() until it is on disk, beside a bare append with fsync of the same bytes.
// Usage: node bench/outbox.js [--pieces n] [--rounds n]; on Node 22.13 or later with node:sqlite, before that with libsql.
const { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { median, spreadOf } = require('./statistics');
const { runInContext } = require('../dist/context/storage');
const { identityFrom } = require('../dist/identity/from-transaction');
const { generateEs256KeyPair } = require('../dist/jws/sign');
const { createOffload, jwkSigner } = require('../dist/offload');
const { openDatabase } = require('../dist/offload/outbox/database');
const { compilePolicy } = require('../dist/policy');

const { values: options } = parseArgs({
  options: {
    pieces: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});
const PIECES = Number(options.pieces);
const ROUNDS = Number(options.rounds);
const CONCURRENCY = [1, 16, 64];
/** The goal: no slower than this many bare appends, grouped commits allowed. */
const GOAL = 3;
const PAYLOAD = { invoice: 4711, lines: Array.from({ length: 12 }, (_, line) => ({ line, text: 'x'.repeat(24) })) };

const transaction = {
  sub: 'entra:7d3c',
  scope: 'invoices.read',
  txn: 'txn-1',
  tctx: { roles: ['clerk'], kind: 'user', tenant: 'tenant-1', name: 'Ada' },
  rctx: { idp: 'entra' },
};

function policyWith(publicJwk) {
  const keys = { jwks: { keys: [publicJwk] } };
  const shared = { algorithms: ['ES256'], keys };
  return compilePolicy(
    {
      application: 'bench',
      edge: { profile: 'txn-token', issuer: 'https://gateway.example.com', audience: 'bench', ...shared },
      handOver: { issuer: 'https://bench.example.com', ...shared },
      roles: { clerk: { permissions: ['invoice:read'] } },
      functions: {
        render: { target: 'arn:aws:lambda:eu-west-1:123456789012:function:render', permission: 'invoice:read' },
      },
    },
    {},
  );
}

/** Microseconds a piece, of `pieces` pieces with `concurrency` under way at a time. */
async function timed(pieces, concurrency, one) {
  const startedAt = performance.now();
  let next = 0;
  const worker = async () => {
    while (next++ < pieces) await one();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return ((performance.now() - startedAt) / pieces) * 1000;
}

function bareAppend(folder, bytes) {
  const file = openSync(path.join(folder, 'bare'), 'a');
  const data = Buffer.alloc(bytes, 'x');
  return {
    one: async () => {
      writeSync(file, data);
      fsyncSync(file);
    },
    end: () => closeSync(file),
  };
}

/** An outbox at that path, and what leaves a piece of work in it. */
async function outboxAt(file) {
  const { privateJwk, publicJwk } = await generateEs256KeyPair();
  const offload = createOffload({
    policy: policyWith(publicJwk),
    signer: jwkSigner(privateJwk),
    outbox: { path: file, maxPieces: 10_000_000, maxBytes: 64 * 1024 ** 3 },
  });
  const quiet = () => {};
  const logger = { error: quiet, warn: quiet, info: quiet, debug: quiet };
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  const user = identityFrom(
    { transaction, expiresAt },
    { profile: 'txn-token', issuer: 'https://gateway.example.com' },
  );
  const record = { context: { correlationId: 'c-1', user }, logger, audit: { record: quiet }, transaction };
  return () => runInContext(record, () => offload.enqueue('render', PAYLOAD));
}

/** Microseconds a piece, round by round: of the bare append, and of each number of pieces at a time. */
async function measure(bare, enqueue) {
  const figures = Object.fromEntries(['bare', ...CONCURRENCY].map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    figures.bare.push(await timed(PIECES, 1, bare));
    for (const concurrency of CONCURRENCY) figures[concurrency].push(await timed(PIECES, concurrency, enqueue));
  }
  return figures;
}

/** What a benchmark of all parts shows of it, the bare append first. */
function rowsOf(figures) {
  const base = median(figures.bare);
  const rows = CONCURRENCY.map((concurrency) => {
    const ratios = figures[concurrency].map((micros, round) => micros / figures.bare[round]);
    const name = `Baton: enqueue(), ${concurrency} at a time`;
    // The goal is for a server under load: alone, nobody shares the commit.
    const micros = median(figures[concurrency]);
    return { name, baton: true, ratio: median(ratios), spread: spreadOf(ratios), micros, hasGoal: concurrency > 1 };
  });
  return [{ name: 'bare append with fsync', baton: false, ratio: 1, spread: [1, 1], micros: base }, ...rows];
}

const isMissed = ({ hasGoal, ratio }) => hasGoal === true && ratio > GOAL;

function print([base, ...rows]) {
  console.log(`${base.name}: ${base.micros.toFixed(0)} µs`);
  for (const row of rows) {
    const goal = row.hasGoal ? `, ${isMissed(row) ? 'GOAL MISSED' : 'goal met'}` : '';
    const name = row.name.replace('Baton: ', '');
    console.log(`${name}: ${row.micros.toFixed(0)} µs, ${row.ratio.toFixed(2)} bare appends${goal}`);
  }
}

async function main() {
  const folder = mkdtempSync(path.join(process.env.BATON_BENCH_FOLDER ?? os.tmpdir(), 'baton-bench-'));
  const file = path.join(folder, 'outbox.db');
  const enqueue = await outboxAt(file);
  await timed(500, 64, enqueue);
  const reader = openDatabase(file);
  const [{ bytes }] = reader.all('SELECT bytes FROM work LIMIT 1');
  const bare = bareAppend(folder, bytes);
  const all = rowsOf(await measure(bare.one, enqueue));
  bare.end();
  const { engine } = reader;
  reader.close();
  rmSync(folder, { recursive: true, force: true });
  console.log(`Node ${process.versions.node}, ${engine}, ${PIECES} pieces of ${bytes} bytes, ${ROUNDS} rounds, median`);
  print(all);
  const rows = all.map(({ hasGoal: _, ...row }) => row);
  const result = { cases: [{ case: `${bytes} bytes, ${engine}`, rows }], rounds: ROUNDS };
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(result));
  process.exit(all.some(isMissed) && options.json === undefined ? 1 : 0);
}

void main();
