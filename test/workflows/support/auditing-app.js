'use strict';
// An app as it runs on a server: it starts workflows for its callers, and writes what happens in them into its audit trail.
const dist = '../../../dist';
const { readFileSync } = require('node:fs');
const express = require('express');
const { baton } = require(`${dist}/index`);
const { createAuditTrail } = require(`${dist}/logging`);
const { compilePolicy } = require(`${dist}/policy`);
const { createWorkflowAuditor, createWorkflows, jwkSigner, workflowRouter } = require(`${dist}/workflows`);

const { policy: document, key, url, file, cursorFile } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const policy = compilePolicy(document, {});
const clientConfig = { endpoint: url, region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
const logger = {
  error: (message, { error } = {}) => process.stderr.write(`${message} ${error?.stack ?? ''}\n`),
  ...{ warn: () => {}, info: () => {}, debug: () => {} },
};
const audit = createAuditTrail({ file, logger });
const auditor = createWorkflowAuditor({
  ...{ policy, audit, cursorFile, clientConfig, logger },
  ...{ requestsPerSecond: 1000, pollIntervalMs: 20 },
});
const workflows = createWorkflows({ policy, signer: jwkSigner(key), clientConfig });

const app = express();
app.use(baton({ policy, logger, audit }), express.json());
app.use('/workflows', workflowRouter(workflows, { start: ['approve-invoice'] }));
const server = app.listen(0, '127.0.0.1', () => {
  auditor.start();
  process.stdout.write(`listening on ${server.address().port}.\n`);
});

process.once('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await auditor.stop();
  await audit.close();
});
