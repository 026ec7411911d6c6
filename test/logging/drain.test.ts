import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runDrainHooks } from '../../src/core/process-hooks';
import { createLogger, createMetrics } from '../../src/logging';
import { waitFor } from '../support/wait';

const folder = mkdtempSync(join(tmpdir(), 'baton-drain-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('lines and measures are on the disk when a server was drained, whatever ends the process then', async () => {
  const [log, measures] = [join(folder, 'app.jsonl'), join(folder, 'metrics.jsonl')];
  const logger = createLogger({ file: log });
  const metrics = createMetrics({ application: 'invoices', file: measures });
  logger.info('waits');
  metrics.refused('token_invalid');
  expect([readFileSync(log, 'utf8'), readFileSync(measures, 'utf8')]).toEqual(['', '']);
  await runDrainHooks((error) => {
    throw error;
  });
  expect(readFileSync(log, 'utf8')).toContain('"message":"waits"');
  await waitFor('the measures', () => readFileSync(measures, 'utf8').includes('"refused":1'));
  metrics.close();
});
