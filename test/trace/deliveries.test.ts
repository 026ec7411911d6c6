import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { openEngine } from '../../src/trace/engine/engine';
import { ingest } from '../../src/trace/ingest/ingest';
import type { Cell } from '../../src/trace/report-model';
import { temporaryFolder } from '../support/example';

/*
 * The same lines as each way to fetch them from CloudWatch delivers them (docs/log-formats.md).
 */

const GATEWAY = ['a', 'b', 'c'].map((id) =>
  JSON.stringify({
    requestId: id.repeat(16),
    requestTimeEpoch: '1772409600000',
    routeKey: 'GET /health',
    status: '200',
  }),
);
const ID = '471538dc-c0ff-479f-a7c3-c74eb29ecd3e';
const FUNCTION = [
  `START RequestId: ${ID} Version: 7`,
  JSON.stringify({
    ...{ timestamp: '2026-03-02T00:00:00.150Z', level: 'info', message: 'function', correlationId: 'a'.repeat(16) },
    ...{ type: 'function', function: 'render', source: 'call', requestId: ID, outcome: 'succeeded', durationMs: 153.9 },
  }),
  `END RequestId: ${ID}`,
  `REPORT RequestId: ${ID}\tDuration: 155.89 ms\tBilled Duration: 156 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB`,
];

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
const envelope = (all: readonly string[]): string =>
  JSON.stringify({
    ...{
      messageType: 'DATA_MESSAGE',
      owner: '123456789012',
      logGroup: 'g',
      logStream: 's',
      subscriptionFilters: ['f'],
    },
    logEvents: all.map((message, index) => ({ id: String(index), timestamp: 1772409600000, message })),
  });

const DELIVERIES: readonly [string, (all: readonly string[]) => string | Buffer][] = [
  ['the lines alone', lines],
  ['an export to S3', (all) => gzipSync(lines(all.map((line) => `2026-03-02T00:00:00.000Z ${line}`)))],
  ['aws logs tail --format short', (all) => lines(all.map((line) => `2026-03-02T00:00:00 ${line}`))],
  [
    'aws logs filter-log-events',
    (all) => {
      const events = all.map((message) => ({ logStreamName: 's', timestamp: 1772409600000, message, eventId: '3' }));
      return JSON.stringify({ events, searchedLogStreams: [] }, null, 4);
    },
  ],
  ['Firehose', (all) => gzipSync(envelope(all.slice(0, 1)) + envelope(all.slice(1)))],
];

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each(DELIVERIES)('%s gives the rows of gateway, functions and reports', async (_way, deliver) => {
  for (const [name, all] of [
    ['gateway', GATEWAY],
    ['functions', FUNCTION],
  ] as const) {
    mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, name, '000000'), deliver(all));
  }
  const engine = await openEngine({ threads: 1 });
  try {
    await ingest(engine, { paths: [folder] });
    const only = async (sql: string): Promise<Cell[][]> => (await engine.rows(sql)).map((row) => Object.values(row));
    expect(await only('SELECT correlation_id, t_ms, status FROM gateway ORDER BY 1')).toEqual(
      ['a', 'b', 'c'].map((id) => [id.repeat(16), 1772409600000, 200]),
    );
    expect(await only('SELECT correlation_id, request_id, duration_ms FROM functions')).toEqual([
      ['a'.repeat(16), ID, 153.9],
    ]);
    expect(await only('SELECT request_id, duration_ms, memory_mb FROM lambda_reports')).toEqual([[ID, 155.89, 512]]);
    expect(await only('SELECT kind, rows_read, rows_rejected, rows_skipped FROM files ORDER BY path')).toEqual([
      ['function', 2, 0, 2],
      ['gateway', 3, 0, 0],
    ]);
  } finally {
    await engine.close();
  }
});
