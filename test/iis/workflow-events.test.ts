import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import * as http from 'node:http';
import { join } from 'node:path';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { closeSites, openSite } from '../local/iis/support';
import { invoicesDocument, relayKeys } from '../support/invoices';
import { transactionToken, travellingClaims } from '../support/tokens';
import { workflowsOfInvoices } from '../support/workflows';

const LETTERS = 'r'.repeat(43);
const events = [{ type: 'ExecutionStarted' }, { type: 'PassStateEntered', details: { name: 'Check' } }];
const left = { type: 'PassStateExited', details: { name: 'Check' } };

let states: StepFunctionsEndpoint;
const load = (loaded: typeof events): void => {
  const name = `approve-invoice-${LETTERS}`;
  states.loadExecution('approve-invoice', { name, status: 'RUNNING', events: loaded });
};

beforeEach(async () => {
  const definition = { StartAt: 'Check', States: { Check: { Type: 'Pass', End: true } } };
  states = await startStepFunctionsEndpoint({ stateMachines: { 'approve-invoice': { definition } } });
  load(events);
});
afterEach(async () => {
  await closeSites();
  await states.stop();
});

/** Follows a run through a site of IIS with iisnode. */
async function follow(flushResponse: string, streamSeconds: string): Promise<http.IncomingMessage> {
  const { site, root } = await openSite({
    app: 'flows-app.js',
    iisnode: { flushResponse, loggingEnabled: 'false' },
    options: {
      environment: {
        BATON_POLICY: 'policy.json',
        BATON_LOG_LEVEL: 'error',
        STREAM_SECONDS: streamSeconds,
        BATON_HAND_OVER_KEY: JSON.stringify(relayKeys.handOver.privateJwk),
        AWS_ENDPOINT_URL_SFN: states.url,
        AWS_REGION: 'eu-west-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
    },
  });
  const policy = { ...invoicesDocument, workflows: workflowsOfInvoices, routes: undefined };
  writeFileSync(join(root, 'policy.json'), JSON.stringify(policy));
  const iat = Math.floor(Date.now() / 1000);
  const tctx = { ...travellingClaims.tctx, roles: ['approver'] };
  const token = transactionToken(relayKeys.edge, { claims: { iat, exp: iat + 300, tctx, rctx: {} } });
  const url = `${site.url}/flows/approve-invoice~${LETTERS}/events`;
  const [answer] = (await once(http.get(url, { headers: { 'Txn-Token': token } }), 'response')) as [
    http.IncomingMessage,
  ];
  expect(answer.statusCode).toBe(200);
  return answer.setEncoding('utf8');
}

it('comes through iisnode event by event where flushResponse is on', async () => {
  const answer = await follow('true', '25');
  let text = '';
  for await (const chunk of answer) {
    text += chunk as string;
    // What happens now can only arrive because the first events have.
    if (text.includes('id: 3\n')) break;
    if (text.includes('id: 2\n')) load([...events, left]);
  }
  expect(text.match(/^id: .*/gm)).toEqual(['id: 1', 'id: 2', 'id: 3']);
});

it('comes whole, when the stream’s life is over, where it is off', async () => {
  const askedAt = Date.now();
  // Not even the headers come earlier.
  const answer = await follow('false', '1');
  expect(Date.now() - askedAt).toBeGreaterThan(900);
  let text = '';
  for await (const chunk of answer) text += chunk as string;
  expect(text.match(/^id: .*/gm)).toEqual(['id: 1', 'id: 2']);
});
