import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Readonly<Record<string, unknown>>;

/** A loopback endpoint of an AWS service that speaks AWS JSON 1.1, for the real SDK clients. */
export interface AwsEndpoint {
  readonly url: string;
  /** What is passed to a client so that it asks here. */
  readonly clientConfig: Json;
  /** Requests so far: the operation and its input. */
  readonly calls: { readonly operation: string; readonly input: Json }[];
  /** Answers; an answer with `__type` is an error, and one that throws a broken connection. */
  answer: (operation: string, input: Json) => Json;
  close(): Promise<void>;
}

/** Starts an endpoint on a free port. */
export async function startAwsEndpoint(answer: AwsEndpoint['answer']): Promise<AwsEndpoint> {
  const calls: AwsEndpoint['calls'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
      const input = JSON.parse(Buffer.concat(chunks).toString()) as Json;
      calls.push({ operation, input });
      let output: Json;
      try {
        output = state.answer(operation, input);
      } catch {
        response.destroy();
        return;
      }
      response.writeHead('__type' in output ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(output));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const state: AwsEndpoint = {
    url,
    clientConfig: { endpoint: url, region: 'eu-west-1', credentials, maxAttempts: 1 },
    calls,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}

/** Makes the SDK of this process ask `url`, as an app on a server would be told to by its environment. */
export function useAwsEndpoint(url: string): () => void {
  const settings = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
  };
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, settings);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  };
}
