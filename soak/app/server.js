'use strict';

const { appendFileSync } = require('node:fs');
const express = require('express');
const { baton, currentUser, problemHandler } = require('iis-baton');
const { listen } = require('iis-baton/iis');
const { createAuditTrail } = require('iis-baton/logging');
const {
  createOffload,
  enqueueHandler,
  managedIdentityToken,
  offloadHandler,
  webIdentityCredentials,
} = require('iis-baton/offload');
const { createWorkflows, workflowRouter } = require('iis-baton/workflows');

// The app that the soak run asks: a route for each way through the package, and no AWS key.

const { SOAK_APP_POLICY: policy, SOAK_AUDIT_FILE, SOAK_CRASH_FILE, SOAK_MEMORY_FILE } = process.env;
// Under iisnode nobody sees what a process prints that ends like this.
process.on('uncaughtExceptionMonitor', ({ stack }) => {
  appendFileSync(SOAK_CRASH_FILE, `${JSON.stringify({ pid: process.pid, time: new Date(), stack })}\n`);
});
const audit = createAuditTrail({
  file: SOAK_AUDIT_FILE,
  whenUnwritable: 'refuse',
  checkpointEvery: 500,
  checkpointSeconds: 5,
  maxBytes: 1024 * 1024,
});
// A session is kept for each run that somebody looks at: few of them, so that what is kept has its size before it is measured.
const credentials = webIdentityCredentials({
  token: managedIdentityToken(),
  audience: 'api://invoices',
  maxSessions: 60,
});

const app = express();
app.disable('x-powered-by');
app.use(baton({ policy, audit }));
app.use(express.json());

const offload = createOffload({ policy, credentials });
const workflows = createWorkflows({ policy, credentials });
offload.deliver();

const seen = () => ({ subject: currentUser()?.subject, actor: currentUser()?.actor?.subject });
const payload = (req) => ({ id: req.params.id });

app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});
app.get('/invoices/:id', (req, res) => {
  res.json({ id: req.params.id, seen: seen() });
});
app.post('/invoices/:id/approve', (req, res) => {
  res.json({ id: req.params.id, seen: seen() });
});
app.post('/invoices/:id/render', offloadHandler(offload, 'render-invoice', payload));
app.post('/invoices/:id/print', enqueueHandler(offload, 'print-invoice', payload));
app.post('/invoices/:id/archive', enqueueHandler(offload, 'archive-invoice', payload));
app.post('/invoices/:id/approval', async (req, res) => {
  const { id } = req.params;
  // Even numbers are small: nobody has to approve them.
  const input = { invoice: id, amount: Number(id) % 2 === 0 ? 50 : 5000 };
  const started = await workflows.start('approve-invoice', input, { idempotencyKey: req.get('Idempotency-Key') });
  res.status(202).json({ run: started.id, seen: seen() });
});
app.use('/workflows', workflowRouter(workflows));
app.use(problemHandler());
listen(app);

// What is collected says nothing about what is kept, so a sample follows a collection.
setInterval(() => {
  global.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const sample = { pid: process.pid, time: Date.now(), ageSeconds: process.uptime(), rss, heapUsed };
  appendFileSync(SOAK_MEMORY_FILE, `${JSON.stringify(sample)}\n`);
}, 5000).unref();
