import type { WorkflowEvent } from '../../src/workflows/run-event';
import type { Workflows } from '../../src/workflows/workflows';
import { asCaller } from '../support/as-caller';
import { alice, bob, carol, startApprovalBench, type ApprovalBench } from '../support/approvals';
import { thrownBy } from '../support/errors';
import { waitFor } from '../support/wait';

let bench: ApprovalBench;
let app: Workflows;
beforeEach(async () => {
  bench = await startApprovalBench(() => null);
  app = bench.app();
});
afterEach(() => bench.stop());

const as = <T>(claims: object, work: () => T): T => asCaller({ claims }, work);

/** Takes what comes to whoever these claims are of. */
function follow(id: string, claims: object): { events: WorkflowEvent[]; end: Promise<unknown> } {
  const events: WorkflowEvent[] = [];
  const stream = as(claims, () => app.events(id));
  const end = (async () => {
    for await (const event of stream) events.push(event);
  })().catch((thrown: unknown) => thrown);
  return { events, end };
}

it('a run is followed by who started it to its end, and by who is asked until it was decided', async () => {
  const { id } = await as(alice, () => app.start('approve-invoice', { invoice: 7, wait: 0 }));
  await bench.timers.pass(0);
  const [token = ''] = await bench.tokens(1);
  const starter = follow(id, alice);
  const approver = follow(id, carol);
  await waitFor('the question', () => approver.events.some(({ type }) => type === 'approval_pending'));
  await as(bob, () => app.decide(id, { state: 'Ask', decision: 'approve', comment: 'as agreed' }));

  expect(await starter.end).toBeUndefined();
  const told = starter.events.map(({ id: _id, at: _at, ...event }) => Object.values(event).join(' '));
  expect(told).toEqual([
    'started',
    'state_entered First',
    'state_left First',
    'state_entered Ask',
    'approval_pending Ask',
    'approval_decided Ask approve',
    'state_left Ask',
    'state_entered Pay',
    'attempt_begun Pay 1',
    'state_left Pay',
    'ended SUCCEEDED',
  ]);
  expect(await approver.end).toMatchObject({ code: 'run_not_found', reason: 'not_starter' });
  const said = JSON.stringify([...starter.events, ...approver.events]);
  expect([token, 'as agreed', 'eyJ', 'entra:bob'].filter((secret) => said.includes(secret))).toEqual([]);
});

it('nobody follows what they may not see', async () => {
  const { id } = await as(alice, () => app.start('approve-invoice', { invoice: 7, wait: 600 }));
  const stranger = { ...alice, sub: 'entra:mallory' };
  expect(await thrownBy(() => as(stranger, () => app.events(id).opened()))).toMatchObject({ code: 'run_not_found' });
  expect(await as(alice, () => app.events(id).opened())).toEqual({ status: 'RUNNING' });
});
