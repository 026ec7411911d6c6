import { SQSClient } from '@aws-sdk/client-sqs';
import { startSqsEndpoint, type SqsEndpoint, type SqsEndpointOptions } from '../../../src/local/sqs/endpoint';

/** An endpoint, the SDK's client for it, and a clock that a test moves. */
export interface TestSqs {
  readonly endpoint: SqsEndpoint;
  readonly client: SQSClient;
  /** Lets so many seconds pass. */
  pass(seconds: number): void;
  urlOf(queue: string): string;
  stop(): Promise<void>;
}

/** The real SDK's client, which tries once. */
export function sqsClient(endpoint: string, region = 'eu-west-1'): SQSClient {
  return new SQSClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

/** Starts an endpoint with these queues. */
export async function startTestSqs(
  queues: SqsEndpointOptions['queues'],
  options: Pick<SqsEndpointOptions, 'sessions'> = {},
): Promise<TestSqs> {
  let now = Date.parse('2026-11-20T12:00:00Z');
  const endpoint = await startSqsEndpoint({ ...options, ...(queues && { queues }), clock: () => now });
  const client = sqsClient(endpoint.url);
  return {
    endpoint,
    client,
    pass: (seconds) => (now += seconds * 1000),
    urlOf: (queue) => `${endpoint.url}/123456789012/${queue}`,
    async stop() {
      client.destroy();
      await endpoint.stop();
    },
  };
}

/** The error that AWS answers with; fails where the call is let through. */
export async function refusalOf(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error;
  throw new Error('The call was let through.');
}
