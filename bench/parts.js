'use strict';
const chain = require('./chain');
const context = require('./context');
const keySources = require('./key-sources');
const logging = require('./logging');
const { measureRequest } = require('./request');
const { measurePart } = require('./harness');
const verification = require('./verification');

const inHarness = (part) => ({ ...part, comparable: true, measure: (options) => measurePart(part, options) });

const REQUEST = {
  name: 'request',
  title: 'A request',
  comparable: true,
  measure: measureRequest,
  base: 'bare Express 5',
  about: `Each candidate stands behind Express 5 with the same route and the same tokens; its key is in place, and issuer, audience and algorithm
are checked. One load generator, in the process of the run, keeps 64 keep-alive connections of plain sockets busy. "Every token new" is
12,000 tokens in rotation, more than any of the caches holds.

"One winston line" is \`baton()\` with an audit sink of its own; the row below it writes each decision to the log as well, as \`baton()\`
does by default. Identity alone includes Baton's correlation, which the peers do not do.`,
};

/** Those that measure in processes of their own, and leave their result in a file. */
const PROGRAMS = [
  {
    name: 'offload',
    title: 'Calling a function',
    file: 'offload.js',
    quickArgs: ['--rounds', '20', '--calls', '100'],
    base: "the SDK's send() of the same bytes",
    about: `\`offload.invoke()\` and the AWS SDK's own \`send()\` of the same bytes, 8 at a time, to an endpoint in a process of its own. A caller who
calls again within seconds has a hand-over token already; for a new one it is signed.`,
  },
  {
    name: 'outbox',
    title: 'Leaving work behind',
    file: 'outbox.js',
    quickArgs: ['--pieces', '200', '--rounds', '3'],
    base: 'a bare append with fsync',
    about: `\`offload.enqueue()\` until the work is on disk, signature included, beside a bare append with \`fsync\` of the same bytes: time, not CPU. With
libsql on Node 20 and Node's own SQLite on Node 24. The goal is 3 bare appends for a server under load, where pieces share a commit.`,
  },
  {
    name: 'cold-start',
    title: 'Starting a function',
    file: 'cold-start.js',
    quickArgs: ['--rounds', '5'],
    base: 'an empty handler',
    about: `From the start of a process to its handler, as the process sees it: time, not CPU. Each is bundled and minified with esbuild, without the
AWS SDK, which Lambda's runtime has.`,
  },
];

/** All comparisons, in the order in which they are made and shown. */
const PARTS = [REQUEST, ...[chain, verification, keySources, context, logging].map(inHarness), ...PROGRAMS];

module.exports = { PARTS };
