import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as it came over the wire. */
export interface LambdaCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly event: Readonly<Record<string, unknown>>;
  /** Settles when the caller has gone or was answered. */
  readonly ended: Promise<unknown>;
}

/** How a call is answered; an answer that writes nothing leaves the caller waiting. */
export type LambdaAnswer = (response: ServerResponse, call: LambdaCall) => unknown;

/** Lambda's Invoke operation on loopback, for the real SDK: answers as it is told, and counts. */
export interface LambdaStub {
  readonly calls: readonly LambdaCall[];
  answer: LambdaAnswer;
  /** Waits for the next call to come in. */
  nextCall(): Promise<LambdaCall>;
  /** What `createOffload()` takes as `clientConfig`. */
  readonly clientConfig: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** The function's answer. */
export const answers =
  (value: unknown): LambdaAnswer =>
  (response) =>
    response.end(typeof value === 'string' ? value : JSON.stringify(value));

/** The function ran and failed; Lambda says so beside a status of 200. */
export const fails =
  (error: unknown, kind = 'Unhandled'): LambdaAnswer =>
  (response) => {
    response.setHeader('X-Amz-Function-Error', kind);
    answers(error)(response, undefined!);
  };

/** Lambda itself refuses or fails. */
export const refuses =
  (status: number, type: string, headers: Readonly<Record<string, string>> = {}): LambdaAnswer =>
  (response) =>
    response
      .writeHead(status, { 'x-amzn-errortype': type, 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ Type: 'User', message: 'inner words of AWS' }));

/** Starts one on a free port. */
export async function startLambdaStub(): Promise<LambdaStub> {
  const calls: LambdaCall[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url = '', headers } = request;
      const event = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
      const call = { path: decodeURIComponent(url), headers, event, ended: once(response, 'close') };
      calls.push(call);
      server.emit('call', call);
      stub.answer(response, call);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stub: LambdaStub = {
    calls,
    answer: answers({ ok: true }),
    nextCall: async () => ((await once(server, 'call')) as [LambdaCall])[0],
    clientConfig: {
      region: 'eu-west-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-for-tests' },
    },
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
  return stub;
}
