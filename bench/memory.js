/*
 * Shows that memory stays flat: the middleware takes a million distinct good tokens, then a million that it refuses, in
 * one process, and must end and stay less than 64 MB above where it started.
 *
 *   npm run bench:memory              the whole, some minutes
 *   npm run bench:memory -- --count 50000
 */
const { createHash, generateKeyPairSync, sign } = require('node:crypto');
const { IncomingMessage, ServerResponse } = require('node:http');
const { parseArgs } = require('node:util');
const { baton } = require('../dist/index.js');
const { compilePolicy } = require('../dist/policy/policy.js');

const { values } = parseArgs({ options: { count: { type: 'string', default: '1000000' } } });
const COUNT = Number(values.count);
const LIMIT_MB = 64;
const IN_FLIGHT = 64;
const SAMPLES = 20;
const NOW = 1_800_000_000;

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const headerOf = (kid) => encode({ alg: 'ES256', typ: 'txntoken+jwt', kid });
const header = headerOf('key-1');

const policy = compilePolicy(
  {
    application: 'memory',
    edge: {
      profile: 'txn-token',
      issuer: 'https://gateway.example.com',
      audience: 'app.example.internal',
      algorithms: ['ES256'],
      keys: { jwks: { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'ES256' }] } },
    },
    roles: { clerk: { permissions: ['invoice:read'] } },
    routes: [{ path: '/invoices/{id}', permission: 'invoice:read' }],
  },
  {},
);
const silent = { error() {}, warn() {}, info() {}, debug() {} };
const chain = baton({ policy, clock: () => NOW * 1000, logger: silent });

/** What is the same in every token, around what is not. */
const template = encodeParts({
  iss: 'https://gateway.example.com',
  aud: 'app.example.internal',
  iat: NOW,
  exp: NOW + 360,
  req_wl: 'apigateway',
  scope: 'invoices.read',
  tctx: { roles: ['clerk'], kind: 'user', tenant: 'tenant-1', name: 'Ada' },
  rctx: { idp: 'entra', amr: ['pwd', 'otp'], auth_time: NOW - 600, req_ip: '203.0.113.7', idp_exp: NOW + 3600 },
});

function encodeParts(claims) {
  const json = JSON.stringify(claims).slice(1);
  return (id) => Buffer.from(`{"sub":"entra:${id}","txn":"${id}",${json}`).toString('base64url');
}

const idOf = (index, kind) => createHash('sha256').update(`${kind}${index}`).digest('hex').slice(0, 32);

function signed(protectedPart, payload, key = pair.privateKey) {
  const input = `${protectedPart}.${payload}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const good = (index) => ['Txn-Token', signed(header, template(idOf(index, 'good')))];

const expired = encodeParts({
  iss: 'https://gateway.example.com',
  aud: 'app.example.internal',
  iat: NOW - 7200,
  exp: NOW - 7000,
});
/** One of each kind that is refused at another step; each is another one every time. */
const refusals = [
  (id) => ['Txn-Token', signed(header, template(id), stranger.privateKey)],
  (id) => ['Txn-Token', signed(header, expired(id))],
  (id) => ['Txn-Token', `${headerOf(id)}.${template(id)}.${'A'.repeat(86)}`],
  (id) => ['Txn-Token', `${header}.${template(id)}.${id}`],
  (id) => ['Txn-Token', `${id}.${id}.${id}`],
  (id) => ['Txn-Token', id.repeat(300)],
  (id) => ['Txn_Token', id],
  (id) => ['Txn-Token', `${id},${id}`, `X-Correlation-Id`, id],
];
const refused = (index) => refusals[index % refusals.length](idOf(index, 'refused'));

/** One request through the whole chain; gives its status, 200 where the handler was reached. */
function request(rawHeaders) {
  return new Promise((resolve) => {
    const req = new IncomingMessage(null);
    Object.assign(req, { method: 'GET', url: '/invoices/7', rawHeaders });
    for (let i = 0; i < rawHeaders.length; i += 2) req.headers[rawHeaders[i].toLowerCase()] = rawHeaders[i + 1];
    const res = new ServerResponse(req);
    res.end = () => {
      res.emit('finish');
      resolve(res.statusCode);
      return res;
    };
    chain(req, res, () => res.end());
  });
}

function megabytes() {
  global.gc();
  global.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss: rss / 2 ** 20, heap: (heapUsed + external) / 2 ** 20 };
}

/** Sends the requests of these numbers, 64 at a time, and counts the answers. */
async function send(make, from, until, statuses = new Map()) {
  let next = from;
  const work = async () => {
    while (next < until) {
      const status = await request(make(next++));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

/** Sends all the requests of a kind, and looks at the memory twenty times on the way. */
async function phase(name, make, expected) {
  const statuses = new Map();
  const samples = [];
  const started = Date.now();
  const step = Math.ceil(COUNT / SAMPLES);
  for (let from = 0; from < COUNT; from += step) {
    await send(make, from, Math.min(from + step, COUNT), statuses);
    samples.push(megabytes());
  }
  const wrong = [...statuses.keys()].filter((status) => !expected.includes(status));
  if (wrong.length > 0) throw new Error(`${name}: unexpected answers ${JSON.stringify([...statuses])}`);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${name}: ${COUNT} in ${seconds} s, answers ${JSON.stringify(Object.fromEntries(statuses))}`);
  return samples;
}

async function main() {
  if (global.gc === undefined) throw new Error('Run it with --expose-gc, or by npm run bench:memory.');
  const loaded = megabytes();
  // What is loaded and compiled at the first requests is no growth, nor is the young generation, which V8 widens to what
  // 64 requests at a time leave behind. Refused ones warm up everything but the memory of verdicts.
  await send(refused, COUNT, COUNT + 20_000);
  const start = megabytes();
  const show = ({ heap, rss }) => `heap and buffers ${heap.toFixed(1)} MB, resident ${rss.toFixed(1)} MB`;
  console.log(`Node ${process.version}; before the first request: ${show(loaded)}`);
  console.log(`at the start, warm: ${show(start)}`);
  let failed = false;
  for (const [name, make, expected] of [
    ['good tokens', good, [200]],
    ['refused tokens', refused, [400, 401]],
  ]) {
    const samples = await phase(name, make, expected);
    for (const kind of ['heap', 'rss']) {
      const growth = samples.map((sample) => sample[kind] - start[kind]);
      const most = Math.max(...growth);
      if (most >= LIMIT_MB) failed = true;
      const words = kind === 'heap' ? 'heap and buffers' : 'resident';
      console.log(`  ${words}, twentieth by twentieth: ${growth.map((size) => size.toFixed(0)).join(' ')}`);
      console.log(
        `  ${words}: at most ${most.toFixed(1)} MB above the start, ${growth.at(-1).toFixed(1)} MB at the end`,
      );
    }
  }
  console.log(failed ? `MORE than ${LIMIT_MB} MB above the start.` : `All less than ${LIMIT_MB} MB above the start.`);
  process.exitCode = failed ? 1 : 0;
}

void main();
