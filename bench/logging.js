'use strict';
// One line a request, into a file: the same fields, from the same data; that they are the same, and all there, is checked.
const { closeSync, createReadStream, openSync, rmSync, writeSync } = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { setImmediate: nextTurn } = require('node:timers/promises');
const { measurePart } = require('./harness');
const { DIST } = require('./nodes');
const { runAlone } = require('./part-options');

/** A server lets the event loop turn between requests; loggers that write behind them need it. */
const LINES_A_TURN = 20;
/** Some 40 kB. */
const LINES_A_WRITE = 128;

const correlationId = 'JjvfHjqAjoEEPXw=';
const user = Object.freeze({
  subject: 'entra:user-7',
  roles: Object.freeze(['clerk']),
  transactionId: '0b6f1d5c-7a3e-4d39-9b43-5f0f4f1f7a11',
});
const policy = 'sha256-Qk9y2m0p2vY';

/** What the middleware says of a request, and what the context adds. */
const fieldsOf = (at) => ({
  type: 'request',
  method: 'GET',
  path: `/invoices/${at % 1000}`,
  status: 200,
  durationMs: (at % 97) / 10,
  roles: user.roles,
  transactionId: user.transactionId,
  policy,
});
const CONTEXT = { correlationId, subject: user.subject };

/** Two members set: to spread the fields into a new object would cost Node 20 more than the line. */
function withContext(fields) {
  fields.correlationId = CONTEXT.correlationId;
  fields.subject = CONTEXT.subject;
  return fields;
}

/** Lines that are there, each with the fields that it must have; a logger that leaves some out would win. */
async function checkLines(file, count) {
  let at = 0;
  // Line by line: on a fast machine all of them are more than one string can hold.
  for await (const text of createInterface({ input: createReadStream(file) })) checkLine(text, at++);
  rmSync(file);
  if (at !== count) throw new Error(`${at} lines are in the file, and ${count} were logged.`);
}

function checkLine(text, at) {
  const line = JSON.parse(text);
  const expected = { ...CONTEXT, ...fieldsOf(at) };
  const wrong = Object.keys(expected).filter((name) => JSON.stringify(line[name]) !== JSON.stringify(expected[name]));
  if (line.timestamp === undefined || line.level !== 'info' || line.message !== 'request') wrong.push('its head');
  if (wrong.length > 0) throw new Error(`Line ${at} differs in ${wrong.join(', ')}: ${text}`);
}

/** From `log(fields, at)` and `finish()` to what is measured. */
const logging = (makeLogger) => (setup) => {
  const file = `${setup.setupFile}.${process.pid}.jsonl`;
  const { log, settle = nextTurn, finish } = makeLogger(file);
  return {
    run: (at) => {
      log(fieldsOf(at));
      return at % LINES_A_TURN === 0 ? nextTurn() : undefined;
    },
    settle,
    check: async (count) => {
      await finish();
      await checkLines(file, count);
    },
  };
};

/** The least that can be done: one JSON.stringify a line, many at a time. */
function byHand(file) {
  const descriptor = openSync(file, 'a');
  let waiting = [];
  const settle = () => {
    writeSync(descriptor, Buffer.from(waiting.join('')));
    waiting = [];
  };
  const log = (fields) => {
    const head = `{"timestamp":"${new Date().toISOString()}","level":"info","message":"request",`;
    waiting.push(`${head}${JSON.stringify(withContext(fields)).slice(1)}\n`);
    if (waiting.length === LINES_A_WRITE) settle();
  };
  return { log, settle, finish: () => closeSync(descriptor) };
}

function baton(file) {
  const { runInContext } = require(path.join(DIST, 'context/storage.js'));
  const { createLogger } = require(path.join(DIST, 'logging.js'));
  const logger = createLogger({ file });
  const record = { context: Object.freeze({ correlationId, user }), logger, audit: {} };
  return {
    log: (fields) => runInContext(record, () => logger.info('request', fields)),
    // Its lines are written after 100 ms at the latest.
    finish: () => new Promise((resolve) => setTimeout(resolve, 500)),
  };
}

function winston(file) {
  const { createLogger, format, transports } = require('winston');
  const transport = new transports.File({ filename: file });
  const logger = createLogger({ format: format.combine(format.timestamp(), format.json()), transports: [transport] });
  // What it has taken and not written yet: its buffers would grow with the slice.
  const settle = async () => {
    while (logger.writableLength + transport.writableLength + transport._stream.writableLength > 0) await nextTurn();
  };
  const finish = () =>
    new Promise((resolve) => transport.once('finish', () => setTimeout(resolve, 500)) && logger.end());
  return { log: (fields) => logger.info('request', withContext(fields)), settle, finish };
}

function pino(file) {
  const library = require('pino');
  const destination = library.destination({ dest: file, sync: false, minLength: 4096 });
  const options = {
    base: null,
    messageKey: 'message',
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (level) => ({ level }) },
  };
  const logger = library(options, destination);
  const flushed = () =>
    new Promise((resolve, reject) => destination.flush((error) => (error ? reject(error) : resolve())));
  return { log: (fields) => logger.info(withContext(fields), 'request'), settle: flushed, finish: flushed };
}

const part = {
  name: 'logging',
  title: 'A line a request',
  file: __filename,
  cases: ['13 fields, into a file'],
  base: '`JSON.stringify` into a buffered file',
  about: `No server: the line of a request, into a file, until it is written; the event loop turns every ${LINES_A_TURN} lines. Each file is read at
the end: as many lines as were logged, with the same fields and values. Only Baton's logger takes the caller out of the context and
looks for tokens and secrets in what it writes.`,
  subjects: [
    { name: 'JSON.stringify', make: logging(byHand) },
    { name: 'Baton: createLogger({ file })', baton: true, make: logging(baton) },
    { name: 'winston, File, timestamp and json', make: logging(winston) },
    { name: 'pino, async, 4 kB at a time', make: logging(pino) },
  ],
};

module.exports = part;
runAlone(module, (options) => measurePart(part, options));
