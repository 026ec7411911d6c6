'use strict';

const express = require('express');
const { baton, currentContext, currentUser, problemHandler, requirePermission } = require('iis-baton');
const { listen } = require('iis-baton/iis');
const { createOffload, offloadHandler } = require('iis-baton/offload');

const app = express();
app.disable('x-powered-by');
app.use(baton());
app.use(express.json());

const offload = createOffload();
const invoices = new Map([
  ['7', { id: '7', customer: 'Contoso', total: 1200, approvedBy: null }],
  ['8', { id: '8', customer: 'Fabrikam', total: 90, approvedBy: null }],
]);

/** What the app knows of its caller: the demo shows it, and that the rest of the chain sees the same. */
function seenHere() {
  const user = currentUser();
  return {
    subject: user?.subject,
    name: user?.name,
    roles: user?.roles,
    actor: user?.actor?.subject,
    correlationId: currentContext()?.correlationId,
  };
}

app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});

app.get('/invoices', (_req, res) => {
  res.json({ invoices: [...invoices.values()], seenByApp: seenHere() });
});

app.get('/invoices/:id', (req, res) => {
  const invoice = invoices.get(req.params.id);
  res.status(invoice ? 200 : 404).json({ invoice, seenByApp: seenHere() });
});

// The route's rule in the policy asks for the same permission; a guard in code keeps it true where the handler moves.
app.post('/invoices/:id/approve', requirePermission('invoice:approve'), (req, res) => {
  const invoice = invoices.get(req.params.id);
  if (!invoice) {
    res.status(404).json({ seenByApp: seenHere() });
    return;
  }
  invoice.approvedBy = req.user.subject;
  res.json({ invoice, seenByApp: seenHere() });
});

app.post(
  '/invoices/:id/render',
  offloadHandler(offload, 'render-invoice', (req) => ({ id: req.params.id, seenByApp: seenHere() })),
);

app.use(problemHandler());

listen(app);
