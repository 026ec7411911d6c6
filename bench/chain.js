'use strict';
// A request without the system calls that all candidates pay for: the same servers, over connections in memory. Less of
// the machine is in these figures than in those of request.js, so a change of a microsecond shows.
const { once } = require('node:events');
const { createServer } = require('node:http');
const { duplexPair } = require('node:stream');
const { CANDIDATES } = require('./candidates');
const { measurePart } = require('./harness');
const { isWhole, requestText } = require('./load');
const { runAlone } = require('./part-options');
const { makeTokens } = require('./tokens');

const CASES = { '100 tokens': 100, 'every token new': 12_000 };

/** Asks over a connection that stays open, one request after the other; gives the next answer's status line. */
function client(server) {
  const [here, there] = duplexPair();
  server.emit('connection', there);
  let answer = '';
  let answered;
  here.setEncoding('latin1').on('data', (chunk) => {
    answer += chunk;
    if (!isWhole(answer)) return;
    const status = answer.slice(0, 12);
    answer = '';
    answered(status);
  });
  return (text) =>
    new Promise((resolve) => {
      answered = resolve;
      here.write(text);
    });
}

const behindExpress = (candidate) => (setup) => {
  const express = require('express');
  const app = express();
  const logFile = `${setup.setupFile}.${process.pid}.log`;
  const middleware = [candidate.middleware({ ...setup, logFile })].flat();
  if (middleware.length > 0) app.use(middleware);
  app.get('/invoices/:id', (req, res) => res.json({ id: req.params.id, state: 'open' }));
  const ask = client(createServer(app));
  const tokens = setup.tokens.slice(0, CASES[setup.case]);
  return {
    run: async (at) => {
      const status = await ask(requestText(candidate.header, tokens[at % tokens.length], at));
      if (status !== 'HTTP/1.1 200') throw new Error(`Answered: ${status}`);
    },
  };
};

/** Tokens and key; the key by URL too, for express-oauth2-jwt-bearer. */
async function prepare() {
  const { tokens, jwk } = makeTokens('ES256', CASES['every token new']);
  const server = createServer((_req, res) => res.end(JSON.stringify({ keys: [jwk] })));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const jwksUri = `http://127.0.0.1:${server.address().port}/jwks.json`;
  const close = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return { setup: { tokens, jwk, jwksUri, algorithm: 'ES256' }, close };
}

const part = {
  name: 'chain',
  title: 'A request in memory',
  file: __filename,
  cases: Object.keys(CASES),
  base: 'bare Express 5, client included',
  // Much code, which the compiler comes round to late.
  ...{ sliceMs: 300, warmUpMs: 3000, warmUpOperations: 20_000 },
  about: `The candidates of the table above in the same servers, one request at a time, over connections in memory: without system calls, and
with the client in the same process. What a candidate costs is the difference in µs between its row and the first.`,
  prepare,
  subjects: CANDIDATES.map((candidate) => ({
    name: candidate.name,
    baton: candidate.name.startsWith('Baton'),
    make: behindExpress(candidate),
  })),
};

module.exports = part;
runAlone(module, (options) => measurePart(part, options));
