import type { Logger } from '../core/logger';
import { listOf, mapOf, objectOf, oneOf, text, wholeNumber, type Shape } from '../policy/shape';
import { callFunction } from './function-call';
import { startSqsEndpoint, type SqsEndpoint } from './sqs/endpoint';
import { startEventSource, type EventSource, type EventSourceOptions } from './sqs/event-source';
import type { StsSessions } from './sts/sessions';

/** `sqs` of `baton.dev.json`: queues, and the functions that they feed. */
export interface RelaySqsDocument {
  /** Queues by name, with their attributes as `CreateQueue` takes them. */
  readonly queues: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Event source mappings. */
  readonly eventSources?: readonly EventSourceOptions[];
}

const attributes = mapOf(text('A value, as text.'), 'Attributes.', /^[A-Z][A-Za-z]+$/);

const eventSource = objectOf('What feeds a function from a queue.', {
  required: { queue: text("A queue's name."), functionName: text('A function of this file.') },
  optional: {
    batchSize: wholeNumber('Messages at a time.', 1, 10_000),
    maximumBatchingWindowInSeconds: wholeNumber('How long a batch may take to fill.', 0, 300),
    reportBatchItemFailures: oneOf('Whether the function says which messages failed.', [true, false]),
    maximumConcurrency: wholeNumber('Batches at a time.', 2, 1000),
  },
});

/** The shape of {@link RelaySqsDocument}. */
export const relaySqsShape: Shape = objectOf('Queues of SQS.', {
  required: {
    queues: mapOf(
      attributes,
      'By name.',
      /^[\w-]{1,80}(?:\.fifo)?$/,
      'the name of a queue: up to 80 letters, digits, "-" and "_"',
    ),
  },
  optional: { eventSources: listOf(eventSource, 'Event source mappings.') },
});

/** Starts the queues. `sessions` gives those of STS, once there is one. */
export function startRelayQueues(
  { queues }: RelaySqsDocument,
  sessions: () => StsSessions | undefined,
  { port = 0, logger }: { readonly port?: number | undefined; readonly logger?: Logger | undefined },
): Promise<SqsEndpoint> {
  return startSqsEndpoint({ queues, sessions, port, ...(logger && { logger }) });
}

/**
 * Lets the queues feed their functions.
 * @throws BatonError `option_invalid`
 */
export function startRelayEventSources(
  { eventSources = [] }: RelaySqsDocument,
  { queues, region }: SqsEndpoint,
  lambda: { readonly url: string; readonly timeoutSecondsOf: (name: string) => number },
  logger: Logger | undefined,
): EventSource[] {
  const invoke = (name: string, event: object): ReturnType<typeof callFunction> =>
    callFunction(lambda.url, name, event, 'lambda');
  return eventSources.map((options) => {
    const functionTimeoutSeconds = lambda.timeoutSecondsOf(options.functionName);
    return startEventSource(options, { queues, region, invoke, functionTimeoutSeconds, logger });
  });
}
