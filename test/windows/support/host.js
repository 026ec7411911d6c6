'use strict';
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { renameSync } = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const readline = require('node:readline');

// Plays IIS inside Windows: starts apps as iisnode does, terminates them, and lets the test, which runs outside, reach
// their named pipes over TCP. Commands come and answers go over the one connection that it makes to the test: Node's own
// channel between parent and child does not reach through Wine. When that connection ends, so does everything here.

const apps = new Map();

/** How long a connection to a pipe is tried: iisnode tries again too, where all instances of a pipe are taken. */
const PATIENCE_MS = 2000;

/** A connection to the pipe; undefined where there was none when it was over. */
async function connectTo(pipe, isOver) {
  for (;;) {
    const socket = net.connect(pipe);
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (isOpen) return socket;
    socket.destroy();
    if (isOver()) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Joins a connection from outside with one to the pipe, until either ends. */
async function join(outside, pipe) {
  outside.on('error', () => outside.destroy());
  const deadline = Date.now() + PATIENCE_MS;
  const inside = await connectTo(pipe, () => Date.now() > deadline);
  if (inside === undefined) return outside.destroy();
  outside.on('close', () => inside.destroy());
  inside.on('error', () => outside.destroy()).on('close', () => outside.destroy());
  return outside.pipe(inside).pipe(outside);
}

const commands = {
  /** Starts an app on a pipe; answers with the process ID that Windows gave it. */
  async startApp({ interceptor, script, pipe, environment }) {
    const app = spawn(process.execPath, [interceptor, script], {
      cwd: path.dirname(script),
      env: { ...process.env, IISNODE_VERSION: '0.2.26', ...environment, PORT: pipe },
      stdio: ['ignore', 'ignore', 'pipe'],
      windowsHide: true,
    });
    app.printed = '';
    app.stderr.on('data', (chunk) => (app.printed += chunk));
    apps.set(app.pid, app);
    const opened = await connectTo(pipe, () => app.exitCode !== null || app.signalCode !== null);
    if (opened === undefined) throw new Error(`The app ended: ${app.printed}`);
    opened.destroy();
    return app.pid;
  },

  /** Windows' TerminateProcess: no handler of the app runs. */
  async terminate(pid) {
    const app = apps.get(pid);
    const ended = once(app, 'exit');
    app.kill('SIGKILL');
    await ended;
    apps.delete(pid);
  },

  /** A TCP port on which each connection is one to the pipe. */
  async bridge(pipe) {
    const server = net.createServer({ pauseOnConnect: true }, (outside) => void join(outside, pipe));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  },

  /** Over a file that is there, as editors and deployments replace files. */
  replace: ({ draft, file }) => renameSync(draft, file),
};

async function answer(line) {
  const { id, command, argument } = JSON.parse(line);
  try {
    return { id, value: await commands[command](argument) };
  } catch (error) {
    return { id, error: error.stack };
  }
}

function end() {
  for (const app of apps.values()) app.kill('SIGKILL');
  process.exit(0);
}

const test = net.connect(Number(process.argv[2]), '127.0.0.1');
test.on('error', end).on('close', end);
readline.createInterface({ input: test }).on('line', async (line) => {
  test.write(`${JSON.stringify(await answer(line))}\n`);
});
