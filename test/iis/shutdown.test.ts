import { once } from 'node:events';
import { onDrain, onDraining } from '../../src/core/process-hooks';
import type { ListenOptions, RequestHandler } from '../../src/iis/listen';
import { moduleEnvironment, shutdownRequest, type PlatformModule } from '../../src/local/iis/platform-module';
import { send } from '../support/http-client';
import { hosts, listenAs, TOKEN, type OpenHost } from '../support/hosts';

let exit: jest.SpyInstance;
let exited: Promise<void>;
const running: { close(): Promise<void> }[] = [];

beforeEach(() => {
  exited = new Promise((resolve) => {
    exit = jest.spyOn(process, 'exit').mockImplementation((() => resolve()) as never);
  });
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
  exit.mockRestore();
});

/** Answers /slow when it is let go, and everything else at once. */
function slowApp(): { app: RequestHandler; arrived: Promise<void>; release: () => void } {
  let release = (): void => {};
  let arrive = (): void => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const app: RequestHandler = (request, response) => {
    if (request.url !== '/slow') return void response.end('quick');
    arrive();
    release = () => response.end('slow');
  };
  return { app, arrived, release: () => release() };
}

async function open(module: PlatformModule, app: RequestHandler, options: ListenOptions = {}): Promise<string> {
  const server = await listenAs(moduleEnvironment({ module, port: 0, token: TOKEN }), app, options);
  running.push({
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const shutDown = (base: string, token = TOKEN, path = '/iisintegration'): Promise<number> =>
  fetch(base + path, {
    method: 'POST',
    headers: { 'MS-ASPNETCORE-EVENT': 'shutdown', 'MS-ASPNETCORE-TOKEN': token },
  }).then(({ status }) => status);

const headers = { 'MS-ASPNETCORE-TOKEN': TOKEN };

describe.each<PlatformModule>(['httpPlatform2', 'ancm'])('the shutdown message of %s', (module) => {
  it('is accepted, open requests finish, hooks run, then the process ends', async () => {
    const order: string[] = [];
    const { app, arrived, release } = slowApp();
    const takeBack = onDrain(() => void order.push('trail'));
    const takeBackToo = onDraining(() => void order.push('begun'));
    const base = await open(module, app, { onDrain: async () => void order.push('app') });
    const slow = fetch(`${base}/slow`, { headers }).then((response) => response.text());
    await arrived;
    expect(shutdownRequest({ module, port: 0, token: TOKEN }).path).toBe('/iisintegration');
    expect(await shutDown(base)).toBe(202);
    await expect(fetch(base, { headers })).rejects.toThrow();
    // Told at once, so that answers which last can end.
    expect(order).toEqual(['begun']);
    release();
    expect(await slow).toBe('slow');
    await exited;
    expect(order).toEqual(['begun', 'app', 'trail']);
    takeBack();
    takeBackToo();
  });

  it('is no message with another token, another path or another method', async () => {
    const base = await open(module, slowApp().app);
    expect(await shutDown(base, 'guess')).toBe(403);
    expect(await shutDown(base, TOKEN, '/elsewhere')).toBe(200);
    const event = { ...headers, 'MS-ASPNETCORE-EVENT': 'shutdown' };
    expect((await fetch(`${base}/iisintegration`, { headers: event })).status).toBe(200);
    expect(exit).not.toHaveBeenCalled();
  });
});

it('is no message to HttpPlatformHandler 1.2, whose clients could send it', async () => {
  const base = await open('httpPlatform1', slowApp().app);
  expect(await shutDown(base)).toBe(200);
  expect(exit).not.toHaveBeenCalled();
});

describe('the token of the host', () => {
  const base = (module: PlatformModule): Promise<string> => open(module, (_, response) => response.end('in'));

  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['another one', { 'MS-ASPNETCORE-TOKEN': TOKEN.replace('3', '4') }],
    ['a shorter one', { 'MS-ASPNETCORE-TOKEN': TOKEN.slice(1) }],
    ['an empty one', { 'MS-ASPNETCORE-TOKEN': '' }],
  ])('refuses %s', async (_, given) => {
    for (const module of ['httpPlatform2', 'ancm'] as const) {
      const { status, body } = await send(`${await base(module)}/`, { headers: given });
      expect({ status, body }).toMatchObject({ status: 403, body: { code: 'host_token_invalid' } });
    }
  });
});

describe('draining', () => {
  it('cuts off what takes longer than it may, and says so', async () => {
    const lines: unknown[] = [];
    const keep = (_: string, fields: unknown): number => lines.push(fields);
    const logger = { error: keep, warn: keep, info: keep, debug: keep };
    const { app, arrived } = slowApp();
    const base = await open('ancm', app, { drainTimeoutMs: 0, logger, onDrain: () => Promise.reject(new Error('x')) });
    const slow = fetch(`${base}/slow`, { headers });
    const cut = expect(slow).rejects.toThrow();
    await arrived;
    await shutDown(base);
    await cut;
    await exited;
    expect(lines).toMatchObject([
      { type: 'listening' },
      { type: 'draining', reason: 'shutdown message' },
      { type: 'drained' },
      { type: 'error', error: { message: 'x' } },
    ]);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGBREAK'] as const)('begins at %s, and not under iisnode', async (signal) => {
    const others = process.listeners(signal);
    process.removeAllListeners(signal);
    try {
      const host = (name: string): Promise<OpenHost> =>
        hosts.find((one) => one.name === name)!.open((_, response) => void response.end());
      running.push(await host('iisnode'));
      expect(process.listenerCount(signal)).toBe(0);
      const { server } = await host('no host');
      expect(process.listenerCount(signal)).toBe(1);
      const closed = once(server, 'close');
      process.emit(signal);
      await closed;
      await exited;
      expect(process.listenerCount(signal)).toBe(0);
    } finally {
      for (const listener of others) process.on(signal, listener);
    }
  });

  it('leaves the end to an app that listens for the signal itself', async () => {
    const own = jest.fn();
    process.on('SIGBREAK', own);
    const { server } = await hosts
      .find(({ mode }) => mode === 'standalone')!
      .open((_, response) => void response.end());
    const drained = server.drain('asked before');
    process.emit('SIGBREAK');
    await drained;
    await new Promise(setImmediate);
    expect(own).toHaveBeenCalledTimes(1);
    expect(exit).not.toHaveBeenCalled();
    process.off('SIGBREAK', own);
  });
});
