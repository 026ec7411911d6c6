import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import { offloadHandler, type OffloadHandlerOptions } from '../../src/middleware/offload-handler';
import { jwkSigner } from '../../src/jws/sign';
import { createOffload } from '../../src/offload/offload';
import { chunkFrame, completeFrame, EVENT_STREAM_HEADERS } from '../support/event-stream';
import { invoicesDocument, relayKeys } from '../support/invoices';
import { refuses, startLambdaStub, type LambdaAnswer, type LambdaStub } from '../support/lambda-stub';
import {
  appWith,
  as,
  clock,
  EXPRESSES,
  eventually,
  listen,
  policyOf,
  type ExpressModule,
  type MemoryLog,
} from './apps';

const { functions, handOver } = invoicesDocument;
const policy = policyOf({
  routes: [],
  unlistedRoutes: 'authenticated',
  handOver,
  functions: { 'render-invoice': { ...functions['render-invoice'], timeoutSeconds: 30 } },
});

let lambda: LambdaStub;
beforeEach(async () => {
  lambda = await startLambdaStub();
});
afterEach(() => lambda.close());

async function start(express: ExpressModule, options: OffloadHandlerOptions): Promise<{ url: string; log: MemoryLog }> {
  const signer = jwkSigner(relayKeys.handOver.privateJwk);
  const offload = createOffload({ policy, signer, clock, clientConfig: lambda.clientConfig });
  const { app, log } = appWith(express, {
    policy,
    routes: (routes) =>
      routes.get(
        '/:id',
        offloadHandler(offload, 'render-invoice', ({ params }) => ({ id: params.id }), options),
      ),
  });
  return { url: `http://127.0.0.1:${await listen(app)}`, log };
}

const streams =
  (frames: readonly Buffer[], end = true): LambdaAnswer =>
  (response) => {
    response.writeHead(200, EVENT_STREAM_HEADERS);
    for (const frame of frames) response.write(frame);
    if (end) response.end();
  };

describe.each(EXPRESSES)('offloadHandler() with options on %s', (_name, express) => {
  const digits = { type: 'object', properties: { id: { type: 'string', pattern: '^[0-9]+$' } }, required: ['id'] };
  it.each([
    ['a JSON Schema', digits],
    ['a Standard Schema', z.object({ id: z.string().regex(/^[0-9]+$/) })],
  ])('answers 400 to what does not fit %s, and sends nothing', async (_what, input) => {
    const { url, log } = await start(express, { input });
    const response = await fetch(`${url}/secret-value`, { headers: as() });
    const body = await response.text();
    expect([response.status, JSON.parse(body)]).toEqual([
      400,
      expect.objectContaining({ code: 'input_invalid', errors: [{ pointer: '/id' }] }),
    ]);
    expect(body).not.toContain('secret-value');
    expect(lambda.calls).toHaveLength(0);
    expect(log.of('error')).toEqual([expect.objectContaining({ code: 'input_invalid', level: 'warn' })]);
    expect((await fetch(`${url}/7`, { headers: as() })).status).toBe(200);
    expect(lambda.calls.map(({ event }) => event.payload)).toEqual([{ id: '7' }]);
  });

  it('sends what a Standard Schema makes of the payload', async () => {
    const { url } = await start(express, { input: z.object({ id: z.coerce.number() }) });
    await fetch(`${url}/7`, { headers: as() });
    expect(lambda.calls[0]?.event.payload).toEqual({ id: 7 });
  });

  it('answers in pieces', async () => {
    lambda.answer = streams([chunkFrame('a;b\n'), chunkFrame('1;2\n'), completeFrame()]);
    const { url } = await start(express, { stream: { contentType: 'text/csv; charset=utf-8' } });
    const response = await fetch(`${url}/7`, { headers: as() });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/csv; charset=utf-8',
      'a;b\n1;2\n',
    ]);
  });

  it('answers with problem JSON where there is no first piece', async () => {
    lambda.answer = refuses(403, 'AccessDeniedException');
    const { url } = await start(express, { stream: true });
    const response = await fetch(`${url}/7`, { headers: as() });
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({ code: 'function_access_denied' }),
    ]);
  });

  it('breaks an answer off where the function fails on the way', async () => {
    lambda.answer = streams([chunkFrame('a'), completeFrame({ ErrorCode: 'Unhandled', ErrorDetails: '{}' })]);
    const { url, log } = await start(express, { stream: true });
    const read = fetch(`${url}/7`, { headers: as() }).then((response) => response.text());
    await expect(read).rejects.toThrow();
    await eventually(() => log.of('error').length > 0);
    expect(log.of('error')[0]).toMatchObject({ code: 'function_failed' });
  });

  it('reads no faster than its client, and ends the call when that leaves', async () => {
    const piece = chunkFrame(Buffer.alloc(60_000));
    let accepted = 0;
    lambda.answer = (response) => {
      response.writeHead(200, EVENT_STREAM_HEADERS);
      const more = (): void => {
        do accepted += piece.length;
        while (response.write(piece) && accepted < 500_000_000);
        response.once('drain', more);
      };
      more();
    };
    const { url } = await start(express, { stream: true });
    const client = request(`${url}/7`, { headers: as() }).on('error', () => {});
    client.end();
    const [answer] = (await once(client, 'response')) as [IncomingMessage];
    answer.pause();
    // Buffers of sockets fill up, and then nobody asks for more: the count stands still.
    let before = -1;
    await eventually(() => {
      const still = before === accepted;
      before = accepted;
      return still && accepted > 0;
    });
    expect(accepted).toBeLessThan(50_000_000);
    const { ended } = lambda.calls[0]!;
    client.destroy();
    await ended;
    expect(lambda.calls).toHaveLength(1);
  });
});

it.each([
  ['an unknown option', { strem: true }, 'option_unknown'],
  ['an unknown option of streams', { stream: { type: 'text/csv' } }, 'option_unknown'],
  ['a type that is no header', { stream: { contentType: 'a\r\nb' } }, 'option_invalid'],
  ['no type', { stream: {} }, 'option_invalid'],
  ['an input that is no schema', { input: 'id' }, 'option_invalid'],
])('offloadHandler() does not take %s', (_what, options, code) => {
  const offload = { invoke: jest.fn(), stream: jest.fn() } as never;
  expect(() => offloadHandler(offload, 'render-invoice', () => null, options as OffloadHandlerOptions)).toThrow(
    expect.objectContaining({ code }),
  );
});
