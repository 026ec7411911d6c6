import { readFileSync } from 'node:fs';
import { oneConnection, send, type Answer } from '../support/http-client';
import { waitFor } from '../support/wait';
import { filesWithTokens, jsonLines, readTree, startTestRelay, type TestRelay } from './support/relay-host';

jest.setTimeout(40_000);

interface Caller {
  readonly token: string;
  readonly subject: string;
  readonly actor?: string;
}

/** One request of a load: where it goes, as whom. */
interface Shot {
  readonly via: 'http' | 'rest';
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly caller: Caller;
}

const CARLA = 'entra:0b2f7a52-6c1e-4f7e-9a57-1a1f3c2d4e01';
const ADA = 'entra:7d9c1e34-2b5a-4c8f-8e21-5f6a7b8c9d02';
/** The local Lambda throttles at ten processes of a function, as an account does at its limit. */
const FUNCTION_LANES = 8;

let relay: TestRelay;
let callers: readonly [Caller, Caller, Caller];

beforeAll(async () => {
  relay = await startTestRelay();
  const [carla, ada] = [await relay.signIn('carla'), await relay.signIn('ada')];
  callers = [
    { token: carla, subject: CARLA },
    { token: ada, subject: ADA },
    { token: await relay.actFor(ada), subject: ADA, actor: 'invoice-copilot' },
  ];
});
afterAll(() => relay.stop());

const fire = ({ via, path, method, caller }: Shot): Promise<Answer> =>
  send(`${relay[via]}${path}`, { method, token: caller.token });

