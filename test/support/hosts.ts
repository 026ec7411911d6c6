import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { HostMode } from '../../src/iis/host-mode';
import { listen, type HostedServer, type ListenOptions, type RequestHandler } from '../../src/iis/listen';
import { arrHeaders } from '../../src/local/iis/arr-proxy';
import { PipeConnection } from '../../src/local/iis/pipe-connection';
import { moduleEnvironment, moduleHeaders, type PlatformModule } from '../../src/local/iis/platform-module';
import { receive, type Header, type ReceivedRequest } from '../../src/local/iis/received-request';
import { serialiseHead, type SerialiserSettings } from '../../src/local/iis/request-serialiser';
import { ResponseReader, type ResponseHead } from '../../src/local/iis/response-reader';
import { withQuery } from '../../src/local/iis/url-rewrite';

/** The proxies that hosts under test are told to trust: a network of load balancers, and the machine with ARR. */
export const TRUSTED = ['10.0.0.0/8', '127.0.0.7'];
export const TOKEN = '3f2b9c1e-7d54-4c8a-9a11-0d6f7f1c2b3a';

export interface HostAnswer extends ResponseHead {
  readonly body: string;
}

/** An app, started by a host, with the host in front of it. */
export interface OpenHost {
  readonly server: HostedServer;
  /** What comes back for a request as IIS has it. */
  send(request: ReceivedRequest, body?: string): Promise<HostAnswer>;
  close(): Promise<void>;
}

/** One way to host an app: how it is started, and what becomes of a request on the way to it. */
export interface Host {
  readonly name: string;
  readonly mode: HostMode;
  /** What of a client this host can tell. */
  readonly tells: readonly ('address' | 'protocol' | 'rawUrl' | 'windowsUser' | 'proxies')[];
  open(app: RequestHandler, options?: ListenOptions): Promise<OpenHost>;
}

const VARIABLES = [
  ...['PORT', 'IISNODE_VERSION', 'HTTP_PLATFORM_PORT', 'HTTP_PLATFORM_TOKEN', 'HTTP_PLATFORM_APPL_PATH'],
  ...['ASPNETCORE_PORT', 'ASPNETCORE_TOKEN', 'ASPNETCORE_APPL_PATH', 'BATON_HOST_MODE', 'BATON_TRUSTED_PROXIES'],
];

