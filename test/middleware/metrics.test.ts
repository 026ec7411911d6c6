import type { RequestHandler } from 'express';
import request from 'supertest';
import type { FunctionCallMeasure, MetricsSink, RequestMeasure } from '../../src/logging';
import { baton, requestLog } from '../../src/index';
import { thrownBy } from '../support/errors';
import { appWith, as, clock, eventually, EXPRESSES, foreignLogger, policyOf } from './apps';

interface Counted extends MetricsSink {
  readonly requests: RequestMeasure[];
  readonly codes: string[];
  readonly calls: FunctionCallMeasure[];
}

function counting(): Counted {
  const counted = { requests: [] as RequestMeasure[], codes: [] as string[], calls: [] as FunctionCallMeasure[] };
  return {
    ...counted,
    request: (measure) => counted.requests.push(measure),
    refused: (code) => counted.codes.push(code),
    functionCall: (measure) => counted.calls.push(measure),
    workLeft: () => undefined,
    workflowStart: () => undefined,
  };
}

describe.each(EXPRESSES)('baton({ metrics }) on %s', (_, express) => {
  it.each<[string, string, Record<string, string>, [string | undefined, number, string[]]]>([
    ['a listed route, by its template', 'GET /invoices/7?mail=a@b', as(), ['GET /invoices/{id}', 200, []]],
    ['another spelling of it', 'GET /INVOICES/8/', as(), ['GET /invoices/{id}', 200, []]],
    ['a public one', 'GET /health', {}, ['ANY /health', 200, []]],
    ['a refused one', 'POST /invoices/7/approve', as(), ['POST /invoices/{id}/approve', 403, ['permission_denied']]],
    ['one without identity', 'GET /invoices/7', {}, ['GET /invoices/{id}', 401, ['identity_missing']]],
    ['one that is not listed', 'GET /secret-of-a-caller', as(), [undefined, 403, ['route_not_listed']]],
    ['a bad token', 'GET /invoices/7', { 'Txn-Token': 'a.b.c' }, [undefined, 401, ['token_invalid']]],
  ])('counts %s', async (_what, line, headers, [route, status, codes]) => {
    const metrics = counting();
    const { app } = appWith(express, { metrics });
    const [method = '', path = ''] = line.split(' ');
    await (method === 'GET' ? request(app).get(path) : request(app).post(path)).set(headers);
    await eventually(() => metrics.requests.length > 0);
    expect(metrics.requests).toEqual([{ route, status, durationMs: expect.any(Number) }]);
    expect(metrics.codes).toEqual(codes);
  });

  it('counts a request once that goes through it twice', async () => {
    const metrics = counting();
    const { app, log } = appWith(express, {
      metrics,
      routes: (below) =>
        below.use(baton({ policy: policyOf(), metrics, clock, logger: foreignLogger().logger }) as RequestHandler),
    });
    await request(app).get('/health');
    await log.until('request');
    expect(metrics.requests).toHaveLength(1);
  });
});

it.each([[{}], [null], [{ request() {}, refused() {} }]])('requestLog() refuses %j as metrics', async (metrics) => {
  expect(await thrownBy(() => requestLog({ metrics: metrics as MetricsSink }))).toMatchObject({
    code: 'option_invalid',
  });
  expect(await thrownBy(() => requestLog({ metric: 1 } as object))).toMatchObject({ code: 'option_unknown' });
});
