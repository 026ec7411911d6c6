'use strict';
const { spawnSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** All steps run even when one fails: whoever runs the check wants the whole list. */
const steps = [
  { name: 'lint', bin: 'eslint/bin/eslint.js', args: ['--max-warnings', '0', '.'] },
  { name: 'format', bin: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'types', bin: 'typescript/bin/tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  {
    name: 'types of the build',
    bin: 'typescript/bin/tsc',
    // Not incremental: a check must not touch what the build remembers in dist.
    args: ['--noEmit', '-p', 'tsconfig.build.json', '--incremental', 'false', '--tsBuildInfoFile', 'null'],
  },
  { name: 'layers', bin: 'jest/bin/jest.js', args: ['test/architecture.test.ts', '--reporters', 'default'] },
];

function run({ name, bin, args }) {
  console.log(`\n# ${name}`);
  const script = path.join(root, 'node_modules', ...bin.split('/'));
  const { status, error } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (error) console.error(error.message);
  console.log(status === 0 ? `ok: ${name}` : `FAILED: ${name}`);
  return status === 0;
}

const failed = steps.filter((step) => !run(step)).length;
const passed = steps.length - failed;
console.log(`\n${passed} of ${steps.length} steps passed`);
if (process.env.BATON_SUMMARY) writeFileSync(process.env.BATON_SUMMARY, JSON.stringify({ passed, failed, skipped: 0 }));
process.exitCode = failed === 0 ? 0 : 1;
