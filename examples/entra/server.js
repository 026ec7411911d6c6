'use strict';

const express = require('express');
const { baton, problemHandler } = require('iis-baton');
const { createOffload } = require('iis-baton/offload');
const { entra } = require('./entra');

const app = express();
app.disable('x-powered-by');
app.use(baton());

const offload = createOffload();

// On behalf of the user: the archive sees the user, and decides by the user's scopes.
app.get('/documents/:id', async (req, res) => {
  const { token } = await entra.onBehalfOf('api://archive/Archive.Read');
  const url = `${process.env.ARCHIVE_URL}/documents/${encodeURIComponent(req.params.id)}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  res.status(answer.status).json(await answer.json());
});

// Behind it a function, which goes to the archive as itself.
app.post('/invoices/:id/archive', async (req, res) => {
  res.json(await offload.invoke('archive-invoice', { id: req.params.id }));
});

app.use(problemHandler());

module.exports = app;

if (require.main === module) require('iis-baton/iis').listen(app);
