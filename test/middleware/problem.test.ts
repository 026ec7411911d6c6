import { AsyncResource } from 'node:async_hooks';
import type { ErrorRequestHandler, Express } from 'express';
import request from 'supertest';
import { BatonError } from '../../src/index';
import { appWith, as, EXPRESSES, listen, rawRequest } from './apps';

const outside = new AsyncResource('elsewhere');
const secret = new BatonError('function_throttled', 'The function render-invoice is at its limit.', {
  cause: new Error('arn:aws:lambda hush'),
  retryAfterSeconds: 7,
});

/** The app of the test, with an error handler behind Baton's. */
const passedOn = (app: Express, seen: unknown[]): void => {
  const last: ErrorRequestHandler = (error, _req, res, next) => {
    seen.push(error);
    if (res.headersSent) next(error);
    else res.status(418).end();
  };
  app.use(last);
};

describe.each(EXPRESSES)('problemHandler() on %s', (_, express) => {
  it('answers what Baton threw, and logs it with its cause', async () => {
    const { app, log } = appWith(express, { routes: (made) => made.get('/any/x', (_req, _res, next) => next(secret)) });
    const response = await request(app).get('/any/x').set(as()).set('X-Correlation-Id', 'gw-1');
    expect([response.status, response.headers['retry-after'], response.headers['content-type']]).toEqual([
      503,
      '7',
      'application/problem+json; charset=utf-8',
    ]);
    expect(JSON.parse(response.text)).toEqual({
      type: 'urn:iis-baton:error:function_throttled',
      title: 'A service behind this one is busy. Try again shortly.',
      status: 503,
      code: 'function_throttled',
      correlationId: 'gw-1',
    });
    expect(log.of('error')).toMatchObject([
      {
        level: 'error',
        code: 'function_throttled',
        subject: 'entra:ada',
        error: { cause: { message: 'arn:aws:lambda hush' } },
      },
    ]);
  });

  it('passes other errors on, untouched', async () => {
    const mine = new Error('mine');
    const seen: unknown[] = [];
    const { app, log } = appWith(express, { routes: (made) => made.get('/any/x', (_req, _res, next) => next(mine)) });
    passedOn(app, seen);
    await request(app).get('/any/x').set(as()).expect(418);
    expect(seen).toEqual([mine]);
    expect(log.of('error')).toEqual([]);
  });

  it('breaks an answer off that had begun', async () => {
    const { app, log } = appWith(express, {
      routes: (made) =>
        made.get('/any/x', (_req, res, next) => {
          res.writeHead(200, { 'Content-Length': '100' });
          res.write('half of it');
          setImmediate(() => next(secret));
        }),
    });
    const answer = await rawRequest(await listen(app), 'GET /any/x', [`Txn-Token: ${as()['Txn-Token']}`]);
    expect(answer).toMatchObject({ status: 200, body: 'half of it' });
    expect(await log.until('request')).toMatchObject([{ status: 200, aborted: true }]);
  });

  it('takes back what described the body that did not come', async () => {
    const { app } = appWith(express, {
      routes: (made) =>
        made.get('/any/x', (_req, res, next) => {
          res.set({
            'Content-Encoding': 'gzip',
            ETag: '"1"',
            'Content-Disposition': 'attachment',
            'Cache-Control': 'public',
          });
          res.set({
            'Last-Modified': 'x',
            'Content-Range': 'bytes 0-1/2',
            'Content-Language': 'de',
            'X-Frame-Options': 'DENY',
          });
          next(secret);
        }),
    });
    const { headers, body } = await request(app).get('/any/x').set(as());
    expect(body).toMatchObject({ code: 'function_throttled' });
    const gone = [
      'content-encoding',
      'etag',
      'content-disposition',
      'last-modified',
      'content-range',
      'content-language',
    ];
    expect(gone.filter((name) => name in headers)).toEqual([]);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
  });

  it('logs for the request also where its context was lost', async () => {
    const { app, log } = appWith(express, {
      routes: (made) => made.get('/any/x', (_req, _res, next) => outside.runInAsyncScope(next, undefined, secret)),
    });
    await request(app).get('/any/x').set(as()).set('X-Correlation-Id', 'gw-1').expect(503);
    expect(log.of('error')).toMatchObject([{ correlationId: 'gw-1', subject: 'entra:ada' }]);
  });

  it.each([
    ['a HEAD request has no body', 'HEAD /invoices/7', ''],
    ['a GET request has one', 'GET /invoices/7', expect.stringContaining('identity_missing')],
  ])('%s', async (_name, line, body) => {
    const { app } = appWith(express);
    const answer = await rawRequest(await listen(app), line);
    expect([answer.status, answer.body]).toEqual([401, body]);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="invoices"');
  });
});
