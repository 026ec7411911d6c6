'use strict';
/*
 * Writes the logs of a gateway, four servers with IIS and an app, and functions, over three days, with what goes wrong in
 * such logs, and truth.json: what an analysis must find, counted while it was written.
 *
 *   node bench/trace/generate.js --folder /tmp/trace-logs --requests 300000
 */
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { createRandom } = require('./random');
const { openSinks } = require('./sinks');
const { makePlan } = require('./plan');
const { cumulativeTraffic, timeline, EVENTS, END_MS, START_MS } = require('./world');
const { Story } = require('./story');

/**
 * @param {{ folder: string, requests?: number, seed?: number, shapes?: 'plain' | 'mixed', loggedShare?: number }} options
 * `shapes: 'mixed'` writes some of the gateway's files as CloudWatch and Firehose deliver them; `loggedShare` is the share
 * of requests on the two servers whose apps' logs are there
 * @returns what is true of the logs, as in truth.json; the logs are in `<folder>/logs`
 */
function generate({ folder, requests = 300_000, seed = 1, shapes = 'plain', loggedShare = 0.06 }) {
  if (!Number.isInteger(requests) || requests < 200)
    throw new RangeError('At least 200 requests, or not all can go wrong.');
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const random = createRandom(seed);
  const { fates, extras } = makePlan(requests, random);
  const sinks = openSinks(logs);
  const story = new Story(sinks, random, { requests, shapes, loggedShare });
  const timeAt = timeline(cumulativeTraffic());
  for (let index = 0; index < requests; index++) {
    const timeMs = timeAt((index + random.random()) / requests);
    story.request(timeMs, fates[index]);
    if (extras[index] !== 0) story.extra(timeMs, extras[index]);
  }
  const told = story.finish();
  const truth = { seed, requests, loggedShare, startMs: START_MS, endMs: END_MS, events: EVENTS, ...told };
  truth.files = sinks.close().sort((a, b) => (a.path < b.path ? -1 : 1));
  truth.bytes = truth.files.reduce((sum, { bytes }) => sum + bytes, 0);
  writeFileSync(join(folder, 'truth.json'), `${JSON.stringify(truth, null, 1)}\n`);
  return truth;
}

function main() {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      requests: { type: 'string', default: '300000' },
      seed: { type: 'string', default: '1' },
      shapes: { type: 'string', default: 'plain' },
      'logged-share': { type: 'string', default: '0.06' },
    },
  });
  if (values.folder === undefined) {
    console.error('node bench/trace/generate.js --folder FOLDER [--requests 300000] [--seed 1] [--shapes plain|mixed]');
    process.exitCode = 2;
    return;
  }
  const [requests, seed, loggedShare] = [values.requests, values.seed, values['logged-share']].map(Number);
  const started = performance.now();
  const { bytes, files, counts } = generate({
    folder: values.folder,
    requests,
    seed,
    loggedShare,
    shapes: values.shapes,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `seed ${seed}: ${requests} requests, ${(bytes / 1e6).toFixed(0)} MB in ${files.length} files, ${seconds} s`,
  );
  console.log(JSON.stringify(counts));
}

if (require.main === module) main();
module.exports = { generate };
