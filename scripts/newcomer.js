'use strict';
// The newcomer's path: an app as Express's generator makes it, Baton from its tarball, and the first signed-in request, by
// the commands of docs/getting-started.md in a temporary folder. Holds what they print against the page; --write puts it
// there. Needs the build, and npm's registry.
const assert = require('node:assert/strict');
const { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { run, start, curl } = require('./newcomer/path');
const { maskFor, blockText, blocksOf, withSteps } = require('./newcomer/page');

const root = path.join(__dirname, '..');
const page = path.join(root, 'docs', 'getting-started.md');

/** What is printed on the way, step by step. */
class Path {
  #mask = maskFor();
  steps = [];

  constructor(folder) {
    this.folder = folder;
  }

  note(command, output) {
    this.steps.push({ command: this.#mask(command), output: this.#mask(output) });
  }

  /** @param shown the command as the page has it, where that differs */
  run(command, { shown = command, exit = 0 } = {}) {
    const output = run(command, this.folder, exit);
    this.note(shown, output);
    return output;
  }

  async curl(user, url) {
    const token = user && run(`npx baton token ${user}`, this.folder).trim();
    const answer = await curl(url, token);
    this.note(`curl -i ${user ? `-H "Authorization: Bearer $(npx baton token ${user})" ` : ''}${url}`, answer.text);
    return answer;
  }
}

const QUIET = '--no-audit --no-fund --prefer-offline';

async function walk(journey, tarball) {
  journey.run(`npm install ${QUIET} "${tarball}"`, { shown: 'npm install ./iis-baton.tgz' });
  const { dependencies } = JSON.parse(readFileSync(path.join(journey.folder, 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(dependencies).sort(), ['express', 'iis-baton']);
  journey.run('npx baton init --yes');
  journey.run('npx baton init --yes --apply-entry');
  assert.match(journey.run('npx baton doctor'), /^Nothing found\.$/m);
  journey.run(`npm install ${QUIET} --save-dev oidc-provider`, { shown: 'npm install --save-dev oidc-provider' });

  const relay = start('npx baton dev', journey.folder, 'Ctrl-C ends it.');
  try {
    const printed = await relay.ready;
    journey.note('npx baton dev', printed);
    const [api] = /(?<=API \(REST API\) +)http:\S+/.exec(printed) ?? [];
    const [iis] = /(?<=IIS +)http:\S+/.exec(printed) ?? [];
    const signedIn = await journey.curl('rita', `${api}/invoices/7`);
    assert.equal(signedIn.status, 200);
    // The relay names its first user so: the reader is she, by the word of the identity provider and nobody else's.
    assert.deepEqual(JSON.parse(signedIn.body), { id: '7', reader: 'entra:00000000-0000-4000-8000-000000000001' });
    assert.equal((await journey.curl('nina', `${api}/invoices/7`)).status, 403);
    assert.equal((await journey.curl(undefined, `${api}/invoices/7`)).status, 401);
    assert.equal((await journey.curl('rita', `${iis}/invoices/7`)).status, 401);
  } finally {
    await relay.stop();
  }
}

/** The blocks that are not what the page says, as sentences. */
function differences(steps) {
  const there = blocksOf(readFileSync(page, 'utf8'));
  const wanted = steps.map(blockText);
  const wrong = wanted.flatMap((text, at) =>
    text === there[at] ? [] : [`docs/getting-started.md, block ${at + 1}, should be:\n${text}\nand is:\n${there[at]}`],
  );
  return there.length > wanted.length ? [...wrong, `The page has ${there.length - wanted.length} blocks more.`] : wrong;
}

async function main() {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'baton-newcomer-'));
  try {
    const [packed] = JSON.parse(run(`npm pack --ignore-scripts --json --pack-destination "${temporary}"`, root));
    const folder = path.join(temporary, 'invoice-desk');
    cpSync(path.join(__dirname, 'newcomer', 'app'), folder, { recursive: true });
    const journey = new Path(folder);
    await walk(journey, path.join(temporary, packed.filename));
    if (process.argv.includes('--write')) {
      writeFileSync(page, withSteps(readFileSync(page, 'utf8'), journey.steps));
    }
    const wrong = differences(journey.steps);
    for (const text of wrong) console.error(text);
    return { passed: journey.steps.length - wrong.length, failed: wrong.length, skipped: 0 };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

main()
  .catch((error) => {
    console.error(error);
    return { passed: 0, failed: 1, skipped: 0 };
  })
  .then((summary) => {
    console.log(`newcomer's path: ${summary.passed} steps as docs/getting-started.md has them, ${summary.failed} not`);
    if (process.env.BATON_SUMMARY) writeFileSync(process.env.BATON_SUMMARY, JSON.stringify(summary));
    process.exitCode = summary.failed === 0 ? 0 : 1;
  });
