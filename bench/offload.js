'use strict';
// What a call through createOffload() costs in CPU on top of the SDK's own send() of the same bytes, in one run, by turns:
// for a caller who calls again within seconds, whose hand-over token is signed already, and for callers who are all new.
const { fork } = require('node:child_process');
const { generateKeyPairSync } = require('node:crypto');
const { once } = require('node:events');
const { writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { parseArgs } = require('node:util');
const { median, spreadOf } = require('./statistics');

const GOAL_PERCENT = 10;
const TARGET = 'arn:aws:lambda:eu-west-1:123456789012:function:render:live';
const PAYLOAD = {
  id: '7',
  format: 'pdf',
  lines: Array.from({ length: 20 }, (_, line) => ({ line, text: 'Widget' })),
};
/** The bytes that Baton sends, so that the SDK hashes and sends as much in both. */
const SENT = {
  handOver: 'x'.repeat(760),
  baton: 1,
  correlationId: 'c-4711',
  traceparent: 'x'.repeat(55),
  payload: PAYLOAD,
};

/** Lambda's Invoke, in a process of its own: its CPU time is not what is measured. */
function serve() {
  const server = createServer((request, response) => request.resume().on('end', () => response.end('{"pages":3}')));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit(0));
}

function policyWith(publicJwk) {
  const { compilePolicy } = require('../dist/policy');
  const keys = { jwks: { keys: [publicJwk] } };
  const algorithms = ['ES256'];
  return compilePolicy({
    application: 'invoices',
    edge: { profile: 'txn-token', issuer: 'https://gateway.example.com', audience: 'invoices', algorithms, keys },
    handOver: { issuer: 'https://invoices.example.com', algorithms, keys },
    roles: { clerk: { permissions: ['invoice:read'] } },
    functions: { render: { target: TARGET, permission: 'invoice:read' } },
  });
}

/** The context that baton() opens for a verified request. */
function recordOfCaller() {
  const rctx = { idp: 'entra', acr: 'urn:mfa', amr: ['pwd', 'otp'], auth_time: 1_800_000_000 };
  const tctx = { roles: ['clerk'], kind: 'user', tenant: 'tenant-1', name: 'Ada' };
  const user = Object.freeze({
    subject: 'entra:7d3c',
    roles: ['clerk'],
    scopes: [],
    transactionId: 'txn-1',
    expiresAt: Math.floor(Date.now() / 1000) + 3600,
  });
  return {
    context: { correlationId: 'c-4711', traceId: '0af7651916cd43dd8448eb211c80319c', sampled: true, user },
    logger: { error() {}, warn() {}, info() {}, debug() {} },
    audit: { record() {} },
    transaction: { sub: 'entra:7d3c', scope: 'invoices.read', txn: 'txn-1', tctx, rctx },
  };
}

async function calls(count, lanes, call) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** CPU of this process for one call, in microseconds. */
async function cpuMicros(count, lanes, call) {
  const before = process.cpuUsage();
  await calls(count, lanes, call);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

/** The three ways to the same function, each with the work of a request's context, which an app has anyway. */
function waysTo(port) {
  const { createOffload, jwkSigner } = require('../dist/offload');
  const { runInContext } = require('../dist/context/storage');
  const { InvokeCommand, LambdaClient } = require('@aws-sdk/client-lambda');
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const named = { kid: 'bench', alg: 'ES256', use: 'sig' };
  const clientConfig = {
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' },
  };
  const offload = createOffload({
    policy: policyWith({ ...pair.publicKey.export({ format: 'jwk' }), ...named }),
    signer: jwkSigner({ ...pair.privateKey.export({ format: 'jwk' }), ...named }),
    clientConfig,
  });
  const client = new LambdaClient({ ...clientConfig, maxAttempts: 1 });
  const record = recordOfCaller();
  const bare = async () => {
    const input = {
      FunctionName: TARGET,
      InvocationType: 'RequestResponse',
      Payload: Buffer.from(JSON.stringify(SENT)),
    };
    const { Payload } = await client.send(new InvokeCommand(input), { abortSignal: AbortSignal.timeout(10_000) });
    JSON.parse(Buffer.from(Payload).toString());
  };
  const invoke = () => offload.invoke('render', PAYLOAD);
  const ways = {
    bare: () => runInContext(record, bare),
    again: () => runInContext(record, invoke),
    // A verified token of its own for each call, which no call before has had.
    anew: () => runInContext({ ...record, transaction: { ...record.transaction } }, invoke),
  };
  return { ways, close: () => client.destroy() };
}

/** CPU of a call in each way, round by round. */
async function costsOf(ways, { rounds, count, lanes }) {
  const all = Object.entries(ways);
  for (const [, call] of all) await calls(2000, lanes, call);
  const costs = { bare: [], again: [], anew: [] };
  for (let round = 0; round < rounds; round += 1) {
    // By turns, and there and back: what disturbs the machine disturbs them all.
    for (const [way, call] of round % 2 === 0 ? all : all.toReversed()) {
      costs[way].push(await cpuMicros(count, lanes, call));
    }
  }
  return costs;
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      rounds: { type: 'string', default: '60' },
      calls: { type: 'string', default: '150' },
      lanes: { type: 'string', default: '8' },
      json: { type: 'string' },
    },
  });
  const [rounds, count, lanes] = [options.rounds, options.calls, options.lanes].map(Number);
  const child = fork(__filename, ['serve']);
  const [port] = await once(child, 'message');
  const { ways, close } = waysTo(port);
  const costs = await costsOf(ways, { rounds, count, lanes });
  child.disconnect();
  close();
  console.log(`Node ${process.versions.node}, ${rounds} rounds of ${count} calls each, ${lanes} at a time`);
  console.log(`the SDK's send()                  ${median(costs.bare).toFixed(0)} µs CPU a call`);
  report('offload.invoke(), a caller again', costs.again, costs.bare);
  report('offload.invoke(), a new caller', costs.anew, costs.bare);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(resultOf(costs)));
}

/** What a benchmark of all parts shows of it. */
function resultOf({ bare, again, anew }) {
  const row = (name, costs) => {
    const ratios = costs.map((cost, round) => cost / bare[round]);
    const baton = name.startsWith('Baton');
    return { name, baton, ratio: median(ratios), spread: spreadOf(ratios), micros: median(costs) };
  };
  const rows = [
    row("the SDK's send()", bare),
    row('Baton: invoke(), a caller again', again),
    row('Baton: invoke(), a new caller', anew),
  ];
  return { cases: [{ case: 'CPU a call', rows }], rounds: bare.length };
}

/** By the ratio of each round: what is slow in one round is slow for both. */
function report(name, costs, bare) {
  const percent = (median(costs.map((cost, round) => cost / bare[round])) - 1) * 100;
  const verdict = percent < GOAL_PERCENT ? 'met' : 'missed';
  console.log(
    `${name.padEnd(33)} ${median(costs).toFixed(0)} µs, ${percent.toFixed(1)} % on top (goal under ${GOAL_PERCENT} %: ${verdict})`,
  );
}

if (process.argv[2] === 'serve') serve();
else
  main().then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
