import { Writable } from 'node:stream';
import { Console } from 'node:console';
import { Logger } from '@aws-lambda-powertools/logger';
import { withBaton } from '../../src/function/with-baton';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { handOverToken, NOW } from '../support/tokens';

type Line = Readonly<Record<string, unknown>>;

/** Powertools' own logger, and what it prints. */
function powertools(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of String(chunk).trim().split('\n')) lines.push(JSON.parse(line) as Line);
      done();
    },
  });
  const logger = new Logger({ serviceName: 'invoices', logLevel: 'DEBUG' });
  // Lambda's own console prints JSON already; this is the one that the logger has for itself.
  Object.assign(logger, { console: new Console(stream, stream) });
  return { logger, lines };
}

const envelope = (claims: object = {}): object => ({
  baton: 1,
  handOver: handOverToken(relayKeys.handOver, { claims: { ...claims } }),
  correlationId: 'c-4711',
  payload: { id: 7 },
});

it('lines of Baton go through the logger of Powertools, and its handler’s own lines beside them', async () => {
  const { logger, lines } = powertools();
  const handler = withBaton(
    () => {
      logger.info('rendering', { pages: 3 });
      return 'done';
    },
    { name: 'render-invoice', policy: invoicesPolicy(), clock: testClock, logger, metrics: false },
  );
  const wrapped = (event: unknown): Promise<unknown> => {
    logger.setCorrelationId((event as { correlationId: string }).correlationId);
    return handler(event, { awsRequestId: 'r-1' });
  };
  expect(await wrapped(envelope())).toBe('done');
  await expect(wrapped(envelope({ iat: NOW - 99, exp: NOW - 60 }))).rejects.toMatchObject({
    name: 'baton.token_invalid',
  });
  const common = { service: 'invoices', correlation_id: 'c-4711' };
  expect(lines).toEqual([
    expect.objectContaining({ ...common, type: 'audit', outcome: 'allowed', correlationId: 'c-4711' }),
    expect.objectContaining({ ...common, level: 'INFO', message: 'rendering', pages: 3 }),
    expect.objectContaining({ ...common, level: 'INFO', type: 'function', subject: 'entra:7d3c', requestId: 'r-1' }),
    expect.objectContaining({ ...common, type: 'audit', outcome: 'denied' }),
    expect.objectContaining({ ...common, level: 'WARN', type: 'error', code: 'token_invalid' }),
  ]);
});
