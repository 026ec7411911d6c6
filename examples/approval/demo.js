'use strict';

const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { startRelay } = require('../../dist/local/relay');
const { table } = require('../invoices/demo/table');
const { send, signEverybodyIn, until } = require('./demo/requests');
const { STEPS } = require('./demo/steps');

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    logs: { type: 'string' },
  },
});
const say = (text) => {
  if (!options.json) console.log(text);
};

/** Waits until the run is where the step needs it, and does the step. */
async function runStep(relay, tokens, step, run) {
  const look = () => send(relay, tokens[step.who], 'GET', `/workflows/${encodeURIComponent(run ?? '')}`);
  if (step.start) return send(relay, tokens[step.who], 'POST', `/invoices/${step.start}/approval`);
  if (step.look) return look();
  if (step.ends) {
    const body = await until(look, ({ status }) => status !== 'RUNNING');
    return { status: 200, body };
  }
  const { starter } = step;
  const seen = () => send(relay, tokens[starter], 'GET', `/workflows/${encodeURIComponent(run)}`);
  await until(seen, ({ pendingApprovals }) => pendingApprovals.length > 0);
  const decision = { decision: step.decide, comment: 'by the demo' };
  return send(relay, tokens[step.who], 'POST', `/workflows/${encodeURIComponent(run)}/approvals/Approval`, decision);
}

function judge(step, { status, body }) {
  if (step.ends === undefined) return { ok: status === step.status, came: String(status), way: body?.code ?? '' };
  const way = body.states.map(({ name, attempts }) => (attempts > 1 ? `${name} (${attempts} attempts)` : name));
  const names = body.states.map(({ name }) => name);
  const ok =
    body.status === step.ends && step.through.every((name) => names.includes(name)) && !names.includes(step.without);
  return { ok, came: body.status, way: way.join(' → ') };
}

async function main() {
  const startedAt = performance.now();
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
  });
  say('Starting sign-in, gateway, IIS with the app, Lambda and Step Functions on this machine …\n');
  const relay = await startRelay({
    configFile: join(__dirname, 'baton.dev.json'),
    ...(options.logs && { logDirectory: options.logs }),
  });
  try {
    const tokens = await signEverybodyIn(relay);
    const rows = [];
    let run;
    let starter;
    for (const step of STEPS) {
      const answer = await runStep(relay, tokens, { ...step, starter }, run);
      if (step.start) [run, starter] = [answer.body?.run, step.who];
      rows.push({ name: step.name, who: step.who, run, ...judge(step, answer) });
    }
    const ok = rows.every((row) => row.ok);
    say(
      table(
        ['', 'step', 'who', 'came back', 'the way'],
        rows.map((row) => [row.ok ? '✓' : '✗', row.name, row.who, row.came, row.way]),
      ),
    );
    const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
    say(
      `\n${rows.filter((row) => row.ok).length} of ${rows.length} as expected, in ${seconds} s. Logs: ${relay.logDirectory}`,
    );
    if (options.json) console.log(JSON.stringify({ ok, seconds, rows }));
    process.exitCode = ok ? 0 : 1;
    if (options.keep) {
      say('\nThe relay stays up until Ctrl-C. To see a run drawn, in another terminal:');
      say(`  AWS_ENDPOINT_URL_SFN=${relay.stepFunctions.url} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local \\`);
      say(
        `    npx baton workflows show arn:aws:states:eu-west-1:123456789012:execution:approve-invoice:${run.replace('~', '-')}`,
      );
      await interrupted;
    }
  } finally {
    await relay.stop();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
