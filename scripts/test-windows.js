'use strict';
const { spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const windowsNode = require('./windows-node');

// The lane of test/windows: fetches what it needs, and fails where something is missing, because it was asked for.

const jest = path.join(__dirname, '..', 'node_modules', 'jest', 'bin', 'jest.js');
const folder = mkdtempSync(path.join(os.tmpdir(), 'windows-lane-'));
/** Test files in which Wine's own server crashed, one a line. */
const crashes = path.join(folder, 'crashes');

function runTests() {
  // One after the other: each file starts a dozen processes, and two at a time take longer than in turn on two cores.
  const { status } = spawnSync(process.execPath, [jest, 'test/windows', '--runInBand', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, BATON_REQUIRE_ALL: '1', BATON_WINE_CRASHES: crashes },
  });
  return status ?? 1;
}

try {
  if (!existsSync(windowsNode.file)) windowsNode.fetch();
  process.exitCode = runTests();
  // Wine 8 has a memory fault that shows once in some forty runs. No other failure is tried again.
  if (process.exitCode !== 0 && existsSync(crashes)) {
    console.error('\nWine itself crashed, not what it ran. Once more:\n');
    process.exitCode = runTests();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
