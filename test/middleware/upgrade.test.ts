import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { listen as hostedListen, type ListenOptions } from '../../src/iis/listen';
import { currentUser, verifyUpgrade, type UpgradeOptions } from '../../src/index';
import { codeOf } from '../support/errors';
import { NOW, travellingClaims } from '../support/tokens';
import {
  appWith,
  as,
  brokenLogger,
  clock,
  eventually,
  EXPRESSES,
  memoryLog,
  policyOf,
  raw,
  type ExpressModule,
  type MemoryLog,
} from './apps';

const servers: Server[] = [];
const clients: WebSocket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

interface Echo {
  readonly port: number;
  readonly server: Server;
  readonly log: MemoryLog;
}

/** An app whose WebSocket answers each message with who sent it. */
async function startEcho(
  express: ExpressModule = EXPRESSES[0]![1],
  options: Partial<UpgradeOptions> & { readonly unverified?: boolean; readonly listen?: ListenOptions } = {},
): Promise<Echo> {
  const { unverified = false, listen = {}, ...upgrade } = options;
  const { app, log } = appWith(express);
  const server = hostedListen(app, { port: 0, hostMode: 'standalone', logger: log.logger, ...listen });
  servers.push(server);
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('connection', (socket) => {
    socket.on('message', (text) => socket.send(`${String(text)} from ${currentUser()?.subject}`));
  });
  const accept: Parameters<typeof verifyUpgrade>[0] = (req, socket, head) =>
    sockets.handleUpgrade(req, socket, head, (connection) => sockets.emit('connection', connection, req));
  if (unverified) server.on('upgrade', accept);
  else server.on('upgrade', verifyUpgrade(accept, { policy: policyOf(), clock, logger: log.logger, ...upgrade }));
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server, log };
}

function open(port: number, path: string, headers: Record<string, string> = {}): WebSocket {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
  clients.push(client);
  client.on('error', () => undefined);
  return client;
}

/** The status that refuses the upgrade, and the answer's body. */
async function refusal(client: WebSocket): Promise<{ status: number; body: Record<string, unknown> }> {
  const [, response] = (await once(client, 'unexpected-response')) as [unknown, import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode!, body: JSON.parse(text) as Record<string, unknown> };
}

describe.each(EXPRESSES)('a verified upgrade beside %s', (_name, express) => {
  it('is let in as its caller, in whose context its messages are handled', async () => {
    const { port, log } = await startEcho(express);
    const client = open(port, '/invoices/7', { ...as({ sub: 'entra:ada' }), 'X-Correlation-Id': 'c-1' });
    await once(client, 'open');
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('hello from entra:ada');
    client.close();
    const lines = await log.until('upgrade', 2);
    expect(lines).toEqual([
      expect.objectContaining({ outcome: 'opened', path: '/invoices/7', correlationId: 'c-1', subject: 'entra:ada' }),
      expect.objectContaining({ outcome: 'closed', correlationId: 'c-1', durationMs: expect.any(Number) }),
    ]);
    expect(log.of('audit')).toEqual([
      expect.objectContaining({ event: 'access', outcome: 'allowed', rule: '/routes/4', subject: 'entra:ada' }),
    ]);
  });

  it('never sees another connection’s caller', async () => {
    const { port } = await startEcho(express);
    const names = Array.from({ length: 10 }, (_, i) => `entra:${i}`);
    const open10 = names.map((sub) => open(port, '/invoices/7', as({ sub })));
    await Promise.all(open10.map((client) => once(client, 'open')));
    const answers = open10.map((client) => once(client, 'message'));
    for (const client of [...open10].reverse()) client.send('hi');
    expect((await Promise.all(answers)).map(([text]) => String(text))).toEqual(names.map((sub) => `hi from ${sub}`));
  });

  it('that nobody listens for is a request like any other', async () => {
    const { app } = appWith(express);
    const server = hostedListen(app, { port: 0, hostMode: 'standalone' });
    servers.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await refusal(open(port, '/invoices/7'))).toMatchObject({ status: 401, body: { code: 'identity_missing' } });
    expect(await refusal(open(port, '/invoices/7', as()))).toMatchObject({ status: 200 });
  });
});

