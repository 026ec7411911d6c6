import { SFNClient, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { neverRan } from '../../src/offload/retry';
import { callError } from '../../src/offload/errors';
import { workflowError } from '../../src/workflows/errors';
import { sentOnce } from '../../src/credentials/corrected-clock';
import { jwkSigner } from '../../src/jws/sign';
import { startFaultProxy } from '../../src/local/faults/fault-proxy';
import { createOffload } from '../../src/offload/offload';
import { asCaller } from '../support/as-caller';
import { startAwsEndpoint } from '../support/aws-endpoint';
import { invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { answers, refuses, startLambdaStub } from '../support/lambda-stub';

/** By the machine's clock, by which the SDK goes. */
const inMs = (ms: number): string => new Date(Date.now() + ms).toUTCString();
const QUARTER_HOUR_MS = 15 * 60_000;

describe('a call of a function', () => {
  const render = async (first: Parameters<typeof refuses>): Promise<[unknown, number]> => {
    const lambda = await startLambdaStub();
    try {
      lambda.answer = (response, call) =>
        (lambda.calls.length === 1 ? refuses(...first) : answers({ rendered: true }))(response, call);
      const offload = createOffload({
        policy: invoicesPolicy(),
        signer: jwkSigner(relayKeys.handOver.privateJwk),
        clock: testClock,
        clientConfig: lambda.clientConfig,
      });
      const answer = await asCaller({}, () => offload.invoke('render-invoice', {})).catch(
        (thrown: unknown) => (thrown as { code?: unknown }).code,
      );
      return [answer, lambda.calls.length];
    } finally {
      await lambda.close();
    }
  };

  it.each([
    ['minutes ahead', QUARTER_HOUR_MS],
    ['minutes behind', -QUARTER_HOUR_MS],
  ])('is signed anew where AWS is %s', async (_name, ms) => {
    expect(await render([403, 'InvalidSignatureException', { date: inMs(ms) }])).toEqual([{ rendered: true }, 2]);
  });

  it.each([
    ['the signature is wrong at the same time', 'InvalidSignatureException', 0],
    ['the role may not, whatever the time', 'AccessDeniedException', QUARTER_HOUR_MS],
  ])('is not sent again where %s', async (_name, type, ms) => {
    expect(await render([403, type, { date: inMs(ms) }])).toEqual(['function_access_denied', 1]);
  });
});

it('one that used up its attempts otherwise, and then met the wrong clock, may be made again', () => {
  const called = { name: 'render', target: 'arn:aws:lambda:f', arn: 'arn:aws:states:s', action: 'x:Y' };
  const refused = (clockSkewCorrected: boolean): Error =>
    Object.assign(new Error('x'), {
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 403, clockSkewCorrected },
    });
  const codes = (thrown: Error): unknown[] => [callError(called, thrown).code, workflowError(called, thrown).code];
  expect(codes(refused(true))).toEqual(['function_unavailable', 'workflow_unavailable']);
  expect(codes(refused(false))).toEqual(['function_access_denied', 'workflow_access_denied']);
  expect(neverRan(callError(called, refused(true)))).toBe(true);
});

it('what must not be done twice is sent again where the clock alone was wrong, and only then', async () => {
  const aws = await startAwsEndpoint(() => ({}));
  const proxy = await startFaultProxy({ service: 'states', target: aws.url });
  const client = new SFNClient({ ...aws.clientConfig, endpoint: proxy.url, maxAttempts: 1 });
  const send = () => sentOnce(() => client.send(new SendTaskSuccessCommand({ taskToken: 'x', output: '{}' })));
  try {
    proxy.set([{ kind: 'clock-skew', skewSeconds: 900 }]);
    await send();
    expect([aws.calls.length, proxy.counts.requests]).toEqual([1, 2]);
    proxy.set([{ kind: 'reset', lost: 'answer' }]);
    await expect(send()).rejects.toThrow();
    expect([aws.calls.length, proxy.counts.requests]).toEqual([2, 3]);
  } finally {
    client.destroy();
    await proxy.stop();
    await aws.close();
  }
});
