'use strict';
const { spawn, spawnSync } = require('node:child_process');
const http = require('node:http');

/** Longest that one command may take, in milliseconds: npm fetches packages. */
const TIMEOUT_MS = 180_000;

/** Runs a command to its end and gives what it printed on its standard output: as loud as usual, however this was started. */
function run(command, cwd, expectedExit = 0) {
  const { status, stdout, stderr, error } = spawnSync(command, {
    cwd,
    shell: true,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    env: { ...process.env, npm_config_update_notifier: 'false', npm_config_loglevel: 'notice' },
  });
  if (error) throw error;
  if (status !== expectedExit) throw new Error(`"${command}" ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** Starts a command that runs on, and resolves when it has printed `text`. */
function start(command, cwd, text) {
  const child = spawn(command, { cwd, shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let [stdout, stderr] = ['', ''];
  child.stderr.setEncoding('utf8').on('data', (piece) => (stderr += piece));
  const ready = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`"${command}" did not say "${text}":\n${stdout}${stderr}`)), 60_000);
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      stdout += piece;
      if (stdout.includes(text)) {
        clearTimeout(late);
        resolve(stdout);
      }
    });
    ended.then((status) => {
      clearTimeout(late);
      reject(new Error(`"${command}" ended with ${status}:\n${stdout}${stderr}`));
    });
  });
  return {
    ready,
    async stop() {
      // npx, the shell and Baton: all of the group, as Ctrl-C in a terminal.
      if (child.exitCode === null) process.kill(-child.pid, 'SIGINT');
      await ended;
    },
  };
}

/** What `curl -i` prints: status line, headers as they came, body. Like curl it would use the connection again. */
function curl(url, token) {
  const agent = new http.Agent({ keepAlive: true });
  const headers = { Accept: '*/*', 'User-Agent': 'curl', ...(token && { Authorization: `Bearer ${token}` }) };
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers, agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece) => (body += piece));
      response.once('error', reject).once('end', () => {
        const { rawHeaders: raw, statusCode, statusMessage } = response;
        const lines = raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []));
        const text = [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines, '', body].join('\n');
        agent.destroy();
        resolve({ status: statusCode, body, text });
      });
    });
    request.once('error', reject).setTimeout(30_000, () => request.destroy(new Error(`${url} did not answer`)));
  });
}

module.exports = { run, start, curl };
