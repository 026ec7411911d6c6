'use strict';
const { TestEnvironment } = require('jest-environment-node');

/** Nothing of the block is run any more. */
function skip(block) {
  block.mode = 'skip';
  for (const child of block.children) {
    if (child.type === 'describeBlock') skip(child);
    else child.mode = 'skip';
  }
}

/**
 * Tells rooms.test.js which tests are wanted (Stryker names those that reach the mutant), and ends with the first that
 * fails: the mutant is dead by then, and Jest itself ends early only between files.
 */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.wantedTests = config.globalConfig.testNamePattern;
  }

  handleTestEvent({ name }, { rootDescribeBlock }) {
    if (name === 'test_fn_failure' || name === 'hook_failure') skip(rootDescribeBlock);
  }
};
