import fs from 'node:fs';
import { environmentTrail } from '../../src/logging/audit-environment';
import { auditFolder, type AuditFolder } from '../support/audit-files';
import { send } from '../support/http-client';
import { recordingLogger } from '../support/recording-logger';
import { appWith, as, EXPRESSES, listen, type AppOptions } from '../middleware/apps';

const [, express] = EXPRESSES[0]!;
const environment = { ...process.env };
let folder: AuditFolder;
beforeEach(() => (folder = auditFolder()));
afterEach(async () => {
  process.env = { ...environment };
  await folder.remove();
});

const start = async (options: AppOptions = {}): Promise<string> =>
  `http://127.0.0.1:${await listen(appWith(express, options).app)}`;

it('decisions are in the file that BATON_AUDIT_FILE names before the request is answered', async () => {
  process.env.BATON_AUDIT_FILE = folder.file;
  const base = await start();
  const trail = environmentTrail(recordingLogger())!;
  for (const [path, status, outcome] of [
    ['/invoices/7', 200, 'allowed'],
    ['/admin', 403, 'denied'],
  ] as const) {
    const answer = await send(base + path, { headers: { ...as(), 'X-Correlation-Id': `c-${status}` } });
    expect(answer.status).toBe(status);
    expect(folder.lines().filter(({ correlationId }) => correlationId === `c-${status}`)).toMatchObject([
      { type: 'audit', event: 'access', outcome, subject: 'entra:ada', transactionId: 'txn-4711', path },
    ]);
  }
  await trail.close();
});

it('nothing is done that cannot be recorded, where the trail is told so', async () => {
  const audit = folder.trail({ whenUnwritable: 'refuse', logger: recordingLogger() });
  await audit.checkpoint();
  let handled = 0;
  const base = await start({ audit, routes: (app) => app.get('/invoices/:id', () => (handled += 1)) });
  const full = jest.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  });
  const answer = await send(`${base}/invoices/7`, { headers: as() });
  full.mockRestore();
  expect(answer).toMatchObject({ status: 503, body: { code: 'audit_unwritable' } });
  expect(handled).toBe(0);
  const refused = await send(`${base}/admin`, { headers: as() });
  expect(refused.status).toBe(403);
  expect(folder.lines().slice(-2)).toMatchObject([{ type: 'audit_lost', lost: 1 }, { outcome: 'denied' }]);
});
