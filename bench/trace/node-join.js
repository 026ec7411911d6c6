'use strict';
/*
 * The same job in plain Node, as well as it can be done with a Map: each file once in blocks, JSON.parse, split, numbers in
 * typed arrays, exact percentiles by sorting. What baton trace is measured against; prints what it found as JSON.
 *
 *   node bench/trace/node-join.js FOLDER [readline]      with readline: lines as most scripts read them
 */
const { closeSync, createReadStream, openSync, readSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

const BLOCK_BYTES = 1 << 20;
const LINE_FEED = 10;
const NONE = -0x8000_0000;
const POINTS = { p50Ms: 0.5, p90Ms: 0.9, p95Ms: 0.95, p99Ms: 0.99 };

const [folder, way = 'blocks'] = process.argv.slice(2);

async function eachLineByReadline(file, visit) {
  const input = createReadStream(file, { encoding: 'latin1', highWaterMark: BLOCK_BYTES });
  for await (const line of createInterface({ input, crlfDelay: Infinity })) visit(line);
}

/** Hands over each line of a file, and what is left at its end. */
async function eachLine(file, visit) {
  if (way === 'readline') return eachLineByReadline(file, visit);
  const fd = openSync(file, 'r');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let rest = '';
  for (;;) {
    const bytes = readSync(fd, block, 0, BLOCK_BYTES, null);
    if (bytes === 0) break;
    let from = 0;
    for (let at = block.indexOf(LINE_FEED); at >= 0 && at < bytes; at = block.indexOf(LINE_FEED, from)) {
      const line = block.latin1Slice(from, at);
      visit(rest === '' ? line : rest + line);
      rest = '';
      from = at + 1;
    }
    rest += block.latin1Slice(from, bytes);
  }
  closeSync(fd);
  if (rest !== '') visit(rest);
}

/** A column that grows. */
class Column {
  #values = new Int32Array(1 << 16).fill(NONE);

  set(index, value) {
    if (index >= this.#values.length) {
      const more = new Int32Array(Math.max(index + 1, this.#values.length * 2)).fill(NONE);
      more.set(this.#values);
      this.#values = more;
    }
    this.#values[index] = value;
  }

  get(index) {
    return index < this.#values.length ? this.#values[index] : NONE;
  }
}

const columns = {
  ...{ gateway: new Column(), iis: new Column(), route: new Column(), total: new Column(), integration: new Column() },
  ...{ timeTaken: new Column(), app: new Column(), function: new Column() },
};
const numbers = new Map();
const routes = new Map();
const rejected = { gateway: 0, iis: 0, app: 0 };
let bypassWithoutId = 0;

/** The number of an ID; all columns have it as their index. */
function numberOf(id) {
  let number = numbers.get(id);
  if (number === undefined) numbers.set(id, (number = numbers.size));
  return number;
}

const add = (column, index, amount) => {
  const value = column.get(index);
  column.set(index, value === NONE ? amount : value + amount);
};
const whole = (text) => (text === '-' ? NONE : Number(text));

function gatewayLine(line) {
  let record;
  try {
    record = JSON.parse(line);
  } catch {
    rejected.gateway++;
    return;
  }
  const isRest = record.resourcePath !== undefined;
  const index = numberOf(isRest ? record.extendedRequestId : record.requestId);
  const key = isRest ? `${record.httpMethod} ${record.resourcePath}` : record.routeKey;
  let route = routes.get(key);
  if (route === undefined) routes.set(key, (route = routes.size));
  add(columns.gateway, index, 1);
  columns.route.set(index, route);
  columns.total.set(index, whole(record.responseLatency));
  columns.integration.set(index, whole(record.integrationLatency));
}

/** Reads one W3C log, whose fields may change on the way. */
async function readIis(file) {
  let width = 0;
  let timeTaken = -1;
  let sent = -1;
  let answered = -1;
  await eachLine(file, (text) => {
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (line.startsWith('#')) {
      if (!line.startsWith('#Fields:')) return;
      const names = line.slice(8).trim().split(' ');
      width = names.length;
      [timeTaken, sent, answered] = ['time-taken', 'cs-correlation-id', 'sc-correlation-id'].map((n) =>
        names.indexOf(n),
      );
      return;
    }
    const values = line.split(' ');
    if (values.length !== width) {
      rejected.iis++;
      return;
    }
    if (sent < 0) return;
    if (values[sent] === '-') bypassWithoutId++;
    const id = values[sent] === '-' ? values[answered] : values[sent];
    if (id === '-') return;
    const index = numberOf(id);
    add(columns.iis, index, values[sent] === '-' ? 1000 : 1);
    columns.timeTaken.set(index, whole(values[timeTaken]));
  });
}

/** Lines of the app and of functions: only those that say how long something took. */
function appLine(line) {
  if (!line.startsWith('{')) return;
  let record;
  try {
    record = JSON.parse(line);
  } catch {
    rejected.app++;
    return;
  }
  if (record.type === 'request') columns.app.set(numberOf(record.correlationId), Math.round(record.durationMs * 10));
  if (record.type === 'function') {
    add(columns.function, numberOf(record.correlationId), Math.round(record.durationMs * 10));
  }
}

const GROUPS = [
  [/u_ex\d+(_x)?\.log$/, readIis],
  [/^gateway.*\.jsonl$/, (file) => eachLine(file, gatewayLine)],
  [/app\.jsonl$|^functions.*\.log$/, (file) => eachLine(file, appLine)],
];

async function readAll() {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    await GROUPS.find(([pattern]) => pattern.test(file.slice(folder.length + 1)))?.[1](file);
  }
}

/** A request's hops, where it is in the gateway's and in IIS's log once. */
function hopsOf(index) {
  const [total, integration, timeTaken] = [columns.total, columns.integration, columns.timeTaken].map((c) =>
    c.get(index),
  );
  const hops = { total, gateway: total - integration, wire: integration - timeTaken };
  const [app, called] = [columns.app.get(index), columns.function.get(index)];
  if (app !== NONE) Object.assign(hops, { iis: timeTaken * 10 - app, app: app - (called === NONE ? 0 : called) });
  if (app !== NONE && called !== NONE) hops.function = called;
  return hops;
}

function figures(values, unit) {
  const sorted = Int32Array.from(values).sort();
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] / unit;
  const points = Object.entries(POINTS).map(([name, share]) => [name, at(share)]);
  return { requests: sorted.length, ...Object.fromEntries(points), maxMs: sorted.at(-1) / unit };
}

/** Counts what is matched and what is not, and gathers the hops by route. */
function joined() {
  const counts = { matched: 0, neverReached: 0, bypassWithoutId, bypassUnknownId: 0, duplicateIds: 0 };
  const groups = new Map();
  const names = [...routes.keys()];
  const put = (route, hop, value) => {
    const key = `${route ?? ''}\t${hop}`;
    const values = groups.get(key);
    if (values === undefined) groups.set(key, [value]);
    else values.push(value);
  };
  for (let index = 0; index < numbers.size; index++) {
    const [inGateway, inIis] = [columns.gateway.get(index), columns.iis.get(index)];
    if (inGateway > 1 || (inIis > 1 && inIis !== 1000)) counts.duplicateIds++;
    else if (inGateway === NONE && inIis === 1) counts.bypassUnknownId++;
    else if (inGateway === 1 && inIis === NONE) counts.neverReached++;
    else if (inGateway === 1 && inIis === 1) {
      counts.matched++;
      const hops = hopsOf(index);
      for (const hop in hops) {
        put(names[columns.route.get(index)], hop, hops[hop]);
        put(null, hop, hops[hop]);
      }
    }
  }
  return { counts, groups };
}

async function main() {
  await readAll();
  const { counts, groups } = joined();
  const hops = [...groups].map(([key, values]) => {
    const [route, hop] = key.split('\t');
    const unit = ['iis', 'app', 'function'].includes(hop) ? 10 : 1;
    return { route: route === '' ? null : route, hop, ...figures(values, unit) };
  });
  console.log(JSON.stringify({ counts, rejected, hops }));
}

void main();
