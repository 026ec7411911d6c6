'use strict';
// The caller's identity, anywhere below a request: what it costs to open its context and to read it behind a few awaits.
const { AsyncLocalStorage } = require('node:async_hooks');
const path = require('node:path');
const { measurePart } = require('./harness');
const { DIST } = require('./nodes');
const { runAlone } = require('./part-options');

const REQUEST = 'a request: opened, read behind 8 awaits';
const READ = 'one read';
const AWAITS = 8;
const user = Object.freeze({ subject: 'entra:user-7', roles: ['clerk'], transactionId: 'txn-1' });

const step = async () => {};

/** What a handler does: it waits for this and that, and somewhere below reads who asks. */
async function handler(read) {
  for (let waited = 0; waited < AWAITS; waited++) await step();
  if (read() !== user) throw new Error('Another user, or none.');
}

/** From `open(work)` and `read()` to what is measured. */
const contextOf = (makeContext) => async (setup) => {
  const { open, read } = makeContext();
  if (setup.case === REQUEST) return { run: () => open(() => handler(read)) };
  // All reads of a slice below one request.
  const READS = 100;
  const readAll = () => {
    for (let at = 0; at < READS; at++) if (read() !== user) throw new Error('Another user, or none.');
  };
  return { run: () => open(readAll), each: READS };
};

function argument() {
  let current;
  return {
    open: (work) => {
      current = user;
      return work();
    },
    read: () => current,
  };
}

function bareStorage() {
  const storage = new AsyncLocalStorage();
  return { open: (work) => storage.run({ user }, work), read: () => storage.getStore()?.user };
}

function baton() {
  const { runInContext } = require(path.join(DIST, 'context/storage.js'));
  const { currentUser } = require(path.join(DIST, 'context.js'));
  const sinks = { logger: {}, audit: {} };
  const open = (work) => runInContext({ context: Object.freeze({ correlationId: 'c-1', user }), ...sinks }, work);
  return { open, read: currentUser };
}

function clsHooked() {
  const session = require('cls-hooked').createNamespace('session');
  return {
    open: (work) =>
      session.runAndReturn(() => {
        session.set('user', user);
        return work();
      }),
    read: () => session.get('user'),
  };
}

const part = {
  name: 'context',
  title: 'Carrying the user',
  file: __filename,
  cases: [REQUEST, READ],
  base: 'AsyncLocalStorage, bare',
  about: `No server. A request opens a context with its user, waits ${AWAITS} times and reads the user; "one read" is the read alone, many
of them below one request. "A variable" holds one user for the process, which no server can: it shows what is left without any context.`,
  subjects: [
    { name: 'AsyncLocalStorage, bare', make: contextOf(bareStorage) },
    { name: 'Baton: currentUser()', baton: true, make: contextOf(baton) },
    { name: 'cls-hooked', make: contextOf(clsHooked) },
    { name: 'a variable', make: contextOf(argument) },
  ],
};

module.exports = part;
runAlone(module, (options) => measurePart(part, options));
