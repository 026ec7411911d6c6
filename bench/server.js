'use strict';
// One candidate behind Express 5, in a process of its own. Tells its parent its port, and its CPU when asked.
const { readFileSync } = require('node:fs');
const express = require('express');
const { CANDIDATES } = require('./candidates');

const [name, setupFile] = process.argv.slice(2);
const setup = JSON.parse(readFileSync(setupFile, 'utf8'));
const candidate = CANDIDATES.find((one) => one.name === name);

const app = express();
const middleware = [candidate.middleware({ ...setup, logFile: `${setupFile}.${process.pid}.log` })].flat();
if (middleware.length > 0) app.use(middleware);
app.get('/invoices/:id', (req, res) => res.json({ id: req.params.id, state: 'open' }));

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMicros: user + system });
});
process.on('disconnect', () => process.exit());