/** Listens as a process with these variables and this script would. */
export async function listenAs(
  environment: Readonly<Record<string, string>>,
  app: RequestHandler,
  { script, ...options }: ListenOptions & { readonly script?: string } = {},
): Promise<HostedServer> {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  const [, scriptBefore] = process.argv;
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, environment);
  if (script !== undefined) process.argv[1] = script;
  try {
    const server = listen(app, options);
    await once(server, 'listening');
    return server;
  } finally {
    if (scriptBefore !== undefined) process.argv[1] = scriptBefore;
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

async function closeServer(server: HostedServer): Promise<void> {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

async function exchange(target: NetConnectOpts, method: string, head: Buffer, body: string): Promise<HostAnswer> {
  const socket = connect(target);
  await once(socket, 'connect');
  const connection = new PipeConnection(socket);
  try {
    await connection.send(Buffer.concat([head, Buffer.from(body)]));
    const reader = new ResponseReader(connection, method, 65_536);
    const answer = await reader.readHead();
    const chunks: Buffer[] = [];
    for await (const chunk of reader.readBody(answer)) chunks.push(chunk);
    return { ...answer, body: Buffer.concat(chunks).toString() };
  } finally {
    connection.destroy();
  }
}

const headOf = ({ method, rawTarget }: ReceivedRequest, headers: readonly Header[]): Buffer =>
  Buffer.from(
    `${[`${method} ${rawTarget} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`,
    'latin1',
  );

const portOf = (server: HostedServer): number => (server.address() as AddressInfo).port;

function newPipe(): string {
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\${randomUUID()}`
    : join(tmpdir(), `p-${randomUUID().slice(0, 8)}`);
}

/** A folder with the web.config of an app on iisnode. */
export function iisnodeFolder(settings: SerialiserSettings): string {
  const folder = mkdtempSync(join(tmpdir(), 'app-'));
  writeFileSync(
    join(folder, 'web.config'),
    `<configuration><system.webServer><!-- <iisnode promoteServerVars="LOGON_USER" /> -->
      <handlers><add name="iisnode" path="server.js" verb="*" modules="iisnode" /></handlers>
      <iisnode enableXFF="${settings.enableXFF}" promoteServerVars="${settings.promoteServerVars}" />
    </system.webServer></configuration>`,
  );
  return folder;
}

/** iisnode with these settings, behind the catch-all rule of the template unless `rewrites` says otherwise. */
export function iisnode(settings: SerialiserSettings, { rewrites = true } = {}): Host['open'] {
  return async (app, options) => {
    const pipe = newPipe();
    const folder = iisnodeFolder(settings);
    const environment = { IISNODE_VERSION: '0.2.26', PORT: pipe };
    const script = join(folder, 'server.js');
    const server = await listenAs(environment, app, { trustedProxies: TRUSTED, ...options, script });
    rmSync(folder, { recursive: true });
    return {
      server,
      send: (request, body = '') => {
        const originalUrl = rewrites ? withQuery(request.path, request.query) : undefined;
        const path = rewrites ? '/server.js' : request.path;
        return exchange({ path: pipe }, request.method, serialiseHead(request, { path, originalUrl }, settings), body);
      },
      close: () => closeServer(server),
    };
  };
}

function platformModule(module: PlatformModule): Host['open'] {
  return async (app, options) => {
    const site = { module, port: 0, token: TOKEN };
    const server = await listenAs(moduleEnvironment(site), app, { trustedProxies: TRUSTED, ...options });
    const target = { port: portOf(server), host: '127.0.0.1' };
    return {
      server,
      send: (request, body = '') =>
        exchange(target, request.method, headOf(request, moduleHeaders(request, site)), body),
      close: () => closeServer(server),
    };
  };
}

const proxy: Host['open'] = async (app, options) => {
  const server = await listenAs({}, app, { trustedProxies: TRUSTED, port: 0, ...options });
  const target = { port: portOf(server), host: '127.0.0.1', localAddress: '127.0.0.7' };
  const arr = { preserveHost: true, includePort: true, setsProtocol: true, backend: '127.0.0.1:3000' };
  return {
    server,
    send: (request, body = '') => exchange(target, request.method, headOf(request, arrHeaders(request, arr)), body),
    close: () => closeServer(server),
  };
};

const standalone: Host['open'] = async (app, options) => {
  const server = await listenAs({}, app, { port: 0, ...options });
  const target = { port: portOf(server), host: '127.0.0.1' };
  return {
    server,
    send: (request, body = '') => exchange(target, request.method, headOf(request, request.headers), body),
    close: () => closeServer(server),
  };
};

/** What the web.config template promotes, with the user in front, where its genuineness shows. */
export const PROMOTED = 'LOGON_USER,REMOTE_ADDR,HTTPS,UNENCODED_URL';

export const hosts: readonly Host[] = [
  {
    name: 'iisnode',
    mode: 'iisnode',
    tells: ['address', 'protocol', 'rawUrl', 'windowsUser', 'proxies'],
    open: iisnode({ enableXFF: true, promoteServerVars: PROMOTED }),
  },
  {
    name: 'iisnode with enableXFF alone',
    mode: 'iisnode',
    tells: ['address', 'proxies'],
    open: iisnode({ enableXFF: true, promoteServerVars: '' }),
  },
  {
    name: 'HttpPlatformHandler 1.2',
    mode: 'httpPlatform',
    tells: ['address', 'protocol', 'rawUrl', 'proxies'],
    open: platformModule('httpPlatform1'),
  },
  {
    name: 'HttpPlatformHandler 2',
    mode: 'httpPlatform',
    tells: ['address', 'protocol', 'rawUrl', 'proxies'],
    open: platformModule('httpPlatform2'),
  },
  {
    name: 'the ASP.NET Core Module',
    mode: 'ancm',
    tells: ['address', 'protocol', 'rawUrl', 'proxies'],
    open: platformModule('ancm'),
  },
  { name: 'ARR', mode: 'proxy', tells: ['address', 'protocol', 'rawUrl', 'proxies'], open: proxy },
  { name: 'no host', mode: 'standalone', tells: ['rawUrl'], open: standalone },
];

/** The host as a server on a port of its own, for tests that send bytes: what http.sys refuses is answered here. */
export async function openToClients(host: OpenHost): Promise<{ port: number; close(): Promise<void> }> {
  const front = createServer(async (message, response) => {
    const request = receive(message);
    if (request === undefined) {
      response.writeHead(400, { Connection: 'close' }).end('refused by http.sys');
      return;
    }
    try {
      const { status, headers, body } = await host.send(request);
      const own = headers.filter(([name]) => !/^(?:connection|transfer-encoding|keep-alive)$/i.test(name));
      response.writeHead(status, own.flat()).end(body);
    } catch {
      response.writeHead(502, { Connection: 'close' }).end();
    }
  });
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    port: (front.address() as AddressInfo).port,
    close: async () => {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
      await host.close();
    },
  };
}
