'use strict';

const { request } = require('node:http');

/**
 * Sends one request and reads the whole answer. `headers` is a flat list of names and values, sent as it is: some steps
 * of the demo send what no well-behaved client would.
 */
function send(base, method, path, headers = []) {
  const url = new URL(base);
  const options = {
    host: url.hostname,
    port: url.port,
    method,
    path: url.pathname.replace(/\/$/, '') + path,
    headers: ['Host', url.host, ...headers],
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const chunks = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        resolve({
          status: incoming.statusCode,
          headers: incoming.headers,
          body: readJson(Buffer.concat(chunks).toString('utf8')),
        });
      });
    });
    outgoing.setTimeout(30_000, () => outgoing.destroy(new Error(`${method} ${path} took longer than 30 s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

module.exports = { send };
