'use strict';
const { execFileSync, spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1024 ** 3 });

/** A commit's files in a folder. Nothing is checked out: neither the working tree nor git's index is touched. */
function unpack(commit, folder) {
  const archive = execFileSync('git', ['archive', '--format=tar', commit], { cwd: root, maxBuffer: 1024 ** 3 });
  const { status, stderr, error } = spawnSync('tar', ['-xf', '-', '-C', folder], { input: archive });
  if (error) throw error;
  if (status !== 0) throw new Error(`The files of ${commit} could not be unpacked: ${stderr}`);
}

/** Both must stand on the same packages, or their difference would be measured too. */
function tellOtherPackages(folder, commit) {
  const dependenciesOf = (place) => {
    const { dependencies } = JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8'));
    return JSON.stringify(dependencies);
  };
  if (dependenciesOf(folder) !== dependenciesOf(root)) {
    console.warn(`${commit} names other dependencies; it is measured with those that are installed now.`);
  }
}

function build(folder) {
  const script = path.join(folder, 'scripts', 'finish-build.js');
  const run = (...args) => execFileSync(process.execPath, args, { cwd: folder, stdio: 'inherit' });
  run(path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json');
  if (existsSync(script)) run(script);
}

/**
 * Builds a commit in a folder of its own, with the packages that are installed here.
 * @returns where its `dist` is, its short name, and what takes the folder away again
 */
function buildCommit(commit) {
  const name = git('rev-parse', '--short', `${commit}^{commit}`).trim();
  const folder = mkdtempSync(path.join(tmpdir(), 'baton-base-'));
  const packages = path.join(folder, 'node_modules');
  const remove = () => {
    // The link first: what it points to must stay.
    if (existsSync(packages)) unlinkSync(packages);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    console.log(`Building ${name} …`);
    unpack(name, folder);
    symlinkSync(path.join(root, 'node_modules'), packages, 'junction');
    tellOtherPackages(folder, name);
    build(folder);
  } catch (error) {
    remove();
    throw error;
  }
  return { name, dist: path.join(folder, 'dist'), remove };
}

module.exports = { buildCommit };
