'use strict';
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { writeFileSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

/** All steps run even when one fails: whoever runs the check wants the whole list. The longest comes first. */
const steps = [
  { name: 'lint', bin: 'eslint/bin/eslint.js', args: ['--max-warnings', '0', '.'] },
  { name: 'types', bin: 'typescript/bin/tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'format', bin: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'types of the build',
    bin: 'typescript/bin/tsc',
    // Not incremental: a check must not touch what the build remembers in dist.
    args: ['--noEmit', '-p', 'tsconfig.build.json', '--incremental', 'false', '--tsBuildInfoFile', 'null'],
  },
  // Scripts of the page that baton trace makes: the browser's types, not Node's.
  { name: 'types of the page', bin: 'typescript/bin/tsc', args: ['-p', 'tsconfig.page.json'] },
  { name: 'layers', bin: 'jest/bin/jest.js', args: ['test/architecture.test.ts', '--reporters', 'default'] },
];
/** Linting alone takes half a minute of one core; CI machines have two. */
const LANES = 2;

/** Prints a step's words together once it has ended: two steps speak at the same time. */
async function run({ name, bin, args }) {
  const script = path.join(root, 'node_modules', ...bin.split('/'));
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const words = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => words.push(chunk));
  const status = await once(child, 'close').then(
    ([code]) => code,
    (error) => void words.push(Buffer.from(`${error.message}\n`)),
  );
  process.stdout.write(`\n# ${name}\n${Buffer.concat(words)}${status === 0 ? 'ok' : 'FAILED'}: ${name}\n`);
  return status === 0;
}

async function main() {
  const waiting = [...steps];
  let passed = 0;
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) if (await run(step)) passed++;
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const failed = steps.length - passed;
  console.log(`\n${passed} of ${steps.length} steps passed`);
  const summary = process.env.BATON_SUMMARY;
  if (summary) writeFileSync(summary, JSON.stringify({ passed, failed, skipped: 0 }));
  process.exitCode = failed === 0 ? 0 : 1;
}

void main();
