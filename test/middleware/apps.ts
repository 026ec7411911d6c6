import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import express5, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { LogFields, Logger } from '../../src/core/logger';
import { baton, currentUser, problemHandler, type BatonOptions } from '../../src/index';
import { createJsonLogger } from '../../src/logging';
import type { PolicyDocument } from '../../src/policy/document';
import { compilePolicy, type Policy } from '../../src/policy/policy';
import { AUDIENCE, ISSUER, makeKey, NOW, transactionToken, travellingClaims } from '../support/tokens';

export type ExpressModule = typeof express5;

/** Both supported majors, for `describe.each`. */
export const EXPRESSES: readonly [string, ExpressModule][] = [
  ['Express 5', express5],
  ['Express 4', require('express4') as ExpressModule],
];

/** The gateway's key. */
export const key = makeKey();
export const clock = (): number => NOW * 1000;

export const document = {
  application: 'invoices',
  edge: {
    profile: 'txn-token',
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    keys: { jwks: { keys: [key.publicJwk] } },
  },
  roles: {
    clerk: { permissions: ['invoice:read'] },
    approver: { inherits: ['clerk'], permissions: ['invoice:approve'] },
    barred: { deny: ['invoice:read'] },
  },
  actors: { copilot: { permissions: ['invoice:read'], roles: ['clerk'] } },
  routes: [
    { path: '/health', public: true },
    { path: '/open/{rest+}', public: true },
    { path: '/any/{rest+}', authenticated: true },
    { path: '/admin', role: 'approver' },
    { method: 'GET', path: '/invoices/{id}', permission: 'invoice:read' },
    { method: 'OPTIONS', path: '/invoices/{id}', public: true },
    { method: 'POST', path: '/invoices/{id}/approve', permission: 'invoice:approve' },
    { method: 'GET', path: '/export', scope: 'invoices.export' },
  ],
} as const satisfies PolicyDocument;

/** The policy, with members of its document replaced. */
export const policyOf = (changes: Partial<PolicyDocument> = {}): Policy => compilePolicy({ ...document, ...changes });

/** What a token says that a test cares about. */
export interface Caller {
  readonly sub?: string;
  readonly roles?: readonly string[];
  readonly scope?: string;
  readonly act?: object;
  readonly rctx?: object;
  readonly policy?: string;
}

/** A Transaction Token of this caller. */
export function tokenOf({ sub = 'entra:ada', roles = ['clerk'], scope = '', act, rctx, policy }: Caller = {}): string {
  const tctx = { ...travellingClaims.tctx, roles, policy };
  return transactionToken(key, { claims: { sub, scope, act, tctx, ...(rctx && { rctx }) } });
}

/** The header that carries it. */
export const as = (caller: Caller = {}): Record<string, string> => ({ 'Txn-Token': tokenOf(caller) });

export type Line = Record<string, unknown> & { level: string; message: string };

/** A logger that keeps its lines, made as Baton makes them. */
export interface MemoryLog {
  readonly logger: Logger;
  readonly lines: Line[];
  readonly text: () => string;
  /** The lines of this type, by `"type"`. */
  readonly of: (type: string) => Line[];
  /** Waits for this many lines of a type. */
  readonly until: (type: string, count?: number) => Promise<Line[]>;
}

export function memoryLog(): MemoryLog {
  const lines: Line[] = [];
  const of = (type: string): Line[] => lines.filter((line) => line.type === type);
  return {
    logger: createJsonLogger('debug', (line) => lines.push(JSON.parse(line) as Line)),
    lines,
    text: () => JSON.stringify(lines),
    of,
    async until(type, count = 1) {
      await eventually(() => of(type).length >= count);
      return of(type);
    },
  };
}

/** A logger from elsewhere: it knows nothing of requests. */
export function foreignLogger(): { logger: Logger; calls: { level: string; message: string; fields?: LogFields }[] } {
  const calls: { level: string; message: string; fields?: LogFields }[] = [];
  const at = (level: string) => (message: string, fields?: LogFields) => calls.push({ level, message, fields });
  return { calls, logger: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') } };
}

/** A logger from elsewhere whose file is gone. */
export function brokenLogger(): Logger {
  const write = (): never => {
    throw new Error('the disk is gone');
  };
  return { error: write, warn: write, info: write, debug: write };
}

/** Waits for a condition; fails after five seconds. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('The condition did not come true within 5 s.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export interface AppOptions extends BatonOptions {
  /** Mounts what the test is about, after Baton. */
  readonly routes?: (app: Express) => void;
  /** Where Baton is mounted. */
  readonly mount?: string;
}

/** What the app's last handler says of a request that was let through. */
export interface Seen {
  readonly path: string;
  readonly user?: string;
  readonly current?: string;
}

/** An app behind Baton. What no route of the test takes is answered with what its handler saw. */
export function appWith(express: ExpressModule, options: AppOptions = {}): { app: Express; log: MemoryLog } {
  const { routes, mount = '/', ...batonOptions } = options;
  const log = memoryLog();
  const app = express();
  app.use(mount, baton({ policy: policyOf(), clock, logger: log.logger, ...batonOptions }) as RequestHandler);
  routes?.(app);
  app.use((req, res) => {
    res.json({ path: req.originalUrl, user: req.user?.subject, current: currentUser()?.subject } satisfies Seen);
  });
  app.use(problemHandler() as unknown as ErrorRequestHandler);
  return { app, log };
}

const running = new Set<Server>();
afterEach(async () => {
  for (const server of running) {
    server.close();
    server.closeAllConnections();
    if (server.listening) await once(server, 'close');
  }
  running.clear();
});

/** Listens on a free port until the end of the test. */
export async function listen(app: Express): Promise<number> {
  const server = app.listen(0, '127.0.0.1');
  running.add(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes as they are, and reads until the server hangs up. */
export async function raw(port: number, request: readonly string[], body = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.write(`${request.join('\r\n')}\r\n\r\n${body}`, 'latin1');
  await once(socket, 'close');
  return text;
}

/** One request line and header lines of a test's own; `Host` and `Connection: close` are added. */
export async function rawRequest(port: number, line: string, headers: readonly string[] = []): Promise<RawAnswer> {
  const closing = headers.some((header) => /^connection:/i.test(header)) ? [] : ['Connection: close'];
  const text = await raw(port, [`${line} HTTP/1.1`, 'Host: app', ...closing, ...headers]);
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [statusLine = '', ...headerLines] = head.split('\r\n');
  const entries = headerLines.map((header) => /^([^:]+): ?(.*)$/.exec(header)!.slice(1) as [string, string]);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value])),
    body,
  };
}
