'use strict';

const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

/** Every file below a folder, with its text. */
function readAll(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}

const jsonLines = (text) =>
  text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });

/** The app's request line for a correlation ID; lines are written a moment after the answer. */
async function requestLine(relay, correlationId) {
  const deadline = Date.now() + 5000;
  for (;;) {
    const found = jsonLines(readFileSync(relay.appLogFile, 'utf8')).find(
      (line) => line.type === 'request' && line.correlationId === correlationId,
    );
    if (found !== undefined || Date.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One ID in the four logs of its way: a line each, cut to what a person reads. */
async function followed(relay, correlationId) {
  await relay.iis.flushLog();
  const gateway = jsonLines(readFileSync(relay.gateways.http.accessLogFile, 'utf8'));
  const access = gateway.find((line) => line.requestId === correlationId);
  const iis = readFileSync(relay.iis.w3cLogFile(), 'utf8')
    .split(/\r?\n/)
    .find((line) => ` ${line} `.includes(` ${correlationId} ${correlationId} `));
  const app = await requestLine(relay, correlationId);
  const lambda = jsonLines(readFileSync(relay.lambda.logFile('render-invoice'), 'utf8')).find(
    (line) => line.type === 'function' && line.correlationId === correlationId,
  );
  return [
    { log: 'gateway', found: access && `${access.routeKey} ${access.status}, ${access.responseLatency} ms` },
    { log: 'IIS', found: iis },
    { log: 'app', found: app && `${app.method} ${app.path} ${app.status}, ${app.durationMs} ms, ${app.subject}` },
    { log: 'function', found: lambda && `${lambda.function} ${lambda.outcome}, ${lambda.subject}` },
  ];
}

/** The files in which one of the tokens stands, whole or by its signature. */
function leaks(relay, tokens) {
  const marks = tokens.flatMap((token) => [token, token.split('.')[2]]).filter((mark) => mark.length > 20);
  return readAll(relay.logDirectory)
    .filter(({ text }) => marks.some((mark) => text.includes(mark)) || /eyJ[\w-]{20,}\.eyJ[\w-]{20,}/.test(text))
    .map(({ file }) => file);
}

module.exports = { followed, leaks, readAll, requestLine };
