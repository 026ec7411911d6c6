'use strict';
const path = require('node:path');

/** Baton as built; another build can be named, to compare two of them. */
const DIST = process.env.BATON_BENCH_DIST || path.join(__dirname, '..', 'dist');

/** The Node that runs this, or the one that the npm package `node` brought. */
const nodePath = (major) =>
  process.versions.node.startsWith(`${major}.`) ? process.execPath : path.join(__dirname, 'node_modules/node/bin/node');

/** The environment in which a child process measures that build. */
const environmentOf = (dist = DIST) => ({ ...process.env, NODE_OPTIONS: '', BATON_BENCH_DIST: dist });

module.exports = { DIST, environmentOf, nodePath };
