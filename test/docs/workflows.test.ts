import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { needsOf } from '../../src/cli/workflows/subject';
import { sendEvents } from '../../src/middleware/event-stream';
import { compilePolicy } from '../../src/policy/policy';
import type { WorkflowDocument } from '../../src/policy/workflow-document';
import { checkDefinition } from '../../src/workflows/definition/check';
import { DEFINITION_FINDING_LEVELS } from '../../src/workflows/definition/finding';
import type { WorkflowEvents } from '../../src/workflows/follow';
import { machineGraph } from '../../src/workflows/picture/graph';
import { layOut } from '../../src/workflows/picture/layout';
import { RunPathReader } from '../../src/workflows/picture/run-path';
import { drawInTerminal } from '../../src/workflows/picture/terminal';
import { RunEvents } from '../../src/workflows/run-event';
import { approvalDefinition } from '../support/approval-runs';
import { invoicesDocument } from '../support/invoices';
import { madeEvents } from '../support/made-history';
import { ManualTimers } from '../support/manual-timers';
import { block, codeIn, readPage, rowsOf, sectionsOf } from './markdown';

const PAGE = 'docs/workflows.md';
const part = JSON.parse(block(PAGE, 'json', 'policy-part')) as Record<string, object>;
const state = JSON.parse(block(PAGE, 'json', 'state')) as Record<string, object>;
const asking = JSON.parse(block('docs/approvals.md', 'json', 'approval-state')) as Record<string, object>;

describe('docs/workflows.md', () => {
  it('shows states in which nothing is found beside their policy', () => {
    const filled = JSON.parse(JSON.stringify(part).replaceAll('${AWS_ACCOUNT}', '123456789012')) as object;
    const { workflows, functions } = compilePolicy({ ...invoicesDocument, ...filled }, {});
    const workflow = workflows['approve-invoice']!;
    const { FunctionName, Payload } = state.Parameters as { FunctionName: string; Payload: object };
    const Parameters = { FunctionName, Payload: { ...Payload, 'approval.$': '$.approval' } };
    const pay = { ...state, Parameters, End: true, Next: undefined };
    const check = { ...state, Next: 'Approve' };
    const States = { Check: check, Approve: asking, Pay: pay, Failed: { Type: 'Fail' } };
    const definition = { StartAt: 'Check', States };
    const findings = checkDefinition(JSON.parse(JSON.stringify(definition)), { workflow, functions });
    expect(findings.map(({ code, names }) => [code, ...names])).toEqual([
      // The page has one state; the other step calls a function of its own.
      ['step_of_other_function', 'Pay', 'check-invoice', 'pay-invoice'],
    ]);
  });

  it('lists the findings, each once', () => {
    const rows = rowsOf(sectionsOf(PAGE).get('What the check finds') ?? '');
    expect(rows.flatMap(([codes]) => codeIn(codes!)).sort()).toEqual(Object.keys(DEFINITION_FINDING_LEVELS).sort());
  });

  it('shows an event as it is sent', async () => {
    const reader = new RunEvents(() => ({}));
    const history = madeEvents([
      { type: 'ExecutionStarted' },
      { type: 'PassStateEntered', name: 'Read' },
      { type: 'PassStateExited', name: 'Read' },
      { type: 'TaskStateEntered', name: 'Check' },
      { type: 'TaskScheduled' },
      { type: 'TaskStarted' },
      { type: 'TaskFailed', error: 'Lambda.TooManyRequestsException' },
    ]);
    const at = new Date('2026-11-20T08:00:07.120Z');
    const happened = history.flatMap((event) => reader.add({ ...event, timestamp: at }) ?? []);
    const events = {
      opened: () => Promise.resolve({ status: 'RUNNING' }),
      [Symbol.asyncIterator]: () => happened[Symbol.iterator](),
    } as unknown as WorkflowEvents;
    const server = createServer((req, res) => {
      void sendEvents(req, res, () => events, { lifeMs: 1000, timers: new ManualTimers() });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const sent = (await answer.text()).trimEnd().split('\n\n');
    server.close();
    expect(sent.at(-1)).toBe(block(PAGE, 'text', 'events'));
  });

  it("shows a piece of the example's picture, of a run that was rejected", () => {
    const { workflows } = JSON.parse(readPage('examples/approval/baton.policy.json')) as {
      workflows: Record<string, WorkflowDocument>;
    };
    const run = new RunPathReader();
    madeEvents([
      { type: 'ExecutionStarted' },
      { type: 'TaskStateEntered', name: 'Approval' },
      { type: 'TaskScheduled' },
      { type: 'TaskFailed', error: 'baton.rejected' },
      { type: 'TaskStateExited', name: 'Approval' },
      { type: 'FailStateEntered', name: 'Rejected' },
      { type: 'ExecutionFailed' },
    ]).forEach((event, index) => run.add({ ...event, timestamp: new Date(index < 4 ? 0 : 80) }));
    const notes = { run, needs: needsOf(workflows['approve-invoice']!) };
    const drawn = drawInTerminal(layOut(machineGraph(approvalDefinition()), 80, notes), {
      unicode: true,
      colours: false,
    });
    expect(drawn.join('\n')).toContain(block(PAGE, 'text', 'picture'));
  });
});
