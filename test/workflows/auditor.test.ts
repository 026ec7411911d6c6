import { RedriveExecutionCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { appendFileSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatonError } from '../../src/core/errors';
import { runDrainHooks } from '../../src/core/process-hooks';
import { jwkSigner } from '../../src/jws/sign';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import type { AuditTrail } from '../../src/logging/audit-trail';
import {
  createWorkflowAuditor,
  type WorkflowAuditor,
  type WorkflowAuditorOptions,
} from '../../src/workflows/auditor/auditor';
import { createWorkflows } from '../../src/workflows/workflows';
import { asCaller } from '../support/as-caller';
import { auditFolder, type AuditFolder } from '../support/audit-files';
import { clientConfigOf, differences, faultsOf, histories, transitionsIn } from '../support/auditing';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { codeOf, thrownBy } from '../support/errors';
import { invoicesPolicy, relayKeys } from '../support/invoices';
import { recordingLogger, type RecordingLogger } from '../support/recording-logger';
import { waitFor } from '../support/wait';
import { APPROVAL_ARN, workflowsOfInvoices } from '../support/workflows';

const policy = invoicesPolicy({ workflows: workflowsOfInvoices, routes: undefined });
const signer = jwkSigner(relayKeys.handOver.privateJwk);

/** Fails while `$.fail` says so; an execution that failed can be redriven. */
const definition = {
  StartAt: 'Both',
  States: {
    Both: {
      Type: 'Parallel',
      Branches: ['Left', 'Right'].map((name) => ({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } })),
      Next: 'Decide',
      ResultPath: null,
    },
    Decide: { Type: 'Choice', Choices: [{ Variable: '$.fail', BooleanEquals: true, Next: 'Refuse' }], Default: 'Done' },
    Refuse: {
      Type: 'Fail',
      Error: 'Refused',
      Cause: 'The invoice of ada@example.com eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln',
    },
    Done: { Type: 'Succeed' },
  },
};

let states: StepFunctionsEndpoint;
let folder: AuditFolder;
let logger: RecordingLogger;
let sfn: SFNClient;
let trail: AuditTrail;

beforeEach(async () => {
  states = await startStepFunctionsEndpoint({ stateMachines: { 'approve-invoice': { definition } } });
  folder = auditFolder();
  logger = recordingLogger();
  sfn = new SFNClient(clientConfigOf(states));
  trail = folder.trail({ clock: Date.now });
});
afterEach(async () => {
  sfn.destroy();
  await states.stop();
  await folder.remove();
});

const auditor = (options: Partial<WorkflowAuditorOptions> = {}): WorkflowAuditor =>
  createWorkflowAuditor({
    policy,
    audit: trail,
    cursorFile: join(folder.path, 'cursor'),
    clientConfig: clientConfigOf(states),
    requestsPerSecond: 1000,
    pollIntervalMs: 20,
    logger,
    ...options,
  });
const start = (input: object, sub = 'entra:ada', act?: object) => {
  const workflows = createWorkflows({ policy, signer, clientConfig: clientConfigOf(states) });
  const claims = { sub, ...(act && { act: act as { sub: string } }) };
  return asCaller({ claims, logger }, () => workflows.start('approve-invoice', { fail: false, ...input }));
};
const startInAws = (name: string, input: object) =>
  sfn.send(new StartExecutionCommand({ stateMachineArn: APPROVAL_ARN, name, input: JSON.stringify(input) }));
const written = () => transitionsIn(folder.lines());
/** What of the endpoint's histories is missing in the trail, or is there twice. */
const wrong = async (): Promise<string[]> => differences(folder.lines(), await histories(states, 'approve-invoice'));