describe('a refused upgrade', () => {
  const rows: [string, string, Record<string, string>, number, string, Partial<UpgradeOptions>?][] = [
    ['without identity', '/invoices/7', {}, 401, 'identity_missing'],
    ['with a token that is none', '/invoices/7', { 'Txn-Token': 'x' }, 401, 'token_invalid'],
    ['with a look-alike header', '/invoices/7', { ...as(), Txn_Token: 'x' }, 400, 'identity_header_invalid'],
    ['without the permission', '/invoices/7', as({ roles: [] }), 403, 'permission_denied'],
    ['on a route that is not listed', '/elsewhere', as(), 403, 'route_not_listed'],
    [
      'from a page of another site',
      '/invoices/7',
      { ...as(), Origin: 'https://evil.example' },
      403,
      'permission_denied',
    ],
    ['from a page that hides its site', '/invoices/7', { ...as(), Origin: 'null' }, 403, 'permission_denied'],
    [
      'from a page that is not on the list',
      '/invoices/7',
      { ...as(), Origin: 'https://app.example.com:8443' },
      403,
      'permission_denied',
      { origins: ['https://app.example.com'] },
    ],
  ];
  it.each<[string, string, Record<string, string>, number, string, Partial<UpgradeOptions>?]>(rows)(
    '%s gets a problem, is logged, and its connection ends',
    async (_name, path, headers, status, code, options = {}) => {
      const { port, log } = await startEcho(undefined, options);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      const handshake = [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ];
      const answer = await raw(port, [`GET ${path} HTTP/1.1`, 'Host: app', ...handshake, ...lines]);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).toMatch(/\r\nConnection: close\r\n/);
      expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ code, correlationId: expect.any(String) });
      expect(log.of('error')).toEqual([expect.objectContaining({ code, level: 'warn' })]);
      expect(log.of('audit')).toEqual([expect.objectContaining({ outcome: 'denied' })]);
      expect(log.of('upgrade')).toEqual([]);
    },
  );

  it.each([
    ['the request’s own host', {}, (port: number) => `http://127.0.0.1:${port}`],
    ['a host on the list', { origins: ['https://app.example.com'] }, () => 'https://app.example.com'],
  ])('is not that of a page of %s', async (_name, options, origin) => {
    const { port } = await startEcho(undefined, options);
    await once(open(port, '/invoices/7', { ...as(), Origin: origin(port) }), 'open');
  });

  it('behind a request that is still being answered ends the connection, and not the process', async () => {
    const log = memoryLog();
    let finish: (() => void) | undefined;
    const server = hostedListen((_req, res) => void (finish = () => res.end()), { port: 0, hostMode: 'standalone' });
    servers.push(server);
    server.on(
      'upgrade',
      verifyUpgrade(() => undefined, { policy: policyOf(), clock, logger: log.logger }),
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const reply = await raw(port, [
      'GET / HTTP/1.1',
      'Host: a',
      '',
      'GET / HTTP/1.1',
      'Host: a',
      'Connection: Upgrade',
      'Upgrade: x',
    ]);
    finish?.();
    expect(reply).toBe('');
    expect(server.listening).toBe(true);
  });
});

