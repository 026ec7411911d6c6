'use strict';

const { parseArgs } = require('node:util');

const USAGE = `npm run soak -- [options]

  --minutes <n>   how long there is load; default 10
  --seed <n>      the same choices and the same order; default: a new one, which is printed
  --rate <n>      requests a second; default 25
  --json          the table as JSON
  --keep          leaves the logs where they are`;

function numberOf(values, name, low, high) {
  const number = Number(values[name]);
  if (number >= low && number <= high) return number;
  const error = new Error(`--${name} must be a number from ${low} to ${high}.\n\n${USAGE}`);
  throw Object.assign(error, { stack: error.message });
}

/** @throws Error with the usage */
function readOptions() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      rate: { type: 'string', default: '25' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    minutes: numberOf(values, 'minutes', 0.2, 24 * 60),
    seed: numberOf(values, 'seed', 0, 2 ** 32 - 1),
    rate: numberOf(values, 'rate', 1, 200),
  };
}

module.exports = { USAGE, readOptions };
