'use strict';
// One subject of a comparison, in a process of its own: what one does to the compiler, the heap or async hooks must not
// touch the others. Does its operation for as long as its parent asks, and tells how much of it, and at what CPU.
const { readFileSync } = require('node:fs');
const path = require('node:path');

const [file, name, caseName, setupFile] = process.argv.slice(2);
const part = require(path.join(__dirname, file));
const subject = part.subjects.find((one) => one.name === name);
const setup = { ...JSON.parse(readFileSync(setupFile, 'utf8')), case: caseName, setupFile };

/** Long enough that looking at the clock costs nothing beside it. */
const LOOK_EVERY_MS = 2;

const cpuMicros = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** One batch; waits only where the operation itself makes its caller wait. */
async function batch(run, count, from) {
  for (let at = from; at < from + count; at++) {
    const outcome = run(at);
    if (outcome instanceof Promise) await outcome;
  }
}

async function main() {
  const { run, settle = () => {}, check = () => {}, each = 1 } = await subject.make(setup);
  let size = 1;
  let done = 0;

  const slice = async (durationMs) => {
    const from = done;
    const before = cpuMicros();
    const endsAt = performance.now() + durationMs;
    for (let now = performance.now(); now < endsAt;) {
      await batch(run, size, done);
      done += size;
      const after = performance.now();
      if (after - now < LOOK_EVERY_MS) size = Math.min(size * 2, 4096);
      now = after;
    }
    // What was put off until later belongs to the operation.
    await settle();
    return { operations: (done - from) * each, cpuMicros: cpuMicros() - before };
  };

  process.on('message', ({ durationMs, end }) => {
    const answer = end ? Promise.resolve(check(done)).then(() => ({ ended: true })) : slice(durationMs);
    answer.then(
      (outcome) => process.send(outcome),
      (error) => process.send({ error: error.stack }),
    );
  });
  process.on('disconnect', () => process.exit());
  process.send({ ready: true });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
