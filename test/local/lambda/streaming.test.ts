import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { startLambdaEndpoint, type LambdaEndpoint } from '../../../src/local/lambda/endpoint';

const directory = mkdtempSync(join(tmpdir(), 'baton-lambda-'));
let endpoint: LambdaEndpoint;
let client: LambdaClient;
beforeAll(async () => {
  const handler = (handlerName: string): object => ({
    handlerFile: join(__dirname, 'fixtures', 'handlers.js'),
    handlerName,
    environment: {},
  });
  endpoint = await startLambdaEndpoint({
    functions: { echo: handler('echo'), fail: handler('fail') } as never,
    logDirectory: directory,
    runtimeFile: join(__dirname, '../../../dist/local/lambda/runtime.js'),
  });
  client = new LambdaClient({
    endpoint: endpoint.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await endpoint.stop();
  rmSync(directory, { recursive: true });
});

/** The events of an answer, as the real SDK reads them. */
async function eventsOf(FunctionName: string, event: unknown): Promise<unknown[]> {
  const command = new InvokeWithResponseStreamCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) });
  const { EventStream = [] } = await client.send(command);
  const events: unknown[] = [];
  for await (const { PayloadChunk, InvokeComplete } of EventStream) {
    if (PayloadChunk) events.push(Buffer.from(PayloadChunk.Payload ?? []).toString());
    if (InvokeComplete) events.push(InvokeComplete);
  }
  return events;
}

it('answers InvokeWithResponseStream with one piece and the end', async () => {
  const [piece, end, ...more] = await eventsOf('echo', { name: 'Grüße' });
  expect(String(piece)).toContain('Grüße');
  expect([end, more]).toEqual([{}, []]);
});

it('ends with the error of a function that failed, and with no piece', async () => {
  const events = await eventsOf('fail', {});
  expect(events).toEqual([{ ErrorCode: 'Unhandled', ErrorDetails: expect.stringContaining('errorMessage') }]);
});

it('refuses a function that is not there as Invoke does', async () => {
  await expect(eventsOf('nobody', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