describe('each transition in the trail', () => {
  it('is there once, with who started it, and again not in the passes after', async () => {
    const ada = await start({ invoice: 1 });
    const bob = await start({ invoice: 2, fail: true }, 'entra:bob', { sub: 'copilot' });
    await startInAws('by-hand', { fail: false, caller: { subject: 'entra:ada' } });
    const pass = await auditor().once();
    expect(pass).toMatchObject({ executions: 3, open: 0, failures: 0, lost: 0, throttled: 0, lines: written().length });
    expect(await wrong()).toEqual([]);
    const who = new Map(
      written().map((line) => [line.execution, [line.verified, line.subject, line.actor, line.correlationId]]),
    );
    expect(who).toEqual(
      new Map<unknown, unknown>([
        [ada.name, [true, 'entra:ada', undefined, 'c-4711']],
        [bob.name, [true, 'entra:bob', 'copilot', 'c-4711']],
        ['by-hand', [false, undefined, undefined, undefined]],
      ]),
    );
    expect((await auditor().once()).lines).toBe(0);
    expect(await wrong()).toEqual([]);
    expect(await faultsOf(folder.file)).toEqual([]);
  });

  it('says what happened: state, attempt, time, error and cause, and no data', async () => {
    const { name, executionArn } = await start({ fail: true, secret: 'of the input' });
    await auditor().once();
    const failed = written().find(({ eventType }) => eventType === 'ExecutionFailed');
    expect(failed).toMatchObject({
      event: 'workflow_transition',
      outcome: 'allowed',
      workflow: 'approve-invoice',
      execution: name,
      executionArn,
      error: 'Refused',
      cause: 'The invoice of [personal] [redacted]',
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(written().find(({ eventType }) => eventType === 'FailStateEntered')).toMatchObject({ state: 'Refuse' });
    expect(JSON.stringify(folder.lines())).not.toMatch(/of the input|eyJ/);
  });

  it('goes on where a redrive goes on, also long after the end was written', async () => {
    const { executionArn } = await start({ fail: true });
    const follower = auditor();
    await follower.once();
    const before = written().length;
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
    expect((await auditor().once()).lines).toBeGreaterThan(0);
    expect(written().slice(before)[0]).toMatchObject({ eventType: 'ExecutionRedriven', subject: 'entra:ada' });
    expect(await wrong()).toEqual([]);
  });

  it('keeps types that nobody knows yet', async () => {
    const events = [
      { type: 'ExecutionStarted' },
      { type: 'MapRunPaused', details: { error: 'New' } },
      { type: 'ExecutionSucceeded' },
    ];
    states.loadExecution('approve-invoice', { name: 'new', status: 'SUCCEEDED', events });
    await auditor().once();
    expect(written().map(({ eventType, error }) => [eventType, error])).toEqual([
      ['ExecutionStarted', undefined],
      // The SDK drops what it does not know.
      ['MapRunPaused', undefined],
      ['ExecutionSucceeded', undefined],
    ]);
  });

  it('follows while it runs, and ends in order', async () => {
    const follower = auditor();
    follower.start();
    const { name } = await start({});
    await waitFor('the end', () =>
      written().some((line) => line.execution === name && line.eventType === 'ExecutionSucceeded'),
    );
    await follower.stop();
    expect(await wrong()).toEqual([]);
    expect(logger.ofType('workflow_audit')[0]).toMatchObject({ outcome: 'passed', failures: 0 });
  });
});

describe('what is followed', () => {
  it('sees the end of an execution in which nothing has happened for long', async () => {
    const events = [{ type: 'ExecutionStarted', timeMs: Date.now() - 36_000_000 }];
    const executionArn = states.loadExecution('approve-invoice', { name: 'idle', status: 'RUNNING', events });
    const follower = auditor();
    follower.start();
    await waitFor('its start', () => written().length === 1);
    await sfn.send(new StopExecutionCommand({ executionArn, error: 'Enough' }));
    await waitFor('its end', () => written().length === 2);
    await follower.stop();
    expect(written()[1]).toMatchObject({ eventType: 'ExecutionAborted', error: 'Enough' });
  });

  it('is all executions of a state machine whose alias the policy names', async () => {
    const target = `${APPROVAL_ARN}:live`;
    const aliased = { 'approve-invoice': { ...workflowsOfInvoices['approve-invoice'], target } };
    const given = { policy: invoicesPolicy({ workflows: aliased, routes: undefined }) };
    let sent: Readonly<Record<string, unknown>> = {};
    const startDate = Date.now() / 1000;
    const aws = await startAwsEndpoint((operation, input) => {
      if (operation === 'StartExecution') sent = input;
      const executionArn = `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${String(sent.name)}`;
      if (operation === 'ListExecutions') return { executions: [{ executionArn, startDate }] };
      if (operation === 'DescribeExecution')
        return { executionArn, startDate, input: sent.input, stateMachineAliasArn: target };
      return { executionArn, startDate, events: [{ id: 1, type: 'ExecutionStarted', timestamp: startDate }] };
    });
    const { maxAttempts: _, ...clientConfig } = aws.clientConfig;
    const workflows = createWorkflows({ ...given, signer, clientConfig });
    await asCaller({ logger }, () => workflows.start('approve-invoice', {}));
    await auditor({ ...given, clientConfig }).once();
    const listed = aws.calls.filter(({ operation }) => operation === 'ListExecutions');
    expect(new Set(listed.map(({ input }) => input.stateMachineArn))).toEqual(new Set([APPROVAL_ARN]));
    expect(written()).toMatchObject([{ verified: true, workflow: 'approve-invoice' }]);
    await aws.close();
  });

  it('gets into the trail of BATON_AUDIT_FILE where none is handed in', async () => {
    expect(await codeOf(() => createWorkflowAuditor({ policy, cursorFile: 'cursor', logger }))).toBe('option_invalid');
    process.env.BATON_AUDIT_FILE = join(folder.path, 'app.jsonl');
    try {
      await start({});
      const given = { policy, clientConfig: clientConfigOf(states), cursorFile: join(folder.path, 'cursor'), logger };
      await createWorkflowAuditor(given).once();
    } finally {
      Reflect.deleteProperty(process.env, 'BATON_AUDIT_FILE');
    }
    await runDrainHooks(() => {});
    expect(folder.files().filter((name) => name.includes('app.'))).toHaveLength(1);
    expect(await wrong()).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it('writes again the event of a line that was torn, and no other', async () => {
    await start({});
    await auditor({ audit: trail }).once();
    const [file] = folder.files();
    await trail.close();
    // Killed in the middle of the last line, before the cursor: that stands at the end of the execution all the same.
    const lines = readFileSync(file!, 'utf8')
      .split('\n')
      .filter((line) => !line.includes('audit_end'));
    const last = lines.findLastIndex((line) => line.includes('workflow_transition'));
    rmSync(join(folder.path, 'cursor'));
    writeFileSync(file!, `${lines.slice(0, last).join('\n')}\n${lines[last]!.slice(0, 40)}`);
    const count = transitionsIn(folderLines(file!)).length;
    trail = folder.trail({ clock: Date.now });
    expect((await auditor().once()).lines).toBe(1);
    expect(transitionsIn(folderLines(...folder.files()))).toHaveLength(count + 1);
    expect(differences(folderLines(...folder.files()), await histories(states, 'approve-invoice'))).toEqual([]);
  });

  it('finds a lost cursor again in the trail', async () => {
    await start({});
    await start({ fail: true });
    await auditor().once();
    rmSync(join(folder.path, 'cursor'));
    trail = folder.trail({ clock: Date.now });
    const before = written().length;
    await start({});
    expect((await auditor().once()).lines).toBe(written().length - before);
    expect(await wrong()).toEqual([]);
  });

  it('reads back what was written behind the cursor, over several files of the trail', async () => {
    trail = folder.trail({ clock: Date.now, maxBytes: 4096 });
    const cursorFile = join(folder.path, 'cursor');
    await start({});
    await auditor().once();
    copyFileSync(cursorFile, `${cursorFile}.old`);
    await start({ fail: true });
    await start({});
    await auditor().once();
    // As if the process had been killed when the lines were written and the cursor was not.
    copyFileSync(`${cursorFile}.old`, cursorFile);
    trail = folder.trail({ clock: Date.now });
    expect((await auditor().once()).lines).toBe(0);
    expect(folder.files().length).toBeGreaterThan(3);
    expect(await wrong()).toEqual([]);
  });

  it('says where the trail that the cursor names was taken away', async () => {
    await auditor().once();
    const elsewhere = auditFolder();
    await auditor({ audit: elsewhere.trail({ clock: Date.now }) }).once();
    const said = { outcome: 'trail_changed', level: 'error' };
    expect(logger.ofType('workflow_audit')).toContainEqual(expect.objectContaining(said));
    await elsewhere.remove();
  });

  it('leaves a damaged cursor as it is, and says so', async () => {
    const file = join(folder.path, 'cursor');
    await auditor().once();
    truncateSync(file, 5000);
    appendFileSync(file, 'x'.repeat(9000));
    const damaged = readFileSync(file);
    expect(await codeOf(() => auditor().once())).toBe('audit_cursor_damaged');
    expect(await codeOf(() => auditor().start())).toBe('audit_cursor_damaged');
    expect(readFileSync(file).equals(damaged)).toBe(true);
    writeFileSync(file, 'no database at all, and long enough to look like something else'.repeat(50));
    expect(await codeOf(() => auditor().once())).toBe('audit_cursor_damaged');
  });

  it('lets one auditor have the cursor, and the next when that one ends', async () => {
    const [first, second] = [auditor(), auditor()];
    first.start();
    expect(await thrownBy(() => second.once())).toMatchObject({ code: 'audit_cursor_unavailable', reason: 'busy' });
    second.start();
    await first.stop();
    await start({});
    await waitFor('the end', () => written().some(({ eventType }) => eventType === 'ExecutionSucceeded'));
    await second.stop();
    expect(logger.ofType('workflow_audit').map(({ outcome }) => outcome)).toContain('stands_by');
  });

  it('does not move the cursor past lines that could not be written', async () => {
    await start({});
    let room = 5;
    const full = {
      ...{ file: trail.file, path: trail.path, record: () => {}, sync: () => trail.sync() },
      ...{ checkpoint: () => trail.checkpoint(), close: () => trail.close() },
      get place() {
        return trail.place;
      },
      append(event: Parameters<AuditTrail['append']>[0]) {
        if (room === 0) throw new BatonError('audit_unwritable', 'full');
        room -= 1;
        trail.append(event);
      },
    } satisfies AuditTrail;
    const follower = auditor({ audit: full });
    expect(await codeOf(() => follower.once())).toBe('audit_unwritable');
    expect(written()).toHaveLength(5);
    room = Infinity;
    await follower.once();
    expect(await wrong()).toEqual([]);
  });

  it('refuses a trail that is closed, and what it cannot read back', async () => {
    await start({});
    await trail.close();
    expect(await codeOf(() => auditor().once())).toBe('audit_unwritable');
    const sink = { record: () => {} } as unknown as AuditTrail;
    expect(await codeOf(() => auditor({ audit: sink }))).toBe('option_invalid');
  });

  it.each([
    [{ workflows: ['approve-invoce'] }, 'workflow_unknown'],
    [{ cursorFile: '' }, 'option_invalid'],
    [{ requestsPerSecond: 0 }, 'option_invalid'],
    [{ since: new Date(NaN) }, 'option_invalid'],
    [{ pollMs: 5 }, 'option_unknown'],
  ])('refuses %j when it is made', async (options, code) => {
    expect(await codeOf(() => auditor(options as object))).toBe(code);
  });

  it('says that a history was gone before it was read', async () => {
    const item = { executionArn: `${APPROVAL_ARN.replace('stateMachine', 'execution')}:old`, startDate: 1 };
    const aws = await startAwsEndpoint((operation) =>
      operation === 'ListExecutions' ? { executions: [item] } : { __type: 'ExecutionDoesNotExist', message: 'gone' },
    );
    const { maxAttempts: _, ...clientConfig } = aws.clientConfig;
    expect(await auditor({ clientConfig }).once()).toMatchObject({ lost: 1, open: 0, failures: 0 });
    expect(await auditor({ clientConfig }).once()).toMatchObject({ lost: 0, executions: 0 });
    await aws.close();
  });

  it('goes on with the others where one cannot be read', async () => {
    const arn = (name: string): string => `${APPROVAL_ARN.replace('stateMachine', 'execution')}:${name}`;
    const startDate = Date.now() / 1000;
    const event = { id: 1, type: 'ExecutionStarted', previousEventId: 0, timestamp: startDate };
    const aws = await startAwsEndpoint((operation, { executionArn }) => {
      if (operation === 'ListExecutions')
        return { executions: ['a', 'b', 'c'].map((name) => ({ executionArn: arn(name), startDate })) };
      if (operation === 'DescribeExecution') return { executionArn, input: '{}', startDate };
      if (executionArn === arn('b')) return { __type: 'AccessDeniedException', message: 'no' };
      // Events are numbered without a gap: what is behind one is not taken yet.
      return { events: executionArn === arn('a') ? [event] : [event, { ...event, id: 3 }] };
    });
    const { maxAttempts: _, ...clientConfig } = aws.clientConfig;
    expect(await auditor({ clientConfig }).once()).toMatchObject({ lines: 2, failures: 2, open: 3 });
    await aws.close();
  });

  it('waits when AWS throttles, and asks less', async () => {
    let refusals = 3;
    const events = ['ExecutionStarted', 'ExecutionSucceeded'].map((type, index) => ({
      ...{ type, id: index + 1, previousEventId: index, timestamp: Date.now() / 1000 },
    }));
    const item = {
      executionArn: `${APPROVAL_ARN.replace('stateMachine', 'execution')}:one`,
      startDate: Date.now() / 1000,
    };
    const aws = await startAwsEndpoint((operation) => {
      if (operation === 'GetExecutionHistory' && refusals-- > 0)
        return { __type: 'ThrottlingException', message: 'Rate exceeded' };
      if (operation === 'ListExecutions') return { executions: [item] };
      return operation === 'DescribeExecution' ? { ...item, input: '{}' } : { events };
    });
    const { maxAttempts: _, ...clientConfig } = aws.clientConfig;
    const pass = await auditor({ clientConfig }).once();
    expect(pass).toMatchObject({ lines: 2, throttled: 1, failures: 0 });
    await aws.close();
  });

  it('reads the whole history of an execution that is stopped while it is followed', async () => {
    await startInAws('stopped', { fail: false });
    await auditor().once();
    const executionArn = `${APPROVAL_ARN.replace('stateMachine', 'execution')}:stopped`;
    await sfn.send(new StopExecutionCommand({ executionArn }));
    await auditor().once();
    expect(await wrong()).toEqual([]);
  });
});

const folderLines = (...files: string[]) =>
  files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => {
        try {
          return [JSON.parse(line) as Readonly<Record<string, unknown>>];
        } catch {
          return [];
        }
      }),
  );
