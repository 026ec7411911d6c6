'use strict';

const express = require('express');
const { baton, problemHandler } = require('iis-baton');
const { listen } = require('iis-baton/iis');
const { createWorkflows, workflowRouter } = require('iis-baton/workflows');
const invoices = require('./invoices.json');

const app = express();
app.disable('x-powered-by');
app.use(baton());
app.use(express.json());

const workflows = createWorkflows();

app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});

app.get('/invoices', (_req, res) => {
  res.json({ invoices });
});

// The amount is the app's own: what decides whether a person is asked must not come from the client. The key makes a
// request that is sent again the same run.
app.post('/invoices/:id/approval', async (req, res) => {
  const invoice = invoices.find(({ id }) => id === req.params.id);
  if (!invoice) {
    res.status(404).json({});
    return;
  }
  const key = req.get('Idempotency-Key');
  const { id, amount } = invoice;
  const started = await workflows.start(
    'approve-invoice',
    { invoice: id, amount },
    { ...(key && { idempotencyKey: key }) },
  );
  res
    .status(202)
    .location(`/workflows/${encodeURIComponent(started.id)}`)
    .json({ run: started.id });
});

// Look, follow, cancel, decide: for whom each is, the policy says.
app.use('/workflows', workflowRouter(workflows));

app.use(problemHandler());

listen(app);
