import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { seededRandom } from '../../src/local/faults/random';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { systemTimers } from '../../src/core/timers';
import { auditFolder, type AuditFields, type AuditFolder } from '../support/audit-files';
import { differences, faultsOf, histories, transitionsIn } from '../support/auditing';
import { invoicesDocument, relayKeys } from '../support/invoices';
import { startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { itOnPosix, startNode, type NodeRun } from '../support/processes';
import { transactionToken, travellingClaims } from '../support/tokens';
import { waitFor } from '../support/wait';
import { workflowsOfInvoices } from '../support/workflows';

/** `BATON_AUDITED=200 BATON_KILLS=10` is the size that docs/workflows.md speaks of. */
const EXECUTIONS = Number(process.env.BATON_AUDITED ?? 20);
const KILLS = Number(process.env.BATON_KILLS ?? 2);
const SEED = Number(process.env.BATON_SEED ?? 7);
const LIMIT_MS = 30_000 + EXECUTIONS * 1000;
const USERS = ['ada', 'bob', 'cleo', 'dan', 'eve'].map((name) => `entra:${name}`);

const work = (next: object): object => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'render-invoice', 'Payload.$': '$' },
  ResultPath: null,
  Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 }],
  ...next,
});
/** Validate, two checks at the same time, a while, and a payment that fails for every tenth invoice. */
const definition = {
  StartAt: 'Validate',
  States: {
    Validate: work({ Next: 'Checks' }),
    Checks: {
      Type: 'Parallel',
      Branches: ['Budget', 'Supplier'].map((name) => ({ StartAt: name, States: { [name]: work({ End: true }) } })),
      ResultPath: null,
      Next: 'Wait',
    },
    Wait: { Type: 'Wait', Seconds: 1, Next: 'Pay' },
    Pay: work({ End: true }),
  },
};

let lambda: LambdaStub;
let states: StepFunctionsEndpoint;
let folder: AuditFolder;
let app: NodeRun | undefined;

beforeEach(async () => {
  lambda = await startLambdaStub();
  const calls = new Map<number, number>();
  lambda.answer = (response, { event }) => {
    const invoice = Number(event.invoice);
    const call = (calls.get(invoice) ?? 0) + 1;
    calls.set(invoice, call);
    // The fourth call and all after it are those of Pay.
    if (invoice % 10 === 3 && call > 3) {
      response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.end(JSON.stringify({ errorType: 'Busy', errorMessage: `no money for ${invoice}` }));
      return;
    }
    response.end('{}');
  };
  states = await startStepFunctionsEndpoint({
    stateMachines: { 'approve-invoice': { definition } },
    lambdaUrl: String(lambda.clientConfig.endpoint),
    timers: { ...systemTimers, after: (ms, callback) => systemTimers.after(ms === 1000 ? 300 : ms, callback) },
  });
  folder = auditFolder();
});
afterEach(async () => {
  await app?.end();
  await states.stop();
  await lambda.close();
  await folder.remove();
});

/** Starts the app anew, and gives its port. */
async function startApp(): Promise<number> {
  const config = path.join(folder.path, 'app.json');
  const policy = { ...invoicesDocument, workflows: workflowsOfInvoices, routes: undefined };
  const cursorFile = path.join(folder.path, 'cursor');
  const settings = { policy, key: relayKeys.handOver.privateJwk, url: states.url, file: folder.file, cursorFile };
  writeFileSync(config, JSON.stringify(settings));
  app = startNode([path.join(__dirname, 'support', 'auditing-app.js'), config]);
  await app.prints('.\n');
  return Number(/listening on (\d+)/.exec(app.stdout)?.[1]);
}

function tokenOf(sub: string): string {
  const now = Math.floor(Date.now() / 1000);
  const rctx = { ...travellingClaims.rctx, auth_time: now - 60, idp_exp: now + 3600 };
  return transactionToken(relayKeys.edge, { claims: { iat: now, exp: now + 300, sub, rctx } });
}

/** Asks until the app answers, as a client whose server was killed does. */
async function startWorkflow(invoice: number, sub: string, port: () => number): Promise<string> {
  const id = await waitFor(
    `the start of ${invoice}`,
    async () => {
      const url = `http://127.0.0.1:${port()}/workflows/approve-invoice`;
      const headers = {
        'Txn-Token': tokenOf(sub),
        'Idempotency-Key': `invoice-${invoice}`,
        'Content-Type': 'application/json',
      };
      const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ invoice }) }).catch(
        () => undefined,
      );
      if (answer === undefined) return undefined;
      const body = (await answer.json()) as { id?: string };
      if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
      return body.id;
    },
    LIMIT_MS,
  );
  return id.replace('approve-invoice~', 'approve-invoice-');
}

const bytesWritten = (): number => folder.files().reduce((sum, file) => sum + statSync(file).size, 0);
/** Lines that are whole; what a kill has torn is none. */
const linesOf = (): AuditFields[] =>
  folder.files().flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditFields),
  );
const isEnd = ({ eventType }: AuditFields): boolean => /^Execution(Succeeded|Failed)$/.test(String(eventType));

itOnPosix(
  `each transition of ${EXECUTIONS} executions is in the trail once, with the right user, though the app is killed ${KILLS} times`,
  async () => {
    const random = seededRandom(SEED);
    // Some 33 lines of 600 bytes an execution: the kills are spread over what is written.
    const killAt = Array.from({ length: KILLS }, () => random() * EXECUTIONS * 17_000).sort((a, b) => a - b);
    let port = await startApp();
    let kills = 0;
    let isOver = false;
    const killer = (async (): Promise<void> => {
      while (!isOver) {
        if (bytesWritten() > (killAt[kills] ?? Infinity)) {
          app?.signal('SIGKILL');
          await app?.ended;
          kills += 1;
          port = await startApp();
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const userOf = new Map<string, string>();
    const invoices = Array.from({ length: EXECUTIONS }, (_, invoice) => invoice);
    await Promise.all(
      invoices.map(async (invoice) => {
        const sub = USERS[invoice % USERS.length]!;
        userOf.set(await startWorkflow(invoice, sub, () => port), sub);
      }),
    );
    await waitFor('all ends', () => transitionsIn(linesOf()).filter(isEnd).length >= EXECUTIONS, LIMIT_MS);
    isOver = true;
    await killer;
    app?.signal('SIGTERM');
    expect(await app?.ended).toBe(0);
    const expected = await histories(states, 'approve-invoice');
    const transitions = transitionsIn(linesOf());
    expect(kills).toBe(KILLS);
    expect(userOf.size).toBe(EXECUTIONS);
    expect(differences(transitions, expected)).toEqual([]);
    expect(
      transitions.filter(({ execution, subject, verified }) => !verified || subject !== userOf.get(String(execution))),
    ).toEqual([]);
    expect(transitions.filter(({ eventType }) => eventType === 'ExecutionFailed')).toHaveLength(EXECUTIONS / 10);
    expect(await faultsOf(folder.file)).toEqual([]);
    if (EXECUTIONS > 20) console.log(`${expected.size} transitions, ${kills} kills, ${folder.files().length} files`);
  },
  2 * LIMIT_MS,
);
