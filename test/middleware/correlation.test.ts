import type { RequestHandler } from 'express';
import request from 'supertest';
import { correlation, correlationHeaders, currentContext, currentUser } from '../../src/index';
import { thrownBy } from '../support/errors';
import { appWith, EXPRESSES, listen, memoryLog, rawRequest } from './apps';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const ROOT = '1-5759e988-bd862e3fe1be46a994272793';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe.each(EXPRESSES)('correlation on %s', (_, express) => {
  it.each<[string, string[], string | RegExp, string | undefined, boolean]>([
    ["the gateway's ID", ['X-Correlation-Id: JjvfHjqAjoEEPjA='], 'JjvfHjqAjoEEPjA=', undefined, false],
    ['128 characters', [`X-Correlation-Id: ${'a'.repeat(128)}`], 'a'.repeat(128), undefined, false],
    ['the ID beside a trace', ['x-correlation-id: gw-1', `traceparent: ${TRACEPARENT}`], 'gw-1', TRACE, false],
    ['a trace alone', [`traceparent: ${TRACEPARENT}`], TRACE, TRACE, false],
    ['an X-Ray root alone', [`X-Amzn-Trace-Id: Root=${ROOT}`], ROOT, ROOT.replace(/^1-|-/g, ''), false],
    ['nothing', [], UUID, undefined, false],
    ['an empty one', ['X-Correlation-Id:'], UUID, undefined, false],
    ['a blank inside', ['X-Correlation-Id: evil value'], UUID, undefined, true],
    ['129 characters', [`X-Correlation-Id: ${'evil'.repeat(33)}`], UUID, undefined, true],
    ['10,000 characters', [`X-Correlation-Id: ${'evil'.repeat(2500)}`], UUID, undefined, true],
    ['two of them', ['X-Correlation-Id: evil1', 'X-Correlation-Id: evil2'], UUID, undefined, true],
    ['a bad one beside a trace', ['X-Correlation-Id: evil"', `traceparent: ${TRACEPARENT}`], TRACE, TRACE, true],
  ])('%s', async (_name, headers, expected, traceId, replaced) => {
    let seen: unknown;
    const { app, log } = appWith(express, {
      routes: (made) => made.get('/health', (_req, res) => ((seen = { ...currentContext() }), res.end())),
    });
    const answer = await rawRequest(await listen(app), 'GET /health', headers);
    const id = answer.headers['x-correlation-id'];
    expect(id).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
    expect(seen).toMatchObject({ correlationId: id, ...(traceId !== undefined && { traceId }) });
    const lines = await log.until('request');
    expect(lines).toMatchObject([{ correlationId: id, ...(traceId !== undefined && { traceId }) }]);
    expect(log.lines.every((line) => line.correlationId === id)).toBe(true);
    expect(log.of('correlation')).toHaveLength(replaced ? 1 : 0);
    expect(log.text()).not.toContain('evil');
  });

  it('never sees control characters: Node refuses them', async () => {
    const { app, log } = appWith(express);
    const answer = await rawRequest(await listen(app), 'GET /health', ['X-Correlation-Id: evil\u001b[31m']);
    expect([answer.status, log.lines]).toEqual([400, []]);
  });

  it('gives outgoing calls their headers, and nobody outside a request', async () => {
    const { app } = appWith(express, {
      routes: (made) => made.get('/health', (_req, res) => void res.json(correlationHeaders())),
    });
    const response = await request(app).get('/health').set('X-Correlation-Id', 'gw-1').set('traceparent', TRACEPARENT);
    expect(response.body).toEqual({
      'X-Correlation-Id': 'gw-1',
      traceparent: expect.stringMatching(new RegExp(`^00-${TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`)),
      'X-Amzn-Trace-Id': expect.stringMatching(
        /^Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=[0-9a-f]{16};Sampled=1$/,
      ),
    });
    expect([correlationHeaders(), currentContext(), currentUser()]).toEqual([{}, undefined, undefined]);
  });

  it('keeps one ID where it is mounted twice', async () => {
    const log = memoryLog();
    const app = express();
    const ids: unknown[] = [];
    const note: RequestHandler = (_req, _res, next) => {
      ids.push(currentContext()?.correlationId);
      next();
    };
    const mounted = correlation({ logger: log.logger }) as RequestHandler;
    app.use(mounted, note, mounted, note, (_req, res) => void res.end());
    const response = await request(app).get('/');
    const id = response.headers['x-correlation-id'];
    expect(ids).toEqual([id, id]);
  });
});

it('correlation() refuses a misspelt option', async () => {
  const error = await thrownBy(() => correlation({ loger: memoryLog().logger } as object));
  expect([error.code, error.message]).toEqual(['option_unknown', expect.stringContaining('did you mean "logger"')]);
});
