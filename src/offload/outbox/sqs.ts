import type { AwsCredentials } from '../../core/credentials';
import { BatonError } from '../../core/errors';
import { optionalPeer } from '../../core/peers';
import { callError } from '../errors';
import { sessionClients } from '../../credentials/session-clients';
import type { Carrier, Shipment } from './shipping';

type SqsSdk = typeof import('@aws-sdk/client-sqs');
type SqsClient = InstanceType<SqsSdk['SQSClient']>;

interface SqsAccess {
  readonly sdk: SqsSdk;
  client(credentials: AwsCredentials | undefined): SqsClient;
}

const ACTION = 'sqs:SendMessage';
const CONNECTION_TIMEOUT_MS = 3000;

/**
 * Hands work to an SQS queue that the function reads: for farms, for outages that last longer than Lambda keeps events,
 * and, with a FIFO queue, for an order that holds until the function has it.
 *
 * @param clientConfig what goes to `new SQSClient()`
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function sqsCarrier(clientConfig: Readonly<Record<string, unknown>>): Carrier {
  let access: SqsAccess | undefined;
  return {
    targetOf: (name, { queueUrl = '', target }) => ({
      kind: 'queue',
      name,
      arn: queueArn(queueUrl, target),
      actions: [ACTION],
    }),
    async ship(shipment) {
      access ??= newAccess(clientConfig);
      const { name, document, credentials, signal } = shipment;
      const { queueUrl = '', target } = document;
      try {
        await access.client(credentials).send(new access.sdk.SendMessageCommand(messageOf(shipment)), {
          abortSignal: signal,
        });
      } catch (thrown) {
        throw (
          queueError(name, thrown) ?? callError({ name, target: queueArn(queueUrl, target), action: ACTION }, thrown)
        );
      }
    },
  };
}

function newAccess(clientConfig: Readonly<Record<string, unknown>>): SqsAccess {
  const sdk = optionalPeer(
    '@aws-sdk/client-sqs',
    'Delivering left work by SQS',
    () => require('@aws-sdk/client-sqs') as SqsSdk,
  );
  // What is tried again, and when, is the outbox's business.
  const config = { requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS }, ...clientConfig, maxAttempts: 1 };
  const own = new sdk.SQSClient(config);
  const { requestHandler } = own.config;
  const client = sessionClients((credentials) =>
    credentials === undefined ? own : new sdk.SQSClient({ ...config, requestHandler, credentials }),
  );
  return { sdk, client };
}

function messageOf({ document: { queueUrl = '' }, body, workId, orderingKey, traceHeader }: Shipment): {
  QueueUrl: string;
  MessageBody: string;
} {
  const isFifo = queueUrl.endsWith('.fifo');
  return {
    QueueUrl: queueUrl,
    MessageBody: withSqsCharacters(body),
    // On a standard queue the group keeps nothing in order, but one group from holding up all the others (fair queues).
    ...((isFifo || orderingKey !== undefined) && { MessageGroupId: orderingKey ?? workId }),
    // A second delivery within five minutes is none, where the queue is FIFO.
    ...(isFifo && { MessageDeduplicationId: workId }),
    ...(traceHeader !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: traceHeader } },
    }),
  };
}

/**
 * JSON writes all that SQS does not take as escapes, but these two, and says the same with an escape in their place: they
 * can only stand inside of a text. The function reads the same payload, with the same digest.
 */
function withSqsCharacters(json: string): string {
  return json.replace(/[\ufffe\uffff]/g, (character) => (character === '\ufffe' ? '\\ufffe' : '\\uffff'));
}

/** A queue's URL names region, account and queue; one by another name (a VPC endpoint) is in its function's region. */
function queueArn(queueUrl: string, functionArn: string): string {
  const [, partition = 'aws', , functionRegion = ''] = functionArn.split(':');
  const { hostname, pathname } = new URL(queueUrl);
  const region = /^sqs\.([a-z0-9-]+)\.amazonaws\./.exec(hostname)?.[1] ?? functionRegion;
  const [account = '', name = ''] = pathname.split('/').slice(-2);
  return `arn:${partition}:sqs:${region}:${account}:${name}`;
}

/** What only a queue can say. */
function queueError(name: string, thrown: unknown): BatonError | undefined {
  switch ((thrown as Error).name) {
    case 'QueueDoesNotExist':
      return new BatonError('function_unknown', `AWS knows no queue at /functions/${name}/queueUrl.`, {
        cause: thrown,
      });
    case 'RequestThrottled':
      return new BatonError('function_throttled', `AWS throttled the queue of "${name}".`, { cause: thrown });
    case 'InvalidMessageContents':
      return new BatonError('payload_invalid', `SQS refused the characters of the payload for "${name}".`, {
        cause: thrown,
      });
    default:
      return isTooLong(thrown as Error)
        ? new BatonError('payload_too_large', `The queue of "${name}" refused the payload as too large.`, {
            cause: thrown,
          })
        : undefined;
  }
}

/** What a queue says of a body beyond its own MaximumMessageSize; AWS has no name for it. */
function isTooLong({ name, message }: Error): boolean {
  return /^InvalidParameterValue(Exception)?$/.test(name) && message.includes('must be shorter than');
}
