'use strict';
const context = require('./context');
const keySources = require('./key-sources');
const logging = require('./logging');
const { measureRequest } = require('./request');
const { measurePart } = require('./harness');
const verification = require('./verification');

const inHarness = (part) => ({ ...part, comparable: true, measure: (options) => measurePart(part, options) });

/** A comparison of its own, as a program: it measures in its own process, and leaves its result in a file. */
const asProgram = (name, title, file, { nodes = true, quickArgs = [] } = {}) => ({ name, title, file, nodes, quickArgs });

/** All comparisons, in the order in which they are made and shown. */
const PARTS = [
  { name: 'request', title: 'A request', comparable: true, measure: measureRequest },
  ...[verification, keySources, context, logging].map(inHarness),
  asProgram('offload', 'Calling a function', 'offload.js', { quickArgs: ['--rounds', '15', '--calls', '100'] }),
  asProgram('outbox', 'Leaving work behind', 'outbox.js', { quickArgs: ['--pieces', '200', '--rounds', '3'] }),
  asProgram('cold-start', 'Starting a function', 'cold-start.js', { quickArgs: ['--rounds', '5'] }),
];

module.exports = { PARTS };
