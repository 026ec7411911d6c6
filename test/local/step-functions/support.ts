import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  type DescribeExecutionCommandOutput,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import {
  startStepFunctionsEndpoint,
  type StepFunctionsEndpoint,
  type StepFunctionsEndpointOptions,
} from '../../../src/local/step-functions/endpoint';
import { waitFor } from '../../support/wait';

/** A function's ARN as definitions write it. */
export const functionArn = (name: string): string => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

/** The real SDK against an endpoint. */
export const clientFor = (endpoint: string): SFNClient =>
  new SFNClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    disableHostPrefix: true,
  });

/** An endpoint with its client, and what tests ask of it again and again. */
export interface Bench {
  readonly endpoint: StepFunctionsEndpoint;
  readonly client: SFNClient;
  start(machine: string, input?: unknown, name?: string): Promise<string>;
  /** Waits until it does not run any more. */
  ended(executionArn: string): Promise<DescribeExecutionCommandOutput>;
  /** Starts, waits, and gives what it came to. */
  run(machine: string, input?: unknown): Promise<DescribeExecutionCommandOutput>;
  history(executionArn: string): Promise<HistoryEvent[]>;
  stop(): Promise<void>;
}

export async function startBench(
  definitions: Readonly<Record<string, object>>,
  options: StepFunctionsEndpointOptions = {},
): Promise<Bench> {
  const stateMachines = Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, { definition }]),
  );
  const endpoint = await startStepFunctionsEndpoint({
    ...options,
    stateMachines: { ...stateMachines, ...options.stateMachines },
  });
  const client = clientFor(endpoint.url);
  const describe = (executionArn: string): Promise<DescribeExecutionCommandOutput> =>
    client.send(new DescribeExecutionCommand({ executionArn }));
  const bench: Bench = {
    endpoint,
    client,
    async start(machine, input = {}, name) {
      const stateMachineArn = endpoint.arnOf(machine);
      const { executionArn = '' } = await client.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), name }),
      );
      return executionArn;
    },
    ended: (executionArn) =>
      waitFor('the end of the execution', async () => {
        const described = await describe(executionArn);
        return described.status === 'RUNNING' ? undefined : described;
      }),
    run: async (machine, input) => bench.ended(await bench.start(machine, input)),
    async history(executionArn) {
      const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
      return events;
    },
    async stop() {
      client.destroy();
      await endpoint.stop();
    },
  };
  return bench;
}

/** A history in short: number, type, the event before. */
export const inShort = (events: readonly HistoryEvent[]): readonly string[] =>
  events.map(({ id, type, previousEventId }) => `${String(id)} ${String(type)} <${String(previousEventId)}`);
