'use strict';
// All comparisons of Baton with its peers, one after the other; writes the page and its picture.
const { execFileSync, spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const root = path.join(__dirname, '..');
const OPTIONS = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true },
  compare: { type: 'string' },
  node: { type: 'string', multiple: true, default: ['20', '24'] },
  rounds: { type: 'string' },
  algorithm: { type: 'string', multiple: true },
  candidate: { type: 'string' },
  output: { type: 'string' },
  page: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const HELP = `npm run bench -- [options]

  --only <part>        request, chain, verification, keys, context, logging, offload, outbox, cold-start; several with commas
  --quick              coarser, in five to ten minutes; into bench/quick
  --compare <commit>   that commit and the working tree by turns, for request, chain, verification, keys, context and
                       logging; request alone where --only names none. Prints, and writes nothing
  --node <20|24>       on this Node only
  --rounds <n>         more rounds, or fewer
  --algorithm <name>   for request: ES256 (default), EdDSA, RS256; can be repeated
  --candidate <regexp> for request: only those whose name matches, and bare Express
  --page               measures nothing: page and picture anew from results.json
  --output <folder>    where README.md, plot.svg and results.json are written`;

/** Installs what Baton is measured against, where it is not there yet. */
function installPeers() {
  if (existsSync(path.join(__dirname, 'node_modules', '.package-lock.json'))) return;
  // npm is a script of the shell on Windows.
  const options = { stdio: 'inherit', shell: process.platform === 'win32' };
  execFileSync('npm', ['ci', '--prefix', __dirname, '--no-audit', '--no-fund'], options);
}

/** Runs a part that is a program of its own, on each Node. */
function runProgram(part, options) {
  const { environmentOf, nodePath } = require('./nodes');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'baton-bench-'));
  const rounds = options.rounds === undefined ? [] : ['--rounds', options.rounds];
  try {
    const blocks = options.node.map((major) => {
      const file = path.join(folder, `${major}.json`);
      const args = [
        path.join(__dirname, part.file),
        ...(options.quick ? part.quickArgs : []),
        ...rounds,
        '--json',
        file,
      ];
      const { status, error } = spawnSync(nodePath(major), args, { stdio: 'inherit', env: environmentOf() });
      if (error) throw error;
      if (status !== 0) throw new Error(`${part.file} ended with code ${status}.`);
      return { major, ...JSON.parse(readFileSync(file, 'utf8')) };
    });
    return { blocks, rounds: blocks[0].rounds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The commit that is measured; with what was changed since. Unknown where there is no git. */
function commitName() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
    const isChanged = git('status', '--porcelain', '--', 'src') !== '';
    return `\`${git('rev-parse', '--short', 'HEAD')}\`${isChanged ? ' and changes' : ''}`;
  } catch {
    return 'an unknown commit';
  }
}

/** One part with what the page says of how it was measured. */
async function measured(part, options) {
  const startedAt = Date.now();
  const before = os.loadavg()[0];
  // Named before it is measured: a commit that is made meanwhile is not what was measured.
  const commit = commitName();
  const result = part.measure === undefined ? runProgram(part, options) : await part.measure(options);
  return {
    ...result,
    on: new Date(startedAt).toISOString().slice(0, 10),
    commit,
    quick: options.quick,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    load: [before, os.loadavg()[0]],
    cores: os.availableParallelism(),
  };
}

const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Writes page and picture; the figures of parts that were not measured now stay. */
function write(folder, measuredParts, parts) {
  const { page } = require('./page');
  const { plot } = require('./plot');
  const file = (name) => path.join(folder, name);
  const isThere = ({ name }) => measuredParts[name] !== undefined;
  const results = Object.fromEntries(parts.filter(isThere).map(({ name }) => [name, measuredParts[name]]));
  const text = `${JSON.stringify(results, rounded, 1)}\n`;
  // What is shown is what is written down: the page can be made from it again.
  const kept = JSON.parse(text);
  writeFileSync(file('results.json'), text);
  writeFileSync(file('plot.svg'), plot(kept, parts));
  writeFileSync(file('README.md'), page(kept, parts, __dirname, textOf(file('README.md'))));
}

/** Four digits are more than any of the figures is good for. */
const rounded = (_name, value) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;

function chosen(parts, only) {
  if (only === undefined) return parts;
  const names = only.flatMap((list) => list.split(','));
  const unknown = names.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined)
    throw new Error(`There is no part "${unknown}": ${parts.map(({ name }) => name).join(', ')}.`);
  return parts.filter(({ name }) => names.includes(name));
}

async function main() {
  const { values: options } = parseArgs({ options: OPTIONS });
  if (options.help) {
    console.log(HELP);
    return;
  }
  installPeers();
  const { PARTS } = require('./parts');
  if (options.compare !== undefined) {
    const parts = chosen(PARTS, options.only ?? ['request']).filter(({ comparable }) => comparable);
    if (parts.length === 0) throw new Error('None of these parts can be compared with a commit.');
    await require('./compare').compare(parts, options);
    return;
  }
  const folder = path.resolve(options.output ?? (options.quick ? path.join(__dirname, 'quick') : __dirname));
  mkdirSync(folder, { recursive: true });
  const results = JSON.parse(textOf(path.join(folder, 'results.json')) || '{}');
  if (options.page) write(folder, results, PARTS);
  else
    for (const part of chosen(PARTS, options.only)) {
      results[part.name] = await measured(part, options);
      // After each: a run that is broken off has not been for nothing.
      write(folder, results, PARTS);
    }
  console.log(`\nWritten: ${path.relative(process.cwd(), path.join(folder, 'README.md'))}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
