import { readFileSync } from 'node:fs';
import path from 'node:path';
import { send, type Answer } from '../support/http-client';
import { waitFor } from '../support/wait';
import { jsonLines, startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(40_000);

const CARLA = 'entra:0b2f7a52-6c1e-4f7e-9a57-1a1f3c2d4e01';

let relay: TestRelay;
let tokensFile: string;

// Keeps what the gateway sent, and a second token of the same kind that nobody has sent yet.
const AUTHORIZER = `
  const { appendFileSync } = require('node:fs');
  const { createAuthorizer } = require('iis-baton/authorizer');
  const authorize = createAuthorizer({ cacheTtlSeconds: 0 });
  exports.handler = async (event) => {
    const [sent, spare] = [await authorize(event), await authorize(event)];
    const tokens = { sent: sent.context.txnToken, spare: spare.context.txnToken };
    appendFileSync(require('node:path').join(__dirname, 'tokens.jsonl'), JSON.stringify(tokens) + '\\n');
    return sent;
  };`;

beforeAll(async () => {
  relay = await startTestRelay((copy) => {
    tokensFile = path.join(copy.app, 'functions', 'tokens.jsonl');
    copy.write('functions/authorizer.js', AUTHORIZER);
    copy.edit('baton.policy.json', ({ edge }) => Object.assign(edge, { replay: 'reject', bind: 'route' }));
    for (const name of ['gateway.http.openapi.json', 'gateway.rest.openapi.json']) {
      copy.write(
        name,
        readFileSync(path.join(copy.app, name), 'utf8').replace(/("authorizerResultTtlInSeconds": )300/, '$10'),
      );
    }
  });
});
afterAll(() => relay.stop());

const straight = (target: string, token: string): Promise<Answer> =>
  send(`${relay.iis}${target}`, { headers: { 'Txn-Token': token } });
const lastTokens = (): { sent: string; spare: string } => jsonLines(tokensFile).at(-1) as never;
const lines = (type: string): Record<string, unknown>[] =>
  jsonLines(relay.appLogFile).filter((line) => line.type === type);

/** Why the app refused, from its audit trail. */
const reasonFor = (answer: Answer): Promise<unknown> => {
  const id = answer.headers['x-correlation-id'];
  const find = (): Record<string, unknown> | undefined =>
    lines('audit').find((line) => line.correlationId === id && line.event === 'authenticate');
  return waitFor('the audit event', find).then((line) => line?.reason);
};

it.each(['http', 'rest'] as const)(
  'lets each request through the %s gateway in once, with a token of its own',
  async (via) => {
    const token = await relay.signIn('carla');
    const before = await relay.authorizerCalls(via);
    for (let i = 0; i < 2; i++) {
      const { status, body } = await send(`${relay[via]}/invoices/7`, { token });
      expect([status, body.seenByApp.subject]).toEqual([200, CARLA]);
    }
    expect(await relay.authorizerCalls(via)).toBe(before + 2);
    const { sent, spare } = lastTokens();

    const again = await straight('/invoices/7', sent);
    expect([again.status, again.body.code, await reasonFor(again)]).toEqual([401, 'token_invalid', 'replayed']);

    const elsewhere = await straight('/invoices/8', spare);
    expect([elsewhere.status, elsewhere.body.code, await reasonFor(elsewhere)]).toEqual([
      401,
      'token_invalid',
      'binding',
    ]);
    expect((await straight('/invoices/7', spare)).status).toBe(200);
    expect(await reasonFor(await straight('/invoices/7', spare))).toBe('replayed');
  },
);

it('hands a bound caller on to the function', async () => {
  const token = await relay.signIn('carla');
  const { status, body } = await send(`${relay.http}/invoices/7/render`, { method: 'POST', token });
  expect([status, body.seenByFunction.subject]).toEqual([200, CARLA]);
});

it('said at the start that the app remembers in the memory of one process', () => {
  expect(lines('replay_memory')).toEqual([expect.objectContaining({ level: 'warn' })]);
});
