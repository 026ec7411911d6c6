'use strict';
const { writeFileSync } = require('node:fs');

/** Writes Jest's counts to the file that BATON_SUMMARY names, so that `.ci/run` can add them up. */
module.exports = class SummaryReporter {
  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests;
    // A file that cannot be compiled has no tests to count: it counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    writeFileSync(process.env.BATON_SUMMARY, JSON.stringify({ passed, failed, skipped }));
  }
};
