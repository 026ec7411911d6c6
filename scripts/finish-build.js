'use strict';
const { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const sources = path.join(root, 'src');
const output = path.join(root, 'dist');
const page = path.join(output, 'trace', 'report', 'page');
const command = path.join(output, 'cli', 'baton.js');

/** Removes what earlier builds left of sources that are gone: tsc never does, and `dist` is packed as it is. */
function removeOrphans() {
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    const built = path.join(entry.parentPath ?? entry.path, entry.name);
    const stem = path.relative(output, built).replace(/\.(?:d\.ts|js)$/, '');
    const isOutput = entry.isFile() && /\.(?:d\.ts|js)$/.test(entry.name);
    if (isOutput && !built.startsWith(page + path.sep) && !existsSync(path.join(sources, `${stem}.ts`))) rmSync(built);
  }
}

/** Style sheets and scripts of `baton trace --html`, which tsc does not know, and the charts' library with its licence. */
function copyPage() {
  const own = path.join(sources, 'trace', 'report', 'page');
  const charts = path.join(root, 'node_modules', 'uplot');
  const files = new Map([
    ...readdirSync(own).map((name) => [name, path.join(own, name)]),
    ['uPlot.iife.min.js', path.join(charts, 'dist', 'uPlot.iife.min.js')],
    ['uPlot.min.css', path.join(charts, 'dist', 'uPlot.min.css')],
    ['uPlot.LICENSE', path.join(charts, 'LICENSE')],
  ]);
  mkdirSync(page, { recursive: true });
  for (const name of readdirSync(page)) if (!files.has(name)) rmSync(path.join(page, name));
  for (const [name, file] of files) copyFileSync(file, path.join(page, name));
}

removeOrphans();
copyPage();
// npm sets the bit on install; a clone that runs the command from `dist` has nobody who does.
if (existsSync(command)) chmodSync(command, 0o755);
