import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock, type Clock } from '../../core/clock';
import { BatonError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import { checkOptionNames, wholeNumber } from '../../core/options';
import { callerOf, oneHeader, type AwsCaller } from '../aws-caller';
import { isRecord } from '../is-record';
import { closeServer, listenOnLoopback } from '../loopback';
import { readBody } from '../request-body';
import type { StsSessions } from '../sts/sessions';
import { withoutTokens } from '../without-tokens';
import { SQS_ACTIONS } from './actions';
import { Queues } from './queues';
import { SqsError } from './sqs-error';

/** What {@link startSqsEndpoint} is told. */
export interface SqsEndpointOptions {
  /** Queues that are there from the start, with their attributes as `CreateQueue` takes them. */
  readonly queues?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Sessions of the local STS, once it runs; calls with their credentials are decided by role and session policy. */
  readonly sessions?: () => StsSessions | undefined;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** An SQS endpoint that runs. */
export interface SqsEndpoint {
  /** What the SDK's `endpoint` option takes. */
  readonly url: string;
  readonly port: number;
  readonly region: string;
  readonly accountId: string;
  readonly queues: Queues;
  /** How often each action was asked for. */
  readonly calls: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const OWNER = 'startSqsEndpoint()';
const MAX_BYTES = 8 * 1024 * 1024;

/** Dead-letter queues before those that name them, so that the order in a file does not matter. */
function createAll(queues: Queues, wanted: NonNullable<SqsEndpointOptions['queues']>): void {
  const entries = Object.entries(wanted).sort(
    ([, a], [, b]) => Number('RedrivePolicy' in a) - Number('RedrivePolicy' in b),
  );
  for (const [name, attributes] of entries) {
    const kind = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
    try {
      queues.create(name, { ...kind, ...attributes });
    } catch (cause) {
      throw new BatonError(
        'option_invalid',
        `${OWNER}: the queue "${name}" cannot be made: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
  }
}

async function readInput(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const { bytes } = await readBody(incoming, MAX_BYTES);
  if (bytes === undefined) throw new SqsError('RequestEntityTooLarge', 'The request is too large.', { status: 413 });
  try {
    const input: unknown = JSON.parse(bytes.toString('utf8') || '{}');
    if (isRecord(input)) return input;
  } catch {
    // Said below, as for anything else that is no object.
  }
  throw new SqsError('SerializationException', 'The request cannot be read as a JSON object.');
}

/** What goes back: status, JSON, and headers beside those that every answer has. */
interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function errorAnswer(thrown: unknown, logger: Logger | undefined): Answer {
  if (!(thrown instanceof SqsError)) logger?.error(`The local SQS endpoint failed: ${withoutTokens(String(thrown))}`);
  const { status, type, code, message } =
    thrown instanceof SqsError
      ? thrown
      : new SqsError('InternalFailure', 'The local endpoint failed.', { status: 500 });
  return {
    status,
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message }),
    headers: { 'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}` },
  };
}

/** Aborts when the client goes before it has its answer: a long poll must not take messages for nobody. */
function goneSignal(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** The resource that a policy is asked about, where the action names a queue. */
function resourceOf(action: string, input: Readonly<Record<string, unknown>>, queues: Queues): string {
  if (action === 'StartMessageMoveTask') return String(input.SourceArn);
  if (input.QueueUrl !== undefined) return queues.byUrl(input.QueueUrl).arn;
  return queues.list().find(({ name }) => name === input.QueueName)?.arn ?? '*';
}

/** Batch operations need the permission of the single ones. Source: Service authorization reference, Amazon SQS. */
const permissionOf = (action: string): string => `sqs:${action.replace(/Batch$/, '')}`;

/** First of all: who has not signed is not told which queues there are. */
function signerOf(headers: IncomingMessage['headers']): AwsCaller {
  const caller = callerOf(headers);
  if (caller !== undefined) return caller;
  throw new SqsError('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 });
}

/**
 * Lets through whom the local STS lets.
 * @returns the session as SQS names a sender; undefined for keys of no session, which are the account's own
 */
function senderOf(
  caller: AwsCaller,
  asked: { readonly action: string; readonly resource: string },
  sessions: StsSessions | undefined,
): string | undefined {
  const refusal = sessions?.authorize({ ...caller, ...asked });
  if (refusal !== undefined) throw new SqsError(refusal.type, refusal.message, { status: refusal.status });
  const session = sessions?.find(caller.accessKeyId, caller.sessionToken);
  return session && `${session.roleArn.split('/').pop() ?? ''}:${session.sessionName}`;
}

/**
 * Starts an endpoint on loopback that answers the real SDK's SQS calls: standard and FIFO queues, visibility, delays, long
 * polls, deduplication, dead letters and their way back. Signatures are asked for but not checked.
 *
 * Source: Amazon SQS API reference and developer guide; the wire is the AWS JSON 1.0 protocol.
 *
 * @example
 * ```ts
 * const sqs = await startSqsEndpoint({ queues: { renders: { VisibilityTimeout: '30' } } });
 * const client = new SQSClient({ endpoint: sqs.url, region: sqs.region, credentials });
 * ```
 * @throws BatonError `option_invalid`, `option_unknown`; `relay_failed` for a port that cannot be had
 */
export async function startSqsEndpoint(options: SqsEndpointOptions): Promise<SqsEndpoint> {
  checkOptionNames(OWNER, options, {
    queues: true,
    port: true,
    region: true,
    accountId: true,
    sessions: true,
    clock: true,
    logger: true,
  });
  const { accountId = '123456789012', region = 'eu-west-1', clock = systemClock, logger } = options;
  const port = wholeNumber(OWNER, 'port', options.port, { fallback: 0, min: 0, max: 65_535 });
  const queues = new Queues({ accountId, region, clock });
  createAll(queues, options.queues ?? {});
  const calls: Record<string, number> = {};

  const perform = async (incoming: IncomingMessage, signal: AbortSignal): Promise<Answer> => {
    const name = /^AmazonSQS\.(\w+)$/.exec(oneHeader(incoming.headers, 'x-amz-target') ?? '')?.[1] ?? '';
    const action = incoming.method === 'POST' ? SQS_ACTIONS.get(name) : undefined;
    const input = await readInput(incoming);
    if (action === undefined) throw new SqsError('UnknownOperationException', 'This operation is not answered here.');
    calls[name] = (calls[name] ?? 0) + 1;
    const caller = signerOf(incoming.headers);
    const asked = { action: permissionOf(name), resource: resourceOf(name, input, queues) };
    const senderId = senderOf(caller, asked, options.sessions?.()) ?? accountId;
    const result = await action({ input, queues, senderId, signal, baseUrl: `http://${incoming.headers.host ?? ''}` });
    return { status: 200, body: JSON.stringify(result), headers: {} };
  };
  const respond = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const answer = await perform(incoming, goneSignal(outgoing)).catch((error: unknown) => errorAnswer(error, logger));
    outgoing.writeHead(answer.status, {
      'Content-Type': 'application/x-amz-json-1.0',
      'Content-Length': Buffer.byteLength(answer.body),
      'x-amzn-RequestId': randomUUID(),
      Date: new Date(clock()).toUTCString(),
      ...answer.headers,
    });
    outgoing.end(answer.body);
  };

  const server = createServer((incoming, outgoing) => void respond(incoming, outgoing));
  const listening = await listenOnLoopback(server, port, 'The local SQS endpoint');
  const url = `http://127.0.0.1:${listening}`;
  return { url, port: listening, region, accountId, queues, calls, stop: () => closeServer(server) };
}
