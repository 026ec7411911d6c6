'use strict';
// Installs what Baton is measured against, where it is not there yet, and starts the measurement.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(path.join(__dirname, 'node_modules', '.package-lock.json'))) {
  // npm is a script of the shell on Windows.
  run('npm', ['ci', '--prefix', __dirname, '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
}
run(process.execPath, [path.join(__dirname, 'run.js'), ...process.argv.slice(2)]);
// What it costs to leave work behind: with libsql where this Node has no SQLite, and with Node's own.
for (const node of [process.execPath, path.join(__dirname, 'node_modules/node/bin/node')]) {
  run(node, [path.join(__dirname, 'outbox.js')]);
}
// What a call of a function costs beyond the SDK's own.
run(process.execPath, [path.join(__dirname, 'offload.js')]);
