'use strict';

const { Agent, request } = require('node:http');

const agent = new Agent({ keepAlive: true, maxSockets: 200 });
/** A little longer than the gateways wait for the app. */
const TIMEOUT_MS = 35_000;

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Sends one request and gives what came back, also where nothing did: `error` then. `headers` is a flat list of names and
 * values that is sent as it is: attackers send what no well-behaved client would.
 */
function send(base, { method, path, headers = [], body }) {
  const url = new URL(base);
  const sentAt = Date.now();
  const content =
    body === undefined ? [] : ['Content-Type', 'application/json', 'Content-Length', Buffer.byteLength(body)];
  const options = {
    agent,
    host: url.hostname,
    port: url.port,
    method,
    path: url.pathname.replace(/\/$/, '') + path,
    headers: ['Host', url.host, ...headers, ...content],
  };
  return new Promise((resolve) => {
    const done = (answer) => resolve({ sentAt, answeredAt: Date.now(), status: 0, headers: {}, ...answer });
    const failed = (error) => done({ error: error.code ?? error.message });
    const outgoing = request(options, (incoming) => {
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', failed);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        done({ status: incoming.statusCode, headers: incoming.headers, body: readJson(text) });
      });
    });
    outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', failed);
    outgoing.end(body);
  });
}

const closeConnections = () => agent.destroy();

module.exports = { closeConnections, send };
