'use strict';
// What it costs in memory and time to follow a history of 25,000 events: by the auditor, and read with all its data.
const { fork } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const DIST = process.env.BATON_BENCH_DIST || path.join(__dirname, '..', 'dist');
const ARN = 'arn:aws:states:eu-west-1:123456789012:stateMachine:long';
const DATA_CHARACTERS = 8000;
const SAMPLE_MS = 20;

/** A history in AWS's types: a loop of a task, four events a round. */
function* historyOf(count) {
  const input = JSON.stringify({ text: 'x'.repeat(DATA_CHARACTERS) });
  yield { type: 'ExecutionStarted', details: { input } };
  for (let id = 2; id < count; id += 1) {
    const round = (id - 2) % 4;
    if (round === 0) yield { type: 'TaskStateEntered', details: { name: 'Work', input } };
    else if (round === 1) yield { type: 'TaskScheduled', details: { resource: 'invoke', resourceType: 'lambda' } };
    else if (round === 2) yield { type: 'TaskSucceeded', details: { output: input } };
    else yield { type: 'TaskStateExited', details: { name: 'Work', output: input } };
  }
  yield { type: 'ExecutionSucceeded', details: { output: input } };
}

async function lead() {
  const { startStepFunctionsEndpoint } = require(`${DIST}/local/step-functions/endpoint`);
  const definition = { StartAt: 'Work', States: { Work: { Type: 'Pass', End: true } } };
  console.log('| followed | events | lines or bytes | seconds | heap at most, MB | RSS at most, MB |');
  console.log('|---|---|---|---|---|---|');
  for (const how of ['auditor', 'pages with data']) {
    for (const count of [1000, 5000, 25_000]) {
      const states = await startStepFunctionsEndpoint({ stateMachines: { long: { definition } } });
      const executionArn = states.loadExecution('long', {
        name: `n${count}`,
        status: 'SUCCEEDED',
        events: historyOf(count),
      });
      const folder = mkdtempSync(path.join(tmpdir(), 'baton-bench-'));
      const child = fork(__filename, ['follow', how, states.url, executionArn, folder], { execArgv: ['--expose-gc'] });
      const result = await new Promise((resolve, reject) => child.once('message', resolve).once('error', reject));
      const { done, seconds, heapMb, rssMb } = result;
      console.log(
        `| ${how} | ${count} | ${done} | ${seconds.toFixed(1)} | ${heapMb.toFixed(1)} | ${rssMb.toFixed(1)} |`,
      );
      rmSync(folder, { recursive: true });
      await states.stop();
    }
  }
}

async function follow([how, endpoint, executionArn, folder]) {
  const clientConfig = { endpoint, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  let heapMb = 0;
  let rssMb = 0;
  const timer = setInterval(() => {
    // What lives, not what waits to be collected.
    global.gc();
    const { heapUsed, rss } = process.memoryUsage();
    [heapMb, rssMb] = [Math.max(heapMb, heapUsed / 2 ** 20), Math.max(rssMb, rss / 2 ** 20)];
  }, SAMPLE_MS);
  const startedAt = process.hrtime.bigint();
  const done = how === 'auditor' ? await audit(clientConfig, folder) : await readAll(clientConfig, executionArn);
  const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
  clearInterval(timer);
  process.send({ done, seconds, heapMb, rssMb }, () => process.exit());
}

async function audit(clientConfig, folder) {
  const { createAuditTrail } = require(`${DIST}/logging`);
  const { compilePolicy } = require(`${DIST}/policy`);
  const { createWorkflowAuditor } = require(`${DIST}/workflows`);
  const policy = compilePolicy(
    {
      application: 'bench',
      edge: {
        profile: 'txn-token',
        issuer: 'https://a.example',
        audience: 'b',
        algorithms: ['ES256'],
        keys: { jwksUri: 'https://a.example/k' },
      },
      handOver: { issuer: 'https://b.example', algorithms: ['ES256'], keys: { jwksUri: 'https://b.example/k' } },
      roles: { clerk: { members: [], permissions: ['work'] } },
      workflows: { long: { target: ARN, permission: 'work' } },
    },
    {},
  );
  const trail = createAuditTrail({ file: path.join(folder, 'audit.jsonl') });
  const quiet = () => {};
  const logger = { error: console.error, warn: quiet, info: quiet, debug: quiet };
  const terms = {
    policy,
    audit: trail,
    cursorFile: path.join(folder, 'cursor'),
    clientConfig,
    logger,
    requestsPerSecond: 1000,
  };
  const { lines } = await createWorkflowAuditor(terms).once();
  await trail.close();
  return `${lines} lines`;
}

async function readAll(clientConfig, executionArn) {
  const { historyPages } = require(`${DIST}/workflows/history-pages`);
  const sdk = require('@aws-sdk/client-sfn');
  const { RequestBudget } = require(`${DIST}/workflows/request-budget`);
  const reader = {
    sdk,
    client: new sdk.SFNClient(clientConfig),
    budget: new RequestBudget({ requestsPerSecond: 1000 }),
  };
  let bytes = 0;
  for await (const page of historyPages(reader, { executionArn, workflow: 'long', includeExecutionData: true })) {
    bytes += JSON.stringify(page).length;
  }
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

if (process.argv[2] === 'follow') void follow(process.argv.slice(3));
else void lead();
