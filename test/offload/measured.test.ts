import { rmSync } from 'node:fs';
import path from 'node:path';
import { BatonError } from '../../src/core/errors';
import type { FunctionCallMeasure, LeftWorkMeasure, MetricsSink } from '../../src/core/metrics';
import { runDrainHooks } from '../../src/core/process-hooks';
import { currentRecord, runInContext } from '../../src/context/storage';
import { jwkSigner } from '../../src/jws/sign';
import { measured } from '../../src/offload/measured';
import { createOffload } from '../../src/offload/offload';
import { asCaller } from '../support/as-caller';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { temporaryFolder } from '../support/example';
import { answers, fails, startLambdaStub } from '../support/lambda-stub';

/** Does work in the request at hand, with its calls counted. */
function counting<T>(calls: FunctionCallMeasure[], work: () => Promise<T>, left: LeftWorkMeasure[] = []): Promise<T> {
  const metrics: MetricsSink = {
    request: jest.fn(),
    refused: jest.fn(),
    functionCall: (measure) => calls.push(measure),
    workLeft: (measure) => left.push(measure),
    workflowStart: () => undefined,
  };
  return runInContext({ ...currentRecord()!, metrics }, work);
}

const durationMs = expect.any(Number) as number;

it('calls of functions are counted by name and outcome', async () => {
  const lambda = await startLambdaStub();
  const calls: FunctionCallMeasure[] = [];
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const { clientConfig } = lambda;
  const offload = createOffload({ policy: invoicesPolicy(), signer, clock: testClock, clientConfig });
  const invoke = (name: string): Promise<unknown> =>
    asCaller({}, () => counting(calls, () => offload.invoke(name, {}))).catch((thrown: unknown) => thrown);
  lambda.answer = answers({ pages: 1 });
  await invoke('render-invoice');
  lambda.answer = fails({ errorType: 'Error', errorMessage: 'out of paper' });
  await invoke('render-invoice');
  await invoke('name-of-somebody');
  await lambda.close();
  expect(calls).toEqual([
    { function: 'render-invoice', outcome: 'succeeded', durationMs },
    { function: 'render-invoice', outcome: 'function_failed', durationMs },
  ]);
});

it('work that is left behind is counted apart, once for each time somebody leaves it', async () => {
  const left: LeftWorkMeasure[] = [];
  const folder = temporaryFolder();
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const outbox = { path: path.join(folder, 'outbox.db') };
  const offload = createOffload({ policy: invoicesPolicy(), signer, clock: testClock, outbox });
  const leave = (name: string, id: number): Promise<unknown> =>
    asCaller({}, () => counting([], () => offload.enqueue(name, { id }, { idempotencyKey: 'k' }), left)).catch(() => 0);
  for (const id of [7, 7, 8]) await leave('render-invoice', id);
  await leave('name-of-somebody', 7);
  expect(left).toEqual([
    { function: 'render-invoice', outcome: 'left', durationMs },
    { function: 'render-invoice', outcome: 'known', durationMs },
    { function: 'render-invoice', outcome: 'idempotency_conflict', durationMs },
  ]);
  await runDrainHooks((error) => {
    throw error;
  });
  rmSync(folder, { recursive: true });
});

it('a call that is refused counts with its code, and what is no error of Baton as internal', async () => {
  const calls: FunctionCallMeasure[] = [];
  const counted = <T>(work: () => Promise<T>): Promise<T> => asCaller({}, () => counting(calls, work));
  for (const error of [new BatonError('permission_denied', 'no'), new TypeError('a bug')]) {
    const fail = (): Promise<never> => Promise.reject(error);
    await expect(counted(() => measured('f', fail))).rejects.toBe(error);
  }
  expect(calls.map(({ outcome }) => outcome)).toEqual(['permission_denied', 'internal']);
});

it('nothing is counted outside a request whose calls are counted', async () => {
  expect(await measured('f', () => Promise.resolve(7))).toBe(7);
});
