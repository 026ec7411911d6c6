import * as sdk from '@aws-sdk/client-sfn';
import { BatonError } from '../../src/core/errors';
import { startStepFunctionsEndpoint, type StepFunctionsEndpoint } from '../../src/local/step-functions/endpoint';
import { historyPages, type HistoryRequest } from '../../src/workflows/history-pages';
import { RequestBudget } from '../../src/workflows/request-budget';
import { clientConfigOf } from '../support/auditing';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { codeOf } from '../support/errors';

const definition = { StartAt: 'Work', States: { Work: { Type: 'Pass', End: true } } };

let states: StepFunctionsEndpoint;
let executionArn: string;
beforeAll(async () => {
  states = await startStepFunctionsEndpoint({ stateMachines: { long: { definition } } });
  const events = Array.from({ length: 2500 }, (_, index) => ({
    type: 'PassStateEntered',
    details: { name: `S${index}`, input: '{}' },
  }));
  executionArn = states.loadExecution('long', { name: 'long', status: 'RUNNING', events });
});
afterAll(() => states.stop());

async function read(
  url: string,
  request: Partial<HistoryRequest>,
  budget = new RequestBudget({ requestsPerSecond: 1000 }),
) {
  const client = new sdk.SFNClient({ ...clientConfigOf({ url }), maxAttempts: 1 });
  const pages: number[][] = [];
  let data = 0;
  try {
    for await (const page of historyPages({ sdk, client, budget }, { executionArn, workflow: 'long', ...request })) {
      pages.push(page.map(({ id }) => id));
      data += page.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.input !== undefined).length;
    }
  } finally {
    client.destroy();
  }
  return { ids: pages.flat(), sizes: pages.map(({ length }) => length), data, requests: budget.requests };
}
const from = (first: number): number[] => Array.from({ length: 2501 - first }, (_, index) => first + index);

describe('the pages of a history', () => {
  it.each([
    // What is asked, sizes of the pages, requests: the newest page first where an event is known.
    [{}, [1000, 1000, 500], 3],
    [{ afterEventId: 2490 }, [10], 1],
    [{ afterEventId: 2500 }, [], 1],
    [{ afterEventId: 1500 }, [1000], 1],
    [{ afterEventId: 1499 }, [501, 500], 4],
    [{ afterEventId: 2400, pageSize: 50 }, [50, 50], 51],
    [{ afterEventId: 2450, pageSize: 50 }, [50], 1],
  ])('%j: %j with %i requests', async (request, sizes, requests) => {
    const read_ = await read(states.url, request);
    expect(read_).toMatchObject({ sizes, requests, data: 0 });
    expect(read_.ids).toEqual(from(((request as { afterEventId?: number }).afterEventId ?? 0) + 1));
  });

  it('brings inputs and outputs where they are asked for, in smaller pages', async () => {
    expect(await read(states.url, { includeExecutionData: true })).toMatchObject({ data: 2500, requests: 25 });
  });
});

describe('a quota that is shared', () => {
  it('lets so many requests through a second, and a burst before', async () => {
    let now = 0;
    const budget = new RequestBudget({
      ...{ requestsPerSecond: 10, burst: 3, clock: () => now },
      pause: (ms) => Promise.resolve((now += ms)),
    });
    const times: number[] = [];
    await Promise.all(Array.from({ length: 6 }, () => budget.take().then(() => times.push(now))));
    expect(times).toEqual([0, 0, 0, 100, 200, 300]);
  });

  it('asks half as much when AWS throttles, and more again later', () => {
    let now = 0;
    const budget = new RequestBudget({ requestsPerSecond: 16, clock: () => now });
    const rates = [budget.requestsPerSecond];
    for (let throttles = 0; throttles < 6; throttles += 1) {
      budget.throttled();
      rates.push(budget.requestsPerSecond);
    }
    now = 15_000;
    rates.push(budget.requestsPerSecond);
    now = 60_000;
    expect([...rates, budget.requestsPerSecond]).toEqual([16, 8, 4, 2, 1, 1, 1, 8.5, 16]);
  });

  it.each([
    ['tries again until it is let through', 3, 60_000, 'none'],
    ['gives up when its patience is over', 1000, 1000, 'workflow_throttled'],
  ])('%s', async (_what, refusals, patienceMs, code) => {
    let left = refusals;
    const aws = await startAwsEndpoint(() =>
      left-- > 0 ? { __type: 'ThrottlingException', message: 'Rate exceeded' } : { events: [] },
    );
    let now = 0;
    const pause = (ms: number): Promise<number> => Promise.resolve((now += ms));
    const budget = new RequestBudget({ requestsPerSecond: 10, clock: () => now, pause });
    const reading = (): Promise<unknown> => read(aws.url, { patienceMs }, budget);
    if (code === 'none') await reading();
    else expect(await codeOf(reading)).toBe(code);
    expect(budget.throttles).toBe(code === 'none' ? refusals : aws.calls.length);
    await aws.close();
  });

  it('refuses at once who would wait too long: nobody knows how many others come', async () => {
    const budget = new RequestBudget({ requestsPerSecond: 10, burst: 1, longestWaitMs: 1000 });
    const controller = new AbortController();
    const takes = Array.from({ length: 20 }, () => budget.take(controller.signal));
    const ends = Promise.allSettled(takes);
    expect(await codeOf(() => takes[19])).toBe('workflow_throttled');
    controller.abort();
    const refused = (await ends).filter((end) => end.status === 'rejected' && end.reason instanceof BatonError);
    expect(refused).toHaveLength(9);
    await budget.take();
  });

  it('ends when it is told to, also while it waits', async () => {
    const budget = new RequestBudget({ requestsPerSecond: 0.001, burst: 1 });
    await budget.take();
    const controller = new AbortController();
    const waiting = budget.take(controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow(/enough|aborted/);
  });
});
