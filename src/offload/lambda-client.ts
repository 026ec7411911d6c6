import type { AwsCredentials } from '../core/credentials';
import { BatonError } from '../core/errors';
import { optionalPeer } from '../core/peers';
import { sessionClients } from '../credentials/session-clients';
import { FunctionFailure, startedAnswer, type FunctionCall, type Transport } from './transport';

type LambdaSdk = typeof import('@aws-sdk/client-lambda');
type LambdaClient = InstanceType<LambdaSdk['LambdaClient']>;

/** The SDK, and its client for each set of credentials. */
export interface LambdaAccess {
  readonly sdk: LambdaSdk;
  readonly client: (credentials: AwsCredentials | undefined) => LambdaClient;
}

const RETRY_SETTINGS = ['maxAttempts', 'retryMode', 'retryStrategy'];
/** For a connection, not for an answer: what was not sent can be sent again. */
const CONNECTION_TIMEOUT_MS = 3000;
/** How many calls run at a time is said by each function's limits; the SDK's own 50 would be a second queue. */
const MAX_SOCKETS = 1000;

/**
 * `@aws-sdk/client-lambda`, which is loaded with the first call.
 *
 * The SDK's defaults would time out never, and on errors call three times, a function that has already begun (measured,
 * SDK 3.1162): so one attempt, a limit on connecting, and the caller's signal for the rest.
 *
 * @param clientConfig what goes to `new LambdaClient()` beside that: region, credentials, endpoint
 * @throws BatonError `option_invalid` for settings of retries; in a call `peer_missing`
 */
export function lambdaAccess(clientConfig: Readonly<Record<string, unknown>>): () => LambdaAccess {
  const refused = RETRY_SETTINGS.find((name) => name in clientConfig);
  if (refused !== undefined) {
    throw new BatonError(
      'option_invalid',
      `clientConfig.${refused} cannot be set: what is tried again is said by /functions/…/maxRetries and idempotent.`,
    );
  }
  let access: LambdaAccess | undefined;
  return () => (access ??= newAccess(clientConfig));
}

function newAccess(clientConfig: Readonly<Record<string, unknown>>): LambdaAccess {
  const sdk = optionalPeer(
    '@aws-sdk/client-lambda',
    'Calling Lambda functions',
    () => require('@aws-sdk/client-lambda') as LambdaSdk,
  );
  const agent = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const config = {
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS, httpAgent: agent, httpsAgent: agent },
    ...clientConfig,
    maxAttempts: 1,
  };
  // The first client's handler holds the sockets of them all.
  const own = carryTraces(new sdk.LambdaClient(config));
  const { requestHandler } = own.config;
  const client = sessionClients((credentials) =>
    credentials === undefined ? own : carryTraces(new sdk.LambdaClient({ ...config, requestHandler, credentials })),
  );
  return { sdk, client };
}

const TRACE_HEADER = 'X-Amzn-Trace-Id';
const TRACE = Symbol('baton.trace');

interface Traced {
  [TRACE]?: string | undefined;
}

/** A command's input, with the trace header that it is sent with: under a symbol, which the SDK does not send. */
export function traced<Input extends object>(input: Input, traceHeader: string | undefined): Input {
  (input as Traced)[TRACE] = traceHeader;
  return input;
}

/**
 * Has a client send `X-Amzn-Trace-Id`, for which the SDK has no parameter: one middleware a client, before the request is
 * signed, which finds the header in the command's input. A middleware for each command would have the SDK put its stack
 * together anew.
 */
function carryTraces(client: LambdaClient): LambdaClient {
  client.middlewareStack.add(
    (next) => (args) => {
      const trace = (args.input as Traced)[TRACE];
      if (trace !== undefined) (args.request as { headers: Record<string, string> }).headers[TRACE_HEADER] = trace;
      return next(args);
    },
    { step: 'build', name: 'batonTraceHeader' },
  );
  return client;
}

/** Functions by the SDK's Invoke and InvokeWithResponseStream. */
export function lambdaTransport(access: () => LambdaAccess): Transport {
  return {
    async call({ target, payload, headers, credentials, signal }: FunctionCall) {
      const { sdk, client } = access();
      const input = { FunctionName: target, InvocationType: 'RequestResponse' as const, Payload: payload };
      const command = new sdk.InvokeCommand(traced(input, headers[TRACE_HEADER]));
      const output = await client(credentials).send(command, { abortSignal: signal });
      return {
        // Null, against its type, where the answer has no body.
        payload: Buffer.from(output.Payload ?? []).toString('utf8'),
        ...(output.FunctionError !== undefined && { functionError: output.FunctionError }),
      };
    },
    async open({ target, payload, headers, credentials, signal }: FunctionCall) {
      const { sdk, client } = access();
      const input = { FunctionName: target, Payload: payload };
      const command = new sdk.InvokeWithResponseStreamCommand(traced(input, headers[TRACE_HEADER]));
      const output = await client(credentials).send(command, { abortSignal: signal });
      return startedAnswer(contentTypeOf(output.ResponseStreamContentType), piecesOf(output.EventStream ?? []));
    },
  };
}

/** Where Lambda names no type of the function's, the member holds that of the events around its answer. */
function contentTypeOf(type: string | undefined): string | undefined {
  return type?.startsWith('application/vnd.amazon.eventstream') ? undefined : type;
}

interface StreamEvent {
  readonly PayloadChunk?: { readonly Payload?: Uint8Array | undefined } | undefined;
  readonly InvokeComplete?:
    { readonly ErrorCode?: string | undefined; readonly ErrorDetails?: string | undefined } | undefined;
}

async function* piecesOf(
  events: AsyncIterable<StreamEvent> | Iterable<StreamEvent>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let complete = false;
  for await (const { PayloadChunk, InvokeComplete } of events) {
    if (PayloadChunk?.Payload !== undefined) yield PayloadChunk.Payload;
    if (InvokeComplete === undefined) continue;
    complete = true;
    if (InvokeComplete.ErrorCode !== undefined) {
      throw new FunctionFailure(InvokeComplete.ErrorCode, InvokeComplete.ErrorDetails ?? '');
    }
  }
  // A connection that ends between two events looks like an end; only this event says that it is one.
  if (!complete) throw new Error('The answer broke off: Lambda did not say that it is complete.');
}
