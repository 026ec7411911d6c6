import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditTrail } from '../../src/logging/audit-trail';
import { CursorFile } from '../../src/workflows/auditor/cursor-file';
import { createWorkflowAuditor, type WorkflowAuditor } from '../../src/workflows/auditor/auditor';
import { auditFolder, type AuditFolder } from '../support/audit-files';
import { transitionsIn } from '../support/auditing';
import { startAwsEndpoint, type AwsEndpoint } from '../support/aws-endpoint';
import { codeOf } from '../support/errors';
import { invoicesPolicy } from '../support/invoices';
import { recordingLogger } from '../support/recording-logger';
import { itOnPosix } from '../support/processes';
import { waitFor } from '../support/wait';
import { APPROVAL_ARN, workflowsOfInvoices } from '../support/workflows';

const policy = invoicesPolicy({ workflows: workflowsOfInvoices, routes: undefined });
const DAY = 24 * 3600;

/** An execution as AWS has it: two events, or one while it runs. Times are in seconds. */
interface Known {
  readonly name: string;
  readonly startDate: number;
  stopDate?: number;
  hasMore?: boolean;
}

let aws: AwsEndpoint;
let known: Known[];
let folder: AuditFolder;
let trail: AuditTrail;
let now: number;

const arnOf = (name: string): string => `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${name}`;

beforeEach(async () => {
  known = [];
  now = 1_800_000_000;
  folder = auditFolder();
  trail = folder.trail({ clock: () => now * 1000 });
  aws = await startAwsEndpoint((operation, { executionArn, statusFilter, reverseOrder }) => {
    const listed = known.filter(({ stopDate }) =>
      statusFilter === 'RUNNING' ? stopDate === undefined : statusFilter === undefined,
    );
    if (operation === 'ListExecutions') {
      return { executions: listed.map(({ name, ...dates }) => ({ executionArn: arnOf(name), ...dates })).reverse() };
    }
    const one = known.find(({ name }) => arnOf(name) === executionArn);
    if (one === undefined) return { __type: 'ExecutionDoesNotExist', message: 'gone' };
    const { startDate, stopDate, hasMore } = one;
    if (operation === 'DescribeExecution') return { executionArn, input: '{}', startDate };
    const begin = { id: 1, type: 'ExecutionStarted', previousEventId: 0, timestamp: startDate };
    const end = { id: 2, type: 'ExecutionSucceeded', previousEventId: 1, timestamp: stopDate };
    const more = { ...begin, id: 2, type: 'PassStateEntered', previousEventId: 1 };
    const events = [begin, ...(stopDate === undefined ? [] : [end]), ...(hasMore === true ? [more] : [])];
    return { events: reverseOrder === true ? events.reverse() : events };
  });
});
afterEach(async () => {
  await aws.close();
  await folder.remove();
});

function auditor(): WorkflowAuditor {
  const { maxAttempts: _, ...clientConfig } = aws.clientConfig;
  return createWorkflowAuditor({
    ...{ policy, audit: trail, cursorFile: join(folder.path, 'cursor'), clientConfig, logger: recordingLogger() },
    ...{ requestsPerSecond: 1000, pollIntervalMs: 20, clock: () => now * 1000 },
  });
}
const written = (): unknown[] =>
  transitionsIn(folder.lines()).map(({ execution, eventId }) => `${execution}#${eventId}`);

it('writes what began and ended while it was away for longer than executions can be redriven', async () => {
  known.push({ name: 'before', startDate: now - 60, stopDate: now - 30 });
  await auditor().once();
  known.push({ name: 'meanwhile', startDate: now + DAY, stopDate: now + DAY + 60 });
  now += 20 * DAY;
  await auditor().once();
  expect(written()).toEqual(['before#1', 'before#2', 'meanwhile#1', 'meanwhile#2']);
});

it('writes nothing again of what ended so long ago that the cursor has forgotten it', async () => {
  known.push({ name: 'old', startDate: now - 60, stopDate: now - 30 });
  for (let passes = 0; passes < 4; passes++) {
    await auditor().once();
    now += 10 * DAY;
  }
  expect(written()).toEqual(['old#1', 'old#2']);
});

it('follows on where the clock is set back by a day', async () => {
  known.push({ name: 'one', startDate: now - 60 });
  const following = auditor();
  following.start();
  await waitFor('the first event', () => written().length === 1);
  now -= DAY;
  known[0]!.hasMore = true;
  await waitFor('the next event', () => {
    now += 1;
    return written().length === 2;
  });
  await following.stop();
});

it('knows executions again whose names look like what no line may hold', async () => {
  const names = ['ada@example.com', 'bob@example.com', 'x.eyJhbGciOiJFUzI1NiJ9', 'y.eyJhbGciOiJFUzI1NiJ9'];
  known.push(...names.map((name) => ({ name, startDate: now - 60, stopDate: now - 30 })));
  await auditor().once();
  rmSync(join(folder.path, 'cursor'));
  expect(await auditor().once()).toMatchObject({ lines: 0 });
  const lines = transitionsIn(folder.lines());
  expect(lines).toHaveLength(8);
  expect(new Set(lines.map(({ executionArn }) => executionArn)).size).toBe(4);
  expect(JSON.stringify(lines)).not.toMatch(/ada@|\.eyJ/);
});

it('makes a lost cursor anew bit by bit, however long the trail is', async () => {
  const line = {
    event: 'workflow_transition',
    workflow: 'approve-invoice',
    eventId: 1,
    eventType: 'ExecutionSucceeded',
  };
  const at = new Date(now * 1000).toISOString();
  for (let i = 0; i < 6000; i++) trail.append({ ...line, at, outcome: 'allowed', executionArn: arnOf(`e${i}`) });
  const sizes: number[] = [];
  const save = jest.spyOn(CursorFile.prototype, 'save');
  save.mockImplementation(function (this: CursorFile, rows, marks) {
    sizes.push([...rows].length);
    save.mockRestore();
    this.save(rows, marks);
  });
  await auditor().once();
  expect(sizes[0]).toBeGreaterThan(0);
  expect(sizes[0]).toBeLessThanOrEqual(5000);
  const cursor = new CursorFile(join(folder.path, 'cursor'));
  expect([0, 2999, 5999].map((i) => cursor.row(arnOf(`e${i}`))?.written)).toEqual([1, 1, 1]);
  cursor.close();
});

// Closing any handle of a file takes away all locks that the process holds on it.
itOnPosix('keeps the cursor from other processes when its own opens it once more', async () => {
  const file = join(folder.path, 'cursor');
  const cursor = new CursorFile(file);
  expect(await codeOf(() => new CursorFile(file))).toBe('audit_cursor_unavailable');
  const other = `
    const { CursorFile } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'workflows', 'auditor', 'cursor-file.js'))});
    try { new CursorFile(${JSON.stringify(file)}); console.log('open'); } catch ({ reason }) { console.log(reason); }`;
  expect(execFileSync(process.execPath, ['-e', other], { encoding: 'utf8' }).trim()).toBe('busy');
  cursor.close();
});
