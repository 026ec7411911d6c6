'use strict';

const { join } = require('node:path');
const express = require('express');
const { baton, currentUser, problemHandler } = require('iis-baton');

// Another team's API. It trusts Entra, knows nothing of AWS, and verifies what it is sent.
const app = express();
app.disable('x-powered-by');
app.use(baton({ policy: join(__dirname, 'archive.policy.json') }));

const seenHere = () => {
  const { subject, kind, roles, scopes } = currentUser();
  return { subject, kind, roles, scopes };
};
app.post('/documents/:id', (req, res) => res.json({ archived: req.params.id, seenByArchive: seenHere() }));
app.get('/documents/:id', (req, res) => res.json({ document: req.params.id, seenByArchive: seenHere() }));
app.use(problemHandler());

module.exports = app;