/** Runs jobs, at most `lanes` at a time. */
async function inLanes<T>(lanes: number, jobs: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const waiting = [...jobs.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await next[1]();
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}

const shots = (count: number, path: string, method: Shot['method'] = 'GET'): Shot[] =>
  Array.from({ length: count }, (_, i) => ({
    via: i % 2 === 0 ? 'http' : 'rest',
    path,
    method,
    caller: callers[i % callers.length]!,
  }));

/** Whom an answer is about, in one line, so that a mix-up shows in the difference. */
const seen = ({ subject, actor }: { subject?: string; actor?: string } = {}): string => `${subject} ← ${actor}`;

it('sees each request of one kept connection as its own caller, and nobody where nobody is named', async () => {
  const agent = oneConnection();
  const [carla, ada, copilot] = callers;
  const order = [carla, ada, carla, copilot, undefined, ada, undefined, carla, copilot, ada];
  const answers: Answer[] = [];
  for (const caller of order) {
    answers.push(await send(`${relay.http}/invoices/7`, { agent, ...(caller && { token: caller.token }) }));
  }
  agent.destroy();
  expect(new Set(answers.map(({ localPort }) => localPort)).size).toBe(1);
  expect(answers.map(({ status, body }) => (status === 200 ? seen(body.seenByApp) : status))).toEqual(
    order.map((caller) => (caller ? seen(caller) : 401)),
  );
});

it('keeps one authorizer result a caller, and answers none from another caller’s', async () => {
  const before = await relay.authorizerCalls('rest');
  const fresh = [await relay.signIn('carla'), await relay.signIn('ada')].map((token) => ({ token }));
  const subjects = [CARLA, ADA];
  for (let i = 0; i < 12; i++) {
    const { status, body } = await send(`${relay.rest}/invoices/${7 + (i % 3 === 0 ? 1 : 0)}`, fresh[i % 2]);
    expect([status, body.seenByApp.subject]).toEqual([200, subjects[i % 2]]);
  }
  // One letter off: another key of the cache, and a signature that is wrong.
  const { token } = fresh[0]!;
  const altered = token.slice(0, -10) + (token.at(-10) === 'A' ? 'B' : 'A') + token.slice(-9);
  expect((await send(`${relay.rest}/invoices/7`, { token: altered })).status).toBe(401);
  expect(await relay.authorizerCalls('rest')).toBe(before + 3);
});

it('answers 200 concurrent requests, each as its own caller under an ID of its own that all logs hold', async () => {
  // The authorizer is asked first: a burst of callers that it does not know yet would meet its concurrency limit.
  for (const shot of callers.flatMap((caller) => [
    { via: 'http', path: '/invoices', method: 'GET', caller } as const,
    { via: 'rest', path: '/invoices', method: 'GET', caller } as const,
  ])) {
    expect((await fire(shot)).status).toBe(200);
  }
  const reads = shots(150, '/invoices/7');
  const renders = shots(50, '/invoices/8/render', 'POST');
  const [readAnswers, renderAnswers] = await Promise.all([
    Promise.all(reads.map(fire)),
    inLanes(
      FUNCTION_LANES,
      renders.map((shot) => () => fire(shot)),
    ),
  ]);
  const all = [...reads, ...renders].map((shot, i) => ({ shot, answer: [...readAnswers, ...renderAnswers][i]! }));

  const ids = all.map(({ shot, answer: { status, headers, body } }) => {
    const id = headers[shot.via === 'http' ? 'apigw-requestid' : 'x-amz-apigw-id'];
    const expected = seen(shot.caller);
    expect([status, seen(body.seenByApp)]).toEqual([200, expected]);
    expect([headers['x-correlation-id'], body.seenByApp.correlationId]).toEqual([id, id]);
    if (shot.method === 'POST') {
      expect([seen(body.seenByFunction), body.seenByFunction.correlationId]).toEqual([expected, id]);
    }
    return String(id);
  });
  expect(new Set(ids).size).toBe(200);

  await expectInLogs(all.map(({ shot }, i) => ({ ...shot, id: ids[i]! })));
});

/** Each request under its ID in each log of its way, and there with its own subject. */
async function expectInLogs(requests: readonly (Shot & { id: string })[]): Promise<void> {
  const subjects = new Map(requests.map(({ id, caller }) => [id, caller.subject]));
  const pick = (lines: Record<string, unknown>[], idOf: string, subjectOf: string): Map<string, unknown> =>
    new Map(
      lines.filter((line) => subjects.has(String(line[idOf]))).map((line) => [String(line[idOf]), line[subjectOf]]),
    );
  const ofType = (file: string, type: string): Record<string, unknown>[] =>
    jsonLines(file).filter((line) => line.type === type);

  const readApp = (): Map<string, unknown> => pick(ofType(relay.appLogFile, 'request'), 'correlationId', 'subject');
  // The app writes a line when the answer has ended, so the client can be ahead of it.
  await waitFor('the app’s log', () => readApp().size === requests.length);
  expect(readApp()).toEqual(subjects);

  const rendered = new Map(requests.filter(({ method }) => method === 'POST').map(({ id }) => [id, subjects.get(id)]));
  const functionLog = ofType(await relay.functionLog('render-invoice'), 'function');
  expect(pick(functionLog, 'correlationId', 'subject')).toEqual(rendered);

  const iis = readFileSync(await relay.iisLog(), 'utf8').split(/\r?\n/);
  const gateways = {
    http: new Set(jsonLines(`${relay.logDirectory}/gateway-http.jsonl`).map((line) => line.requestId)),
    rest: new Set(jsonLines(`${relay.logDirectory}/gateway-rest.jsonl`).map((line) => line.extendedRequestId)),
  };
  for (const { via, id } of requests) {
    expect([id, gateways[via].has(id), iis.filter((line) => ` ${line} `.includes(` ${id} ${id} `)).length]).toEqual([
      id,
      true,
      1,
    ]);
  }
}

it('fails with 5xx only, and answers nobody as somebody else, while the app is killed under load', async () => {
  const load = shots(160, '/invoices/7');
  let answered = 0;
  let killed: Promise<void> | undefined;
  const answers = await inLanes(
    20,
    load.map((shot) => async () => {
      const answer = await fire(shot);
      answered++;
      if (answered === 40) killed = relay.killApp();
      return answer;
    }),
  );
  await killed;
  expect(answered).toBe(160);
  const outcomes = answers.map(({ status, body }, i) =>
    status === 200 ? seen(body.seenByApp) === seen(load[i]!.caller) : status >= 500,
  );
  expect(outcomes).not.toContain(false);
  await waitFor('a new process of the app', async () => (await fire(load[0]!)).status === 200);
});

it('wrote no token into any log', () => {
  const files = readTree(relay.logDirectory);
  const names = ['app.jsonl', 'gateway-http.jsonl', 'gateway-rest.jsonl', 'functions/render-invoice.log'];
  expect(names.filter((name) => !files.get(name))).toEqual([]);
  const all = new Map([...files, ['(printed)', relay.printed()]]);
  expect(
    filesWithTokens(
      all,
      callers.map(({ token }) => token),
    ),
  ).toEqual([]);
  // The search finds what is there.
  expect(filesWithTokens(new Map([['leak', `x ${callers[0].token} y`]]), [])).toEqual(['leak']);
});