describe('listen()', () => {
  it('refuses upgrades for listeners that verify nobody, and says what to do', async () => {
    const { port, log } = await startEcho(undefined, { unverified: true });
    expect(await refusal(open(port, '/invoices/7', as()))).toMatchObject({
      status: 500,
      body: { code: 'upgrade_unverified' },
    });
    expect(log.of('error')).toEqual([expect.objectContaining({ message: expect.stringContaining('verifyUpgrade()') })]);
  });

  it('refuses them where one listener verifies and another does not', async () => {
    const { port, server } = await startEcho();
    server.once('upgrade', (_req, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    expect(await refusal(open(port, '/invoices/7', as()))).toMatchObject({ status: 500 });
  });

  it('lets them through where the app says that nobody need be verified', async () => {
    const { port } = await startEcho(undefined, {
      unverified: true,
      listen: { unsafelyAllowUnverifiedUpgrades: true },
    });
    const client = open(port, '/anything');
    await once(client, 'open');
    client.send('hi');
    expect(String((await once(client, 'message'))[0])).toBe('hi from undefined');
  });

  it('asks an upgrade for the host’s token like any other request', async () => {
    process.env['HTTP_PLATFORM_PORT'] = '0';
    process.env['ASPNETCORE_PORT'] = '0';
    process.env['ASPNETCORE_TOKEN'] = 'host-token';
    try {
      const { port } = await startEcho(undefined, { listen: { hostMode: 'ancm' } });
      expect(await refusal(open(port, '/invoices/7', as()))).toMatchObject({
        status: 403,
        body: { code: 'host_token_invalid' },
      });
      await once(open(port, '/invoices/7', { ...as(), 'MS-ASPNETCORE-TOKEN': 'host-token' }), 'open');
    } finally {
      for (const name of ['HTTP_PLATFORM_PORT', 'ASPNETCORE_PORT', 'ASPNETCORE_TOKEN']) delete process.env[name];
    }
  });

  it('ends open connections when it drains', async () => {
    const { port, server } = await startEcho();
    const client = open(port, '/invoices/7', as());
    await once(client, 'open');
    const closed = once(client, 'close');
    await (server as unknown as { drain: (reason: string) => Promise<void> }).drain('test');
    await closed;
  });
});

describe('verifyUpgrade()', () => {
  it('ends the connection when its caller’s sign-in does, but where the app says otherwise', async () => {
    const shortly = { clock: () => (NOW + 29.95) * 1000 };
    const caller = as({ rctx: { ...travellingClaims.rctx, idp_exp: NOW + 30 } });
    const kept = open((await startEcho(undefined, { ...shortly, endWithSignIn: false })).port, '/invoices/7', caller);
    await once(kept, 'open');
    const { port, log } = await startEcho(undefined, shortly);
    await once(open(port, '/invoices/7', caller), 'close');
    const lines = await log.until('upgrade', 3);
    expect(lines.map(({ outcome }) => outcome)).toEqual(['opened', 'expired', 'closed']);
    expect(kept.readyState).toBe(WebSocket.OPEN);
  });

  it('closes the connection that its app could not take over, and tells why', async () => {
    const log = memoryLog();
    const server = hostedListen(() => undefined, { port: 0, hostMode: 'standalone', logger: log.logger });
    servers.push(server);
    const accept = (): void => {
      throw new Error('no room');
    };
    server.on('upgrade', verifyUpgrade(accept, { policy: policyOf(), clock, logger: log.logger }));
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const caller = as();
    // The first token has to be verified; the second time that is known.
    for (const count of [1, 2]) {
      const client = open(port, '/invoices/7', caller);
      await new Promise((resolve) => client.on('close', resolve));
      expect(log.of('error')).toHaveLength(count);
      await log.until('upgrade', 2 * count);
    }
    const line = { level: 'error', code: 'internal', subject: 'entra:ada', error: { cause: { message: 'no room' } } };
    expect(log.of('error')).toMatchObject([line, line]);
  });

  it('goes on with a logger that throws', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const logger = brokenLogger();
    const { port } = await startEcho(undefined, { logger, audit: { record: () => undefined } });
    const client = open(port, '/invoices/7', as());
    await once(client, 'open');
    client.terminate();
    expect(await refusal(open(port, '/elsewhere', as()))).toMatchObject({ status: 403 });
    // Told by the process's own logger: there is no context yet whose logger it could be.
    const printed = [
      jest.spyOn(console, 'log').mockReturnValue(),
      jest.spyOn(process.stdout, 'write').mockReturnValue(true),
    ];
    const replaced = { ...as(), 'X-Correlation-Id': 'not one' };
    expect(await refusal(open(port, '/invoices/7', replaced))).toMatchObject({ status: 500 });
    for (const spy of printed) spy.mockRestore();
    // Errors are told of once a process too, and may have been before this test.
    const untold = 'Connections are not logged: the disk is gone';
    await eventually(() => warned.mock.calls.some(([text]) => text === untold));
    warned.mockRestore();
  });

  it('survives a client that leaves while it is verified', async () => {
    const { port, server } = await startEcho();
    const socket = connect(port, '127.0.0.1');
    const token = as()['Txn-Token'];
    socket.write(
      `GET /invoices/7 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTxn-Token: ${token}\r\n\r\n`,
    );
    await new Promise(setImmediate);
    socket.resetAndDestroy();
    await once(open(port, '/invoices/7', as()), 'open');
    expect(server.listening).toBe(true);
  });

  it.each([
    ['nothing that takes over', undefined, {}, 'option_invalid'],
    ['an unknown option', () => undefined, { origin: 'x' }, 'option_unknown'],
    ['an origin with a path', () => undefined, { origins: ['https://a.example/x'] }, 'option_invalid'],
    ['one origin that is no list', () => undefined, { origins: 'https://a.example' }, 'option_invalid'],
  ])('is not made with %s', async (_name, accept, options, code) => {
    expect(await codeOf(() => verifyUpgrade(accept as never, { policy: policyOf(), ...options } as never))).toBe(code);
  });
});
