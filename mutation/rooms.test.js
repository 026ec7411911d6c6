'use strict';
/* global describe */
const { readdirSync } = require('node:fs');
const path = require('node:path');

const tests = path.join(__dirname, '..', 'test');
const { folders, except } = JSON.parse(process.env.BATON_MUTATION_TESTS);
/** Names begin with their file's. Stryker makes a pattern of them, with backslashes before what a pattern would read as its own. */
const wanted = globalThis.wantedTests?.replaceAll('\\', '');

/**
 * The tests of all rooms as one file for Jest: what they have in common is loaded once for a mutant, and not once for
 * each file, and files without a wanted test are not loaded at all. Each is a block of its own, so that its hooks are too.
 */
for (const folder of folders) {
  const files = readdirSync(path.join(tests, folder), { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.test.ts')).sort()) {
    const name = `${folder}/${file.split(path.sep).join('/')}`;
    if (except.includes(name) || wanted?.includes(name) === false) continue;
    describe(name, () => void require(path.join(tests, folder, file)));
  }
}
