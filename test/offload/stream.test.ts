import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { jwkSigner } from '../../src/jws/sign';
import type { FunctionStream } from '../../src/offload/call';
import { createOffload } from '../../src/offload/offload';
import { asCaller } from '../support/as-caller';
import { thrownBy } from '../support/errors';
import { chunkFrame, completeFrame, EVENT_STREAM_HEADERS } from '../support/event-stream';
import { invoicesDocument, invoicesPolicy, relayKeys, testClock } from '../support/invoices';
import { refuses, startLambdaStub, type LambdaAnswer, type LambdaStub } from '../support/lambda-stub';
import { FUNCTION_ARN } from '../support/tokens';

let lambda: LambdaStub;
beforeEach(async () => {
  lambda = await startLambdaStub();
});
afterEach(() => lambda.close());

const target = invoicesDocument.functions['render-invoice'];

function open(members: object = {}, signal?: AbortSignal): Promise<FunctionStream> {
  const policy = invoicesPolicy({ functions: { 'render-invoice': { ...target, ...members } } });
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const offload = createOffload({ policy, signer, clock: testClock, clientConfig: lambda.clientConfig });
  return asCaller({}, () => offload.stream('render-invoice', { id: 7 }, signal && { signal }));
}

/** Answers with these frames, and then ends or leaves the reader waiting. */
const sends =
  (frames: readonly Buffer[], end = true): LambdaAnswer =>
  (response) => {
    response.writeHead(200, EVENT_STREAM_HEADERS);
    for (const frame of frames) response.write(frame);
    if (end) response.end();
  };
const failed = completeFrame({
  ErrorCode: 'Unhandled',
  ErrorDetails: JSON.stringify({ errorType: 'TypeError', errorMessage: 'inner words' }),
});

describe('an answer in pieces', () => {
  it('is opened as the caller, and read to its end', async () => {
    lambda.answer = sends([chunkFrame('a;b\n'), chunkFrame('1;ü\n'), completeFrame()]);
    const { contentType, body } = await open();
    expect(contentType).toBeUndefined();
    expect(await text(body)).toBe('a;b\n1;ü\n');
    expect(lambda.calls.map(({ path }) => path)).toEqual([
      `/2021-11-15/functions/${FUNCTION_ARN}/response-streaming-invocations`,
    ]);
    expect(lambda.calls[0]?.event).toMatchObject({ baton: 1, handOver: expect.any(String), payload: { id: 7 } });
  });

  it('may be empty', async () => {
    lambda.answer = sends([completeFrame()]);
    expect(await text((await open()).body)).toBe('');
  });

  const beforehand: readonly (readonly [string, LambdaAnswer, object, number])[] = [
    ['the function fails', sends([failed]), { code: 'function_failed', reason: 'TypeError' }, 1],
    ['Lambda throttles', refuses(429, 'TooManyRequestsException'), { code: 'function_throttled' }, 3],
    ['AWS refuses', refuses(403, 'AccessDeniedException'), { code: 'function_access_denied' }, 1],
    ['nothing comes', sends([], false), { code: 'function_timeout' }, 1],
    ['nothing came', sends([]), { code: 'function_unavailable' }, 1],
  ];
  it.each(beforehand)('is none where %s before the first piece', async (_name, answer, expected, times) => {
    lambda.answer = answer;
    const error = await thrownBy(() => open());
    expect(error).toMatchObject(expected);
    expect(error.message).not.toContain('inner words');
    expect(lambda.calls.length).toBe(times);
  });

  const onTheWay: readonly (readonly [string, LambdaAnswer, object])[] = [
    ['the function fails', sends([chunkFrame('a'), failed]), { code: 'function_failed', reason: 'TypeError' }],
    ['the answer breaks off', sends([chunkFrame('a')]), { code: 'function_unavailable' }],
    ['the time is over', sends([chunkFrame('a')], false), { code: 'function_timeout' }],
  ];
  it.each(onTheWay)(
    'ends with an error where %s on the way, and is not asked for again',
    async (_name, answer, expected) => {
      lambda.answer = answer;
      const { body } = await open({ idempotent: true });
      expect(await thrownBy(() => text(body))).toMatchObject(expected);
      expect(lambda.calls.length).toBe(1);
    },
  );

  it.each([
    ['its reader leaves', (body: FunctionStream['body']) => body.destroy()],
    ['its caller says so', (_body: FunctionStream['body'], controller: AbortController) => controller.abort()],
  ])('ends the call when %s', async (_name, leave) => {
    lambda.answer = sends([chunkFrame('a')], false);
    const controller = new AbortController();
    const { body } = await open({ timeoutSeconds: 60 }, controller.signal);
    body.on('error', () => {}).resume();
    leave(body, controller);
    await lambda.calls[0]?.ended;
    if (!body.closed) await once(body, 'close').catch(() => undefined);
    expect(body.destroyed).toBe(true);
  });

  it('has its place among the calls of its function until it is read', async () => {
    lambda.answer = sends([chunkFrame('a'), completeFrame()]);
    const policy = invoicesPolicy({
      functions: { 'render-invoice': { ...target, timeoutSeconds: 60, maxConcurrent: 1, maxWaiting: 0 } },
    });
    const signer = jwkSigner(relayKeys.handOver.privateJwk);
    const offload = createOffload({ policy, signer, clock: testClock, clientConfig: lambda.clientConfig });
    const stream = (): Promise<FunctionStream> => asCaller({}, () => offload.stream('render-invoice', {}));
    const { body } = await stream();
    expect(await thrownBy(stream)).toMatchObject({ code: 'function_throttled', reason: 'bulkhead_full' });
    await text(body);
    expect(await text((await stream()).body)).toBe('a');
  });
});
