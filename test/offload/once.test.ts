import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asBatonError } from '../../src/core/errors';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload, type Offload } from '../../src/offload/offload';
import { asCaller } from '../support/as-caller';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';

/**
 * Counts how often each piece of work arrives, through the real SDK: what a call that ends in an error does to a function
 * is seen only there.
 */
async function startCountingLambda(answer: (id: number, nth: number, response: ServerResponse) => unknown) {
  const runs = new Map<number, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { payload } = JSON.parse(Buffer.concat(chunks).toString()) as { payload: { id: number } };
      const nth = (runs.get(payload.id) ?? 0) + 1;
      if (payload.id === WARM_UP) return response.end('{}');
      runs.set(payload.id, nth);
      return answer(payload.id, nth, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  const clientConfig = {
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-for-tests' },
  };
  return { runs, clientConfig, close };
}

/** Always answered. */
const WARM_UP = -1;

const target = invoicesDocument.functions['render-invoice'];

function offloadTo(clientConfig: Readonly<Record<string, unknown>>, members: object): Offload {
  const policy = invoicesPolicy({ functions: { 'render-invoice': { ...target, ...members } } });
  return createOffload({ policy, signer: jwkSigner(relayKeys.handOver.privateJwk), clock: testClock, clientConfig });
}

/** Makes calls 0 to `count` - 1, `lanes` at a time, and says how often each ended how. */
async function callMany(offload: Offload, count: number, lanes: number): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  // The SDK takes its time to load, and its first calls are slow: that is not to be the time of a call that is counted.
  for (let call = 0; call < 20; call++) await asCaller({}, () => offload.invoke('render-invoice', { id: WARM_UP }));
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let id = next++; id < count; id = next++) {
      const outcome = await offload.invoke('render-invoice', { id }).then(
        () => 'succeeded',
        (thrown: unknown) => asBatonError(thrown).code,
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await asCaller({}, () => Promise.all(Array.from({ length: lanes }, lane)));
  return outcomes;
}

const maxRuns = (runs: ReadonlyMap<number, number>): number => Math.max(...runs.values());

it('runs no function twice in 10,000 calls, 5 % of which get no answer and 1 % break off', async () => {
  const lambda = await startCountingLambda((id, _nth, response) => {
    if (id % 20 === 7) return; // No answer: the call ends with its time.
    if (id % 200 === 11) return response.socket?.destroy();
    if (id % 200 === 13) return response.writeHead(500, { 'x-amzn-errortype': 'ServiceException' }).end('{}');
    response.end('{}');
  });
  try {
    const offload = offloadTo(lambda.clientConfig, { maxConcurrent: 150, timeoutSeconds: 2 });
    const outcomes = await callMany(offload, 10_000, 150);
    const { succeeded = 0, function_timeout: timeouts = 0, function_unavailable: broken = 0 } = outcomes;
    expect(maxRuns(lambda.runs)).toBe(1);
    expect(succeeded + timeouts + broken).toBe(10_000);
    // On a busy machine a few more have no answer in time, and some of those were not sent yet.
    expect([timeouts >= 500, succeeded > 5000]).toEqual([true, true]);
    expect(lambda.runs.size).toBeGreaterThanOrEqual(10_000 - (timeouts - 500));
  } finally {
    await lambda.close();
  }
}, 60_000);

it('tries again what AWS throttled, and runs it once', async () => {
  const lambda = await startCountingLambda((_id, nth, response) => {
    if (nth <= 2) response.writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException' }).end('{}');
    else response.end('{}');
  });
  try {
    expect(await callMany(offloadTo(lambda.clientConfig, {}), 20, 20)).toEqual({ succeeded: 20 });
    expect([lambda.runs.size, maxRuns(lambda.runs)]).toEqual([20, 3]);
  } finally {
    await lambda.close();
  }
});

it('runs a function again that is declared idempotent, when it broke off, and not when its time was over', async () => {
  const lambda = await startCountingLambda((id, nth, response) => {
    if (id === 3) return;
    if (nth === 1) response.socket?.destroy();
    else response.end('{}');
  });
  try {
    const offload = offloadTo(lambda.clientConfig, { idempotent: true });
    expect(await callMany(offload, 8, 2)).toEqual({ succeeded: 7, function_timeout: 1 });
    expect([lambda.runs.get(3), lambda.runs.get(4), maxRuns(lambda.runs)]).toEqual([1, 2, 2]);
  } finally {
    await lambda.close();
  }
});
