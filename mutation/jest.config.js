'use strict';
const path = require('node:path');

/** Jest as `npm test` has it, but for the tests that rooms.test.js gathers; Stryker runs several of it side by side. */
module.exports = {
  ...require('../jest.config.js'),
  rootDir: path.join(__dirname, '..'),
  roots: ['<rootDir>/test', '<rootDir>/mutation'],
  testMatch: ['<rootDir>/mutation/rooms.test.js'],
  testEnvironment: path.join(__dirname, 'environment.js'),
  maxWorkers: 1,
};
