import express from 'express';
import { BatonError } from '../../src/core/errors';
import type { HealthOptions, HealthReport } from '../../src/middleware/health';
import { health, identity } from '../../src/index';
import type { Policy } from '../../src/policy/policy';
import { relayKeys } from '../support/invoices';
import { appWith, clock, document, listen, policyOf, rawRequest, type MemoryLog } from './apps';

const jwksUri = 'https://keys.example.com/edge.json';
const remotePolicy = (): Policy => policyOf({ edge: { ...document.edge, keys: { jwksUri } } });

/** The health route of an app whose keys come from `fetch`, asked once. */
async function ask(
  options: HealthOptions = {},
  { policy = policyOf(), fetch }: { policy?: Policy; fetch?: () => Promise<Response> } = {},
): Promise<{ status: number; report: HealthReport; log: MemoryLog; again: () => Promise<HealthReport> }> {
  const { app, log } = appWith(express, {
    policy,
    ...(fetch && { fetch }),
    routes: (routed) => routed.get('/health', health({ policy, maxAgeMs: 0, ...options })),
  });
  const port = await listen(app);
  const get = (): ReturnType<typeof rawRequest> => rawRequest(port, 'GET /health');
  const { status, body } = await get();
  const again = async (): Promise<HealthReport> => JSON.parse((await get()).body) as HealthReport;
  return { status, report: JSON.parse(body) as HealthReport, log, again };
}

describe('the health route', () => {
  it('is answered without identity, with the policy, the keys and the checks', async () => {
    const policy = policyOf();
    const { status, report } = await ask(
      { checks: { database: () => Promise.resolve(), disk: () => true } },
      { policy },
    );
    expect({ status, report }).toEqual({
      status: 200,
      report: { status: 'ok', policy: policy.digest, keys: 'ready', checks: { database: 'ok', disk: 'ok' } },
    });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret-of-the-database');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret-of-the-database'))],
    ['says false', () => false],
    ['never ends', () => new Promise(() => undefined)],
  ])('is 503 where a check %s, and tells the log why', async (_, database) => {
    const { status, report, log } = await ask({ checks: { database, disk: () => true }, timeoutMs: 20 });
    expect(status).toBe(503);
    expect(report).toMatchObject({ status: 'failing', checks: { database: 'failing', disk: 'ok' } });
    expect(JSON.stringify(report)).not.toContain('secret');
    expect(log.of('health')).toMatchObject([{ level: 'warn', check: 'database' }]);
  });

  it('fetches keys that were never needed, and is 503 while it cannot', async () => {
    const asked: string[] = [];
    const fetch = (): Promise<Response> => {
      asked.push('once');
      return Promise.resolve(Response.json({ keys: [relayKeys.edge.publicJwk] }));
    };
    const good = await ask({}, { policy: remotePolicy(), fetch });
    expect(good.report).toMatchObject({ status: 'ok', keys: 'ready' });
    await good.again();
    expect(asked).toHaveLength(1);

    const down = await ask({}, { policy: remotePolicy(), fetch: () => Promise.reject(new Error('down')) });
    expect({ status: down.status, keys: down.report.keys }).toEqual({ status: 503, keys: 'unavailable' });
  });

  it('says what stands in the outbox, and is 503 only where that cannot be read', async () => {
    const outbox = { waiting: 3, dead: 1, oldestSeconds: 90 };
    const shown = await ask({ offload: { outboxState: () => outbox } });
    expect([shown.status, shown.report.outbox]).toEqual([200, outbox]);
    const none = await ask({ offload: { outboxState: () => undefined } });
    expect([none.status, 'outbox' in none.report]).toEqual([200, false]);
    const outboxState = (): never => {
      throw new BatonError('outbox_damaged', 'secret-of-the-disk');
    };
    const { status, report, log } = await ask({ offload: { outboxState } });
    expect([status, report.status, report.outbox]).toEqual([503, 'failing', 'failing']);
    expect(log.of('health')).toMatchObject([{ level: 'warn', check: 'outbox' }]);
  });

  it('is told of no keys where nobody verifies by the policy', async () => {
    const app = express();
    app.get('/health', health({ policy: policyOf() }));
    const { body } = await rawRequest(await listen(app), 'GET /health');
    expect(JSON.parse(body)).not.toHaveProperty('keys');
    expect(identity({ policy: policyOf(), clock })).toBeInstanceOf(Function);
  });

  it('looks once for all who ask at the same time, and again when the answer is old', async () => {
    let looked = 0;
    const { again } = await ask({ maxAgeMs: 60_000, checks: { it: () => ++looked } });
    await Promise.all([again(), again(), again()]);
    expect(looked).toBe(1);
    const fresh = await ask({ checks: { it: () => ++looked } });
    await fresh.again();
    expect(looked).toBe(3);
  });

  it.each([
    ['a check that is no function', { checks: { database: true as never } }, 'option_invalid'],
    ['an unknown option', { check: {} } as never, 'option_unknown'],
    ['no time', { timeoutMs: 0 }, 'option_invalid'],
  ])('does not start with %s', (_, options: HealthOptions, code) => {
    expect(() => health({ policy: policyOf(), ...options })).toThrow(expect.objectContaining({ code }));
  });
});
