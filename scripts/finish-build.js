'use strict';
const { chmodSync, existsSync, readdirSync, rmSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const sources = path.join(root, 'src');
const output = path.join(root, 'dist');
const command = path.join(output, 'cli', 'baton.js');

/** Removes what earlier builds left of sources that are gone: tsc never does, and `dist` is packed as it is. */
function removeOrphans() {
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    const built = path.join(entry.parentPath ?? entry.path, entry.name);
    const stem = path.relative(output, built).replace(/\.(?:d\.ts|js)$/, '');
    const isOutput = entry.isFile() && /\.(?:d\.ts|js)$/.test(entry.name);
    if (isOutput && !existsSync(path.join(sources, `${stem}.ts`))) rmSync(built);
  }
}

removeOrphans();
// npm sets the bit on install; a clone that runs the command from `dist` has nobody who does.
if (existsSync(command)) chmodSync(command, 0o755);
