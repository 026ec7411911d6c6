import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Express } from 'express';
import { BatonError } from '../../src/core/errors';
import { listen, type ListenOptions, type RequestHandler } from '../../src/iis/listen';

const HOST_VARIABLES = [
  'BATON_HOST_MODE',
  'BATON_TRUSTED_PROXIES',
  'HTTP_PLATFORM_TOKEN',
  'PORT',
  'IISNODE_VERSION',
  'HTTP_PLATFORM_PORT',
  'ASPNETCORE_PORT',
  'ASPNETCORE_TOKEN',
];
const before = Object.fromEntries(HOST_VARIABLES.map((name) => [name, process.env[name]]));
const servers: Server[] = [];

beforeEach(() => {
  for (const name of HOST_VARIABLES) delete process.env[name];
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const newPipe = (): string =>
  process.platform === 'win32' ? `\\\\.\\pipe\\${randomUUID()}` : join(tmpdir(), `p-${randomUUID().slice(0, 8)}`);

/** Starts and waits for the address. */
async function start(app: RequestHandler, options: ListenOptions = {}): Promise<{ server: Server; address: string }> {
  let address = '';
  const server = listen(app, { ...options, onListening: (text) => (address = text) });
  servers.push(server);
  await once(server, 'listening');
  return { server, address };
}

function startOnPipe(app: RequestHandler, options: ListenOptions = {}): Promise<{ server: Server; address: string }> {
  process.env['IISNODE_VERSION'] = '0.2.26';
  process.env['PORT'] = newPipe();
  return start(app, options);
}

/** Everything that comes back for raw bytes, until the server closes. */
async function raw(target: { path: string } | { port: number }, text: string): Promise<string> {
  const socket = connect({ ...target, ...('port' in target && { host: '127.0.0.1' }) } as never);
  socket.write(text);
  let reply = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (reply += chunk));
  await once(socket, 'close');
  return reply;
}

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function failure(run: () => unknown): BatonError {
  try {
    run();
  } catch (error) {
    return error as BatonError;
  }
  throw new Error('nothing was thrown');
}

describe('where listen listens', () => {
  it('is the pipe in PORT under iisnode, whatever the port option says', async () => {
    const { server, address } = await startOnPipe((_, response) => response.end('on the pipe'), { port: 1 });
    expect(address).toBe(process.env['PORT']);
    expect(server.address()).toBe(process.env['PORT']);
    expect(await raw({ path: address }, GET)).toContain('on the pipe');
  });

  it.each([
    ['httpPlatform', { HTTP_PLATFORM_PORT: '0' }],
    ['ancm', { ASPNETCORE_PORT: '0', ASPNETCORE_TOKEN: 'guid' }],
  ])('is the loopback port of %s', async (_, environment) => {
    Object.assign(process.env, environment);
    const { server, address } = await start((_, response) => response.end('hosted'), { port: 1 });
    expect(server.address()).toMatchObject({ address: '127.0.0.1' });
    const headers = { 'MS-ASPNETCORE-TOKEN': 'guid' };
    expect(await (await fetch(address, { headers })).text()).toBe('hosted');
  });

  it('is the port option, else PORT, without a host', async () => {
    process.env['PORT'] = '99999';
    const { address } = await start((_, response) => response.end('alone'), { port: 0 });
    expect(await (await fetch(address)).text()).toBe('alone');
    expect(failure(() => listen(() => {}))).toMatchObject({ code: 'listen_failed' });
    process.env['PORT'] = '0';
    expect((await start(() => {})).address).toMatch(/^http:\/\/localhost:\d+$/);
  });

  it('can be told the host mode', async () => {
    process.env['PORT'] = newPipe();
    const { address } = await start((_, response) => response.end('told'), { hostMode: 'iisnode' });
    expect(await raw({ path: address }, GET)).toContain('told');
  });
});

describe('the start', () => {
  it('is told of, with the mode, to the logger', async () => {
    const lines: [string, unknown][] = [];
    const keep = (message: string, fields: unknown): number => lines.push([message, fields]);
    const logger = { error: keep, warn: keep, info: keep, debug: keep };
    const { address } = await start(() => {}, { port: 0, trustedProxies: ['10.0.0.1'], logger });
    expect(lines).toEqual([['Listening, host mode proxy', { type: 'listening', hostMode: 'proxy', address }]]);
    const pipe = await startOnPipe(() => {}, { logger });
    expect(lines.slice(1)).toEqual([
      ['Listening, host mode iisnode', { type: 'listening', hostMode: 'iisnode', address: pipe.address }],
      [
        expect.stringContaining('promoteServerVars="REMOTE_ADDR,HTTPS,UNENCODED_URL"'),
        { type: 'host', missing: ['REMOTE_ADDR', 'HTTPS', 'UNENCODED_URL'] },
      ],
    ]);
  });

  it('waits for warmUp', async () => {
    const order: string[] = [];
    const warmUp = async (): Promise<void> => {
      await new Promise(setImmediate);
      order.push('warm');
    };
    const server = listen(() => {}, { port: 0, warmUp, onListening: () => order.push('listening') });
    servers.push(server);
    expect(server.listening).toBe(false);
    await once(server, 'listening');
    expect(order).toEqual(['warm', 'listening']);
  });

  it('fails with warmUp', async () => {
    const cause = new Error('no database');
    const server = listen(() => {}, { port: 0, warmUp: () => Promise.reject(cause) });
    const [error] = (await once(server, 'error').catch((thrown: unknown) => [thrown])) as [BatonError];
    expect(error).toMatchObject({ code: 'listen_failed', cause });
    expect(server.listening).toBe(false);
  });

  it('leaves an app alone that sets "trust proxy" itself', async () => {
    const express = require('express') as () => Express;
    const own = express();
    own.set('trust proxy', 2);
    const open = express();
    await startOnPipe(own);
    await startOnPipe(open);
    expect(own.get('trust proxy')).toBe(2);
    const trust = open.get('trust proxy') as (address: string | undefined, hop: number) => boolean;
    expect([trust(undefined, 0), trust(undefined, 1), trust('127.0.0.1', 0)]).toEqual([true, false, false]);
    const alone = express();
    await start(alone, { port: 0, hostMode: 'standalone' });
    expect(alone.get('trust proxy')).toBe(false);
  });
});

describe('the timeouts', () => {
  it('leave closing to IIS, and keep Keep-Alive out of responses', async () => {
    const { server, address } = await startOnPipe((_, response) => response.end('ok'));
    expect(server).toMatchObject({ keepAliveTimeout: 0, headersTimeout: 70_000, requestTimeout: 0 });
    const reply = await raw({ path: address }, `GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n${GET}`);
    expect(reply.match(/200 OK/g)).toHaveLength(2);
    expect(reply).not.toMatch(/^Keep-Alive:/im);
  });

  it('outlast a load balancer without IIS', async () => {
    const { server } = await start(() => {}, { port: 0 });
    expect(server).toMatchObject({ keepAliveTimeout: 65_000, headersTimeout: 70_000, requestTimeout: 300_000 });
  });
});

/** Calls everything that iisnode cannot carry, then answers. */
function talkative(response: http.ServerResponse): void {
  const called: string[] = [];
  response.writeContinue(() => called.push('continue'));
  response.writeProcessing();
  response.writeEarlyHints({ link: '</a.css>; rel=preload' }, () => {
    called.push('hints');
    response.setHeader('Trailer', 'X-T');
    response.write('body ');
    response.addTrailers({ 'X-T': '1' });
    response.end(called.join());
  });
}

const FRAMEWORKS: [string, () => RequestHandler][] = [
  ['node:http', () => (_, response) => talkative(response)],
  ...['express', 'express4'].map((name): [string, () => RequestHandler] => [
    name,
    () => {
      const app = (require(name) as () => Express)();
      app.get('/x', (_, response) => talkative(response));
      app.post('/x', (_, response) => talkative(response));
      return app;
    },
  ]),
];

describe.each(FRAMEWORKS)('only final responses leave an app on %s', (_, makeApp) => {
  it('under iisnode, and it is told once', async () => {
    const warnings: string[] = [];
    const silent = (): void => {};
    const logger = { error: silent, info: silent, debug: silent, warn: (text: string) => warnings.push(text) };
    const { address } = await startOnPipe(makeApp(), { logger });
    for (let i = 0; i < 2; i++) {
      const reply = await raw({ path: address }, GET);
      expect(reply).toMatch(/^HTTP\/1\.1 200 /);
      expect(reply.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(reply).toMatch(/continue,hints\r\n0\r\n\r\n$/);
    }
    const calls = warnings.filter((text) => text.startsWith('response.'));
    expect(calls.map((text) => text.split('(')[0])).toEqual([
      'response.writeContinue',
      'response.writeProcessing',
      'response.writeEarlyHints',
      'response.addTrailers',
    ]);
  });

  it('under iisnode, also to a request that expects 100 Continue', async () => {
    const { address } = await startOnPipe(makeApp());
    const request =
      'POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx';
    const reply = await raw({ path: address }, request);
    expect(reply).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('but nothing is taken away without iisnode', async () => {
    const { server } = await start(makeApp(), { port: 0 });
    const reply = await raw({ port: (server.address() as { port: number }).port }, GET);
    expect(reply).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints/,
    );
    expect(reply).toContain('X-T: 1');
  });
});

it('leaves the global ServerResponse alone', async () => {
  const own = Object.getOwnPropertyNames(http.ServerResponse.prototype);
  const { writeEarlyHints } = http.ServerResponse.prototype;
  await startOnPipe(() => {});
  expect(Object.getOwnPropertyNames(http.ServerResponse.prototype)).toEqual(own);
  expect(http.ServerResponse.prototype.writeEarlyHints).toBe(writeEarlyHints);
});

describe('what listen refuses', () => {
  it.each([
    ['an app that is none', () => listen({} as never), 'option_invalid'],
    ['an unknown option', () => listen(() => {}, { prot: 1 } as never), 'option_unknown'],
    ['a port that is none', () => listen(() => {}, { port: 70_000 }), 'option_invalid'],
    ['an unknown host mode', () => listen(() => {}, { hostMode: 'iis' as never }), 'option_invalid'],
    ['a proxy without a name', () => listen(() => {}, { hostMode: 'proxy' }), 'option_invalid'],
    ['a name that is no address', () => listen(() => {}, { trustedProxies: ['proxy.local'] }), 'option_invalid'],
    ['everybody for a proxy', () => listen(() => {}, { trustedProxies: ['0.0.0.0/0'] }), 'option_invalid'],
    ['a network that is none', () => listen(() => {}, { trustedProxies: ['10.0.0.0/33'] }), 'option_invalid'],
    ['proxies that are no list', () => listen(() => {}, { trustedProxies: '10.0.0.1' as never }), 'option_invalid'],
    [
      'proxies where none is believed',
      () => listen(() => {}, { hostMode: 'standalone', trustedProxies: ['10.0.0.1'] }),
      'option_invalid',
    ],
    ['the ASP.NET Core Module without its token', () => listen(() => {}, { hostMode: 'ancm' }), 'listen_failed'],
    ['iisnode without a pipe', () => listen(() => {}, { hostMode: 'iisnode' }), 'listen_failed'],
    ['a host without a port', () => listen(() => {}, { hostMode: 'httpPlatform' }), 'listen_failed'],
  ])('is %s', (_, run, code) => {
    expect(failure(run)).toMatchObject({ code });
  });

  it('says what to do about a port in use, to every listener, with the cause kept', async () => {
    const { server } = await start(() => {}, { port: 0 });
    const second = listen(() => {}, { port: (server.address() as { port: number }).port });
    const seen: unknown[] = [];
    second.on('error', (error) => seen.push(error));
    const [error] = (await once(second, 'error').catch((thrown: unknown) => [thrown])) as [BatonError];
    expect(error).toBeInstanceOf(BatonError);
    expect(error).toMatchObject({ code: 'listen_failed', cause: { code: 'EADDRINUSE' } });
    expect(error.message).toContain('set PORT or the option "port"');
    expect(seen).toEqual([error]);
  });

  it('leaves errors of a server that listens as they are', async () => {
    const { server } = await start(() => {}, { port: 0 });
    const later = new Error('later');
    const caught = once(server, 'error').catch((thrown: unknown) => [thrown]);
    server.emit('error', later);
    expect((await caught)[0]).toBe(later);
  });
});
