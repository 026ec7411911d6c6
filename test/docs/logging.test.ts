import express from 'express';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createAuthorizer } from '../../src/authorizer';
import { withBaton } from '../../src/function';
import { baton, BatonError, problemHandler } from '../../src/index';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload, offloadHandler } from '../../src/offload';
import { httpApiEvent } from '../support/authorizer-events';
import { send } from '../support/http-client';
import { invoicesPolicy, relayKeys, testClock as clock } from '../support/invoices';
import { fails, startLambdaStub, type LambdaStub } from '../support/lambda-stub';
import { recordingLogger } from '../support/recording-logger';
import { providerToken, transactionToken } from '../support/tokens';
import { waitFor } from '../support/wait';
import { codeIn, root, rowsOf, sectionsOf } from './markdown';

const sections = sectionsOf('docs/logging.md');
const fieldsOf = (heading: string): string[] =>
  rowsOf(sections.get(heading) ?? '').map(([field]) => codeIn(field!)[0]!);

const policy = invoicesPolicy();
const logger = recordingLogger();
const options = { policy, logger, clock };
const token = (act?: object): Record<string, string> => ({
  'Txn-Token': transactionToken(relayKeys.edge, { claims: { act } }),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});

let lambda: LambdaStub;
let server: Server;
let base: string;

/** The function behind the app: works, or fails where it is told to. */
const render = withBaton<{ fail?: boolean }>(
  ({ fail }) => {
    if (fail) throw new Error('out of paper');
    return 'rendered';
  },
  { ...options, name: 'render-invoice' },
);

beforeAll(async () => {
  lambda = await startLambdaStub();
  lambda.answer = (response, { event }) =>
    render(event).then(
      (answer) => response.end(JSON.stringify(answer)),
      (thrown: unknown) => {
        const { name, message } = thrown as Error;
        fails({ errorType: name, errorMessage: message })(response, undefined!);
      },
    );
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const offload = createOffload({ policy, signer, clock, clientConfig: lambda.clientConfig });
  const app = express();
  app.use(baton(options));
  app.get('/invoices/slow', () => {});
  app.get('/invoices/broken', () => {
    throw new BatonError('internal', 'a bug', { reason: 'test' });
  });
  app.get(
    '/invoices/:id',
    offloadHandler(offload, 'render-invoice', (req: express.Request) => ({ fail: req.params.id === 'fail' })),
  );
  app.use(problemHandler());
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await lambda.close();
});

/** Sends a request and goes away before the answer. */
async function abandon(): Promise<void> {
  const outgoing = request(`${base}/invoices/slow`, { headers: token() }).on('error', () => {});
  outgoing.end();
  await waitFor('the decision', () => logger.ofType('audit').find((line) => line.path === '/invoices/slow'));
  outgoing.destroy();
  await waitFor('the request line', () => logger.ofType('request').find((line) => line.aborted));
}

/** Makes every kind of line that Baton writes for a request, with every field that it can have. */
async function makeLines(): Promise<void> {
  for (const id of ['7', 'fail', 'broken'])
    await send(`${base}/invoices/${id}`, { headers: token({ sub: 'copilot' }) });
  await send(`${base}/invoices/7`, { headers: { 'Txn-Token': 'a.b.c', 'X-Correlation-Id': 'not kept' } });
  await abandon();
  const authorizer = createAuthorizer({ ...options, signer: jwkSigner(relayKeys.edge.privateJwk) });
  for (const bearer of [providerToken(relayKeys.provider), 'nonsense']) {
    await authorizer(httpApiEvent({ authorization: `Bearer ${bearer}` }));
  }
  const foreign = { baton: 1, handOver: 'a.b.c', correlationId: 'c-1', payload: null };
  await expect(render(foreign)).rejects.toMatchObject({ name: 'baton.token_invalid' });
}

/** The section that a line belongs to. */
const headingOf = ({ type, event }: Readonly<Record<string, unknown>>): string =>
  type === 'audit' ? `\`audit\`: \`${event}\`` : `\`${type}\``;

it('docs/logging.md lists the fields of each line that Baton writes, and no other', async () => {
  await makeLines();
  const everyLine = new Set(fieldsOf('Every line'));
  const written = new Map<string, Set<string>>();
  const common = new Set<string>();
  for (const line of logger.lines) {
    const fields = written.get(headingOf(line)) ?? new Set<string>();
    written.set(headingOf(line), fields);
    for (const name of Object.keys(line)) (everyLine.has(name) ? common : fields).add(name);
  }
  const headings = [...sections.keys()].filter((heading) => heading.startsWith('`'));
  expect([...written.keys()].sort()).toEqual(headings.sort());
  expect([...common].sort()).toEqual([...everyLine].sort());
  const listed = headings.map((heading) => [heading, fieldsOf(heading).sort()]);
  expect([...written].map(([heading, fields]) => [heading, [...fields].sort()]).sort()).toEqual(listed.sort());
});

it('docs/logging.md lists the reasons of decisions', () => {
  const source = readFileSync(path.join(root, 'src/core/access.ts'), 'utf8');
  const union = /reason:([^;]+);/.exec(source)?.[1] ?? '';
  const reasons = [...union.matchAll(/'(\w+)'/g)].map((match) => match[1]!);
  const [, listed = ''] = /\nReasons: ([^.]+)\./.exec(sections.get('`audit`: `access`') ?? '') ?? [];
  expect(codeIn(listed).filter((name) => name !== 'deny')).toEqual(reasons);
});
