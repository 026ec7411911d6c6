import { once } from 'node:events';
import { connect } from 'node:net';
import { createLogger, format, transports } from 'winston';
import { Writable } from 'node:stream';
import request from 'supertest';
import type { AuditEvent } from '../../src/index';
import {
  appWith,
  as,
  brokenLogger,
  eventually,
  EXPRESSES,
  foreignLogger,
  listen,
  policyOf,
  rawRequest,
  tokenOf,
} from './apps';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe.each(EXPRESSES)('what %s leaves in the log', (_, express) => {
  it('is one line a request, with who, what, how long, and no query', async () => {
    const { app, log } = appWith(express);
    await request(app).get('/invoices/7?mail=ada@example.com&token=hush').set(as()).set('X-Correlation-Id', 'gw-1');
    expect(await log.until('request')).toEqual([
      {
        timestamp: expect.stringMatching(ISO),
        level: 'info',
        message: 'request',
        correlationId: 'gw-1',
        subject: 'entra:ada',
        type: 'request',
        method: 'GET',
        path: '/invoices/7',
        status: 200,
        durationMs: expect.any(Number),
        roles: ['clerk'],
        transactionId: 'txn-4711',
        policy: policyOf().digest,
      },
    ]);
    expect(log.text()).not.toMatch(/hush|mail|ada@/);
  });

  it.each([
    ['GET /health', {}, { outcome: 'allowed', reason: 'public', rule: '/routes/0' }],
    ['GET /invoices/7', {}, { outcome: 'denied', reason: 'identity_missing', rule: '/routes/4' }],
    [
      'GET /invoices/7',
      { act: { sub: 'copilot' } },
      {
        outcome: 'allowed',
        reason: 'granted',
        rule: '/routes/4',
        required: 'invoice:read',
        grantedBy: 'clerk',
        actor: 'copilot',
      },
    ],
    [
      'POST /invoices/7/approve',
      {},
      { outcome: 'denied', reason: 'permission_missing', rule: '/routes/6', required: 'invoice:approve' },
    ],
    ['GET /export', {}, { outcome: 'denied', reason: 'scope_missing', rule: '/routes/7', required: 'invoices.export' }],
    ['GET /unlisted', {}, { outcome: 'denied', reason: 'route_not_listed' }],
  ])('is an audit event for %s %j: %j', async (line, caller, expected) => {
    const events: AuditEvent[] = [];
    const { app, log } = appWith(express, { audit: { record: (event) => events.push(event) } });
    const [method = '', path = ''] = line.split(' ');
    const anonymous = expected.reason === 'public' || expected.reason === 'identity_missing';
    const token = anonymous ? [] : [`Txn-Token: ${tokenOf(caller)}`];
    await rawRequest(await listen(app), `${line}?q`, [...token, 'X-Correlation-Id: gw-1']);
    const who = anonymous ? {} : { subject: 'entra:ada', transactionId: 'txn-4711' };
    expect(events).toEqual([{ event: 'access', correlationId: 'gw-1', method, path, ...who, ...expected }]);
    // A sink of its own takes the trail out of the log.
    expect(log.of('audit')).toEqual([]);
  });

  it('is the reason for a refused token, and nothing of the token', async () => {
    const { app, log } = appWith(express);
    const token = `${tokenOf().slice(0, -4)}AAAA`;
    await request(app).get('/invoices/7').set('Txn-Token', token).set('X-Correlation-Id', 'gw-1').expect(401);
    expect(log.of('audit')).toMatchObject([
      {
        level: 'warn',
        event: 'authenticate',
        outcome: 'denied',
        code: 'token_invalid',
        reason: 'signature',
        correlationId: 'gw-1',
      },
    ]);
    for (const part of token.split('.')) expect(log.text()).not.toContain(part);
  });

  it('says where a client went away', async () => {
    let reached = false;
    const { app, log } = appWith(express, { routes: (made) => made.get('/any/slow', () => (reached = true)) });
    const socket = connect(await listen(app), '127.0.0.1');
    socket.write(`GET /any/slow HTTP/1.1\r\nHost: app\r\nTxn-Token: ${tokenOf()}\r\n\r\n`);
    await eventually(() => reached);
    socket.destroy();
    await once(socket, 'close');
    expect(await log.until('request')).toMatchObject([{ aborted: true, path: '/any/slow', subject: 'entra:ada' }]);
  });

  it('has no password that a target brought along', async () => {
    const { app, log } = appWith(express);
    await rawRequest(await listen(app), 'GET http://ada:hunter2@app/health?x');
    expect(await log.until('request')).toHaveLength(1);
    expect(log.text()).not.toContain('hunter2');
  });

  it('has the fields of the request and no secret, whoever made the logger', async () => {
    const written: string[] = [];
    const stream = new Writable({ write: (chunk, _encoding, done) => (written.push(String(chunk)), done()) });
    const logger = createLogger({
      level: 'debug',
      format: format.json(),
      transports: [new transports.Stream({ stream })],
    });
    const foreign = foreignLogger();
    for (const mine of [logger, foreign.logger]) {
      const { app } = appWith(express, { logger: mine });
      await request(app).get(`/any/${tokenOf()}`).set(as()).set('X-Correlation-Id', 'gw-1').expect(200);
    }
    await eventually(() => written.length === 2 && foreign.calls.length === 2);
    const lines = [...written.map((line) => JSON.parse(line) as object), ...foreign.calls.map(({ fields }) => fields)];
    for (const line of lines)
      expect(line).toMatchObject({ correlationId: 'gw-1', subject: 'entra:ada', path: '/any/[redacted]' });
    expect(JSON.stringify(lines)).not.toContain('eyJ');
  });
});

it('a logger or a counter that throws ends no request and no process, and is told of once', async () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const broken = (): never => {
    throw new Error('the port is closed');
  };
  const metrics = { request: broken, refused: broken, functionCall: broken, workLeft: broken, workflowStart: broken };
  const audit = { record: () => undefined };
  for (const [, express] of EXPRESSES) {
    for (const options of [
      { logger: brokenLogger(), audit },
      { audit, metrics },
    ]) {
      const { app } = appWith(express, options);
      const port = await listen(app);
      for (let time = 0; time < 2; time++) {
        expect((await rawRequest(port, 'GET /invoices/7', [`Txn-Token: ${tokenOf()}`])).status).toBe(200);
        expect((await rawRequest(port, 'GET /invoices/7', ['Txn-Token: a.b.c'])).status).toBe(401);
        expect((await rawRequest(port, 'GET /invoices/7', [`Txn-Token: ${tokenOf().slice(0, -4)}AAAA`])).status).toBe(
          401,
        );
      }
    }
  }
  await eventually(() => warned.mock.calls.length === 4);
  expect(warned.mock.calls.map(([text]) => text).sort()).toEqual([
    'Errors are not logged: the disk is gone',
    'Measures of errors are not logged: the port is closed',
    'Measures of requests are not logged: the port is closed',
    'Requests are not logged: the disk is gone',
  ]);
  warned.mockRestore();
});

it('an audit trail that cannot be written ends the request, also where the logger throws', async () => {
  const audit = {
    record: () => {
      throw new Error('the disk is full');
    },
  };
  const { app } = appWith(EXPRESSES[0]![1], { logger: brokenLogger(), audit });
  for (const token of [tokenOf(), 'a.b.c']) {
    expect((await rawRequest(await listen(app), 'GET /invoices/7', [`Txn-Token: ${token}`])).status).toBe(500);
  }
});
