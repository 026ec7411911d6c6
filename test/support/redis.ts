import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import { waitFor } from './wait';

const PROGRAM = 'redis-server';
const isInstalled = spawnSync(PROGRAM, ['--version']).status === 0;
const isRequired = process.env.BATON_REQUIRE_ALL === '1';

/** A `describe` for what needs Redis: left out, and said so, where there is none; with `BATON_REQUIRE_ALL=1` it fails there. */
export const describeWithRedis: jest.Describe = isInstalled || isRequired ? describe : describe.skip;
if (!isInstalled && !isRequired) {
  console.warn(`Left out: tests with Redis. They need the program ${PROGRAM} (apt-get install redis-server).`);
}

/** A Redis of a test's own, which keeps nothing on disk. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function tryStart(port: number): Promise<RedisServer | undefined> {
  const settings = { port, bind: '127.0.0.1', save: '', appendonly: 'no', daemonize: 'no', dir: os.tmpdir() };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(PROGRAM, options, { stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = once(child, 'close').catch((error: unknown) => (printed += String(error)));
  const isReady = await waitFor(`${PROGRAM} on port ${port}`, () =>
    printed.includes('Ready to accept connections')
      ? 'yes'
      : child.exitCode !== null || child.pid === undefined
        ? 'no'
        : false,
  );
  if (isReady === 'no') return undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Starts Redis on a free port, or on the one that is named. */
export async function startRedis(named?: number): Promise<RedisServer> {
  for (let attempt = 0; attempt < 3; attempt++) {
    // Between the look for a free port and the start another process may have taken it.
    const server = await tryStart(named ?? (await freePort()));
    if (server !== undefined) return server;
  }
  throw new Error(`${PROGRAM} could not be started. Is it installed (apt-get install redis-server)?`);
}
