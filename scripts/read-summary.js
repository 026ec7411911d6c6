'use strict';
const { readFileSync } = require('node:fs');

/**
 * Prints `passed failed` for a summary file: the counts of Jest and of the check, or the rows of `demo --json`, which
 * is a document with `rows: [{ ok: boolean }]`. Ends with an error where the file is neither.
 */
function counts(summary) {
  if (Array.isArray(summary.rows)) {
    const passed = summary.rows.filter((row) => row.ok === true).length;
    return [passed, summary.rows.length - passed];
  }
  // Where everything has to run, a test that was skipped did not pass.
  const skipped = process.env.BATON_REQUIRE_ALL === '1' ? summary.skipped : 0;
  return [summary.passed, summary.failed + skipped];
}

const [, , file] = process.argv;
try {
  const numbers = counts(JSON.parse(readFileSync(file, 'utf8')));
  if (!numbers.every(Number.isInteger)) throw new Error('no counts');
  console.log(numbers.join(' '));
} catch (error) {
  console.error(`${file} is no summary: ${error.message}`);
  process.exitCode = 1;
}
