'use strict';
const { parseArgs } = require('node:util');

/** What each part understands, alone or as one of all. */
const OPTIONS = {
  quick: { type: 'boolean', default: false },
  node: { type: 'string', multiple: true, default: ['20', '24'] },
  rounds: { type: 'string' },
  json: { type: 'string' },
};

/** Runs a part where its file is the program: `node bench/<part>.js [--quick] [--node 24] [--rounds n] [--json file]`. */
function runAlone(main, measure, more = {}) {
  if (require.main !== main) return;
  const { values } = parseArgs({ options: { ...OPTIONS, ...more } });
  measure(values)
    .then((result) => {
      if (values.json !== undefined) require('node:fs').writeFileSync(values.json, JSON.stringify(result));
    })
    .catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
}

module.exports = { OPTIONS, runAlone };
