'use strict';
// An app of which a test starts two, and kills them: leaves its share of the work behind, and delivers what waits.
const dist = '../../../../dist';
const { readFileSync } = require('node:fs');
const http = require('node:http');
const { createOffload, jwkSigner } = require(`${dist}/offload`);
const { compilePolicy } = require(`${dist}/policy`);
const { runInContext } = require(`${dist}/context/storage`);
const { identityFrom } = require(`${dist}/identity/from-transaction`);

const { settings, pieces } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { file, url, policy, key, transaction, edge, startedAt, clockRate, pollMs } = settings;

// Both apps, and whoever comes after them, have the same clock, which runs faster than the machine's.
const clock = () => startedAt + (Date.now() - startedAt) * clockRate;
const quiet = () => {};
const logger = { error: quiet, warn: quiet, info: quiet, debug: quiet };
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const offload = createOffload({
  policy: compilePolicy(policy, {}),
  signer: jwkSigner(key),
  clock,
  clientConfig: { endpoint: url, region: 'eu-west-1', credentials },
  outbox: { path: file },
});

const user = identityFrom({ transaction, expiresAt: Math.floor(startedAt / 1000) + 3600 }, edge);
const record = { context: { correlationId: 'c-1', user }, logger, audit: { record: quiet }, transaction };

const agent = new http.Agent({ keepAlive: true });
const tell = (path) =>
  new Promise((resolve, reject) => {
    const request = http.request(`${url}${path}`, { method: 'POST', agent }, (response) => {
      response.resume().on('end', resolve);
    });
    request.on('error', reject).end();
  });

async function leaveShare() {
  const next = pieces[Symbol.iterator]();
  const leave = async () => {
    for (const piece of next) {
      const options = { idempotencyKey: `piece-${piece}`, ...(piece % 5 === 0 && { orderingKey: 'in-order' }) };
      await runInContext(record, () => offload.enqueue('render-invoice', { piece }, options));
      // From now on the caller has its 202, and the work must be done.
      await tell(`/left/${piece}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, leave));
}

offload.deliver({ pollMs, logger, audit: { record: quiet } });
// Until it is killed.
setInterval(quiet, 1000);
void leaveShare();
