'use strict';

const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { startRelay } = require('../../dist/local/relay');
const { exchangeForActor, signIn } = require('../../dist/local/sign-in');
const { send } = require('./demo/client');
const { followed, leaks, requestLine } = require('./demo/logs');
const { steps } = require('./demo/steps');
const { stepTable, table } = require('./demo/table');

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

/** Signs two people in, as a browser would, and has the copilot exchange the approver's token for its own. */
async function signEverybodyIn({ config, identityProvider: { issuer, tokenEndpoint } }) {
  const { users, clients, audience: resource } = config.identityProvider;
  const web = clients.find(({ clientId }) => clientId === 'invoices-web');
  const agent = clients.find(({ clientId }) => clientId === 'invoice-copilot');
  const tokenOf = async (name) => {
    const { username, password } = users.find((user) => user.username === name);
    const redirectUri = web.redirectUris[0];
    return (await signIn({ issuer, clientId: web.clientId, redirectUri, username, password, resource })).accessToken;
  };
  const carla = await tokenOf('carla');
  const ada = await tokenOf('ada');
  const { clientId, clientSecret } = agent;
  const exchanged = await exchangeForActor({ tokenEndpoint, clientId, clientSecret, subjectToken: ada, resource });
  return { carla, ada, copilot: exchanged.accessToken };
}

/** Who the app saw: from its answer, or, where it refused, from its own log. */
async function seenByApp(relay, answer, correlationId) {
  if (answer.body?.seenByApp) return answer.body.seenByApp;
  return answer.headers['x-correlation-id'] === undefined ? {} : ((await requestLine(relay, correlationId)) ?? {});
}

/** The join key: the gateway's own ID for the request, which no client can choose. */
function gatewayId(via, { headers }) {
  if (via === 'iis') return undefined;
  return headers[via === 'http' ? 'apigw-requestid' : 'x-amz-apigw-id'];
}

async function runStep(relay, step) {
  await step.before?.(relay);
  const bases = { http: relay.gateways.http.url, rest: relay.gateways.rest.url, iis: relay.iis.url };
  const answer = await send(bases[step.via], step.method, step.path, step.headers);
  const correlationId = answer.headers['x-correlation-id'];
  const app = await seenByApp(relay, answer, correlationId);
  const lambda = answer.body?.seenByFunction ?? {};
  const expected = step.saw ?? {};
  const checks = [
    answer.status === step.expect,
    app.subject === expected.app,
    app.actor === expected.actor,
    lambda.subject === expected.function,
    lambda.subject === undefined || (lambda.actor === expected.actor && lambda.correlationId === correlationId),
    correlationId === undefined || correlationId === (gatewayId(step.via, answer) ?? correlationId),
    step.notCorrelationId === undefined || step.notCorrelationId !== correlationId,
  ];
  return {
    name: step.name,
    via: step.via,
    request: `${step.method} ${step.path}`,
    expected: step.expect,
    status: answer.status,
    ...(answer.body?.code && { code: answer.body.code }),
    app: app.subject,
    actor: app.actor,
    function: lambda.subject,
    correlationId,
    follow: step.follow === true,
    ok: checks.every(Boolean),
  };
}

/** What the logs must show: one ID through all four, no token in any, one authorizer call for a cached caller. */
async function checkLogs(relay, rows, tokens) {
  const { correlationId } = rows.find(({ follow }) => follow);
  const trail = await followed(relay, correlationId);
  const leaking = leaks(relay, Object.values(tokens));
  // On the REST API: the tampered token, then carla once for three routes.
  const { authorizerCalls } = relay.gateways.rest;
  const checks = [
    ...trail.map(({ log, found }) => ({ name: `${correlationId} is in the ${log} log`, ok: found !== undefined })),
    { name: 'no log holds a token', ok: leaking.length === 0, ...(leaking.length > 0 && { leaking }) },
    { name: 'the REST API asked the authorizer once for three requests of the clerk', ok: authorizerCalls === 2 },
  ];
  return { correlationId, trail, checks, directory: relay.logDirectory };
}

function print(rows, logs, names, seconds) {
  say(stepTable(rows, names));
  say(`\nOne request through four logs, by its correlation ID ${logs.correlationId}:\n`);
  say(
    table(
      ['log', 'what it says'],
      logs.trail.map(({ log, found }) => [log, found ?? 'nothing']),
    ),
  );
  say('');
  for (const { name, ok } of logs.checks) say(`${ok ? '✓' : '✗'} ${name}`);
  const all = [...rows, ...logs.checks];
  const passed = all.filter(({ ok }) => ok).length;
  say(`\n${passed} of ${all.length} as expected, in ${seconds} s. Logs: ${logs.directory}`);
  say(
    `Who came past the gateway, and where the time went: npx baton trace ${quoted(logs.directory)} --html report.html`,
  );
}

/** A path as a shell takes it, on Windows too. */
const quoted = (path) => (/^[\w./\\:~-]+$/.test(path) ? path : `"${path}"`);

function printUrls(relay) {
  say('\nThe relay stays up until Ctrl-C.');
  say(`  HTTP API  ${relay.gateways.http.url}\n  REST API  ${relay.gateways.rest.url}\n  IIS       ${relay.iis.url}`);
  say(`  sign-in   ${relay.identityProvider.issuer}  (carla / carla, ada / ada)`);
}

/** Resolves when the terminal asks for the end. Listened to from the start, so that nothing outlives the demo. */
function interrupted() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
  });
}

async function main() {
  const startedAt = performance.now();
  const ended = interrupted();
  say('Starting sign-in, gateway, IIS with the app, and Lambda on this machine …\n');
  const relay = await startRelay({
    configFile: join(__dirname, 'baton.dev.json'),
    ...(options.logs && { logDirectory: options.logs }),
  });
  try {
    const tokens = await signEverybodyIn(relay);
    const { users } = relay.config.identityProvider;
    const subjects = Object.fromEntries(users.map((user) => [user.username, `entra:${user.subject}`]));
    const names = new Map(Object.entries(subjects).map(([name, subject]) => [subject, name]));
    const rows = [];
    for (const step of steps(tokens, subjects)) rows.push(await runStep(relay, step));
    const logs = await checkLogs(relay, rows, tokens);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const ok = [...rows, ...logs.checks].every((row) => row.ok);
    print(rows, logs, names, seconds);
    if (options.json) {
      console.log(JSON.stringify({ ok, seconds: Number(seconds), rows: [...rows, ...logs.checks], trail: logs.trail }));
    }
    process.exitCode = ok ? 0 : 1;
    if (options.keep) {
      printUrls(relay);
      await ended;
    }
  } finally {
    await relay.stop();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
