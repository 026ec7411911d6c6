'use strict';
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');
const { cpus } = require('node:os');
const { setTimeout: sleep } = require('node:timers/promises');

const LOOK_EVERY_MS = 20;
/** Ticks of /proc/…/stat a second: on all Linux machines that Node runs on. */
const TICKS = 100;

/** The most memory that a process held so far, and the processor time that it took; undefined where nobody tells. */
function look(pid) {
  try {
    const peakKilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { peakMb: Number(peakKilobytes) / 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS };
  } catch {
    return undefined;
  }
}

/**
 * Runs a command to its end.
 * @returns wall seconds, peak memory, processor seconds, and what it printed
 */
async function measure({ command, args, cwd, environment = {}, exitCodes = [0], timeoutMs = 900_000 }) {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors] = [[], []];
  child.stdout.on('data', (chunk) => out.push(chunk));
  child.stderr.on('data', (chunk) => errors.push(chunk));
  let seen;
  const watch = setInterval(() => {
    const now = look(child.pid);
    // In its last moment a process has no memory any more.
    if (now !== undefined && !Number.isNaN(now.peakMb)) seen = now;
  }, LOOK_EVERY_MS);
  const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const [code, signal] = await once(child, 'close');
  clearInterval(watch);
  clearTimeout(limit);
  const seconds = (performance.now() - started) / 1000;
  if (!exitCodes.includes(code)) {
    const said = Buffer.concat(errors).toString('utf8').slice(-2000);
    throw new Error(
      `${command} ${args.join(' ').slice(0, 300)} ended with ${code ?? signal} after ${seconds.toFixed(1)} s. ${said}`,
    );
  }
  return { seconds, peakMb: seen?.peakMb, cpuSeconds: seen?.cpuSeconds, output: Buffer.concat(out).toString('utf8') };
}

/** The share of all processors that nobody used in half a second. */
async function idleShare() {
  const sum = () =>
    cpus().reduce(
      ({ idle, all }, { times }) => {
        const total = Object.values(times).reduce((total, ms) => total + ms, 0);
        return { idle: idle + times.idle, all: all + total };
      },
      { idle: 0, all: 0 },
    );
  const before = sum();
  await sleep(500);
  const after = sum();
  return (after.idle - before.idle) / (after.all - before.all);
}

/** Waits until nobody else uses the machine, at most so long; says whether that came. */
async function untilIdle(patienceSeconds) {
  const until = performance.now() + patienceSeconds * 1000;
  while ((await idleShare()) < 0.9) if (performance.now() > until) return false;
  return true;
}

module.exports = { measure, untilIdle };
