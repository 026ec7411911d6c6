import type { IncomingMessage } from 'node:http';
import type { IisnodeSettings } from '../../iis/iisnode-attributes';
import { ClientGone, iisFault, IISNODE_FAULTS } from './hosting-fault';
import type { NodeProcess } from './node-process';
import type { PipeConnection } from './pipe-connection';
import { headerValues } from './received-request';
import { bodyTooLarge } from './request-filter';
import { ResponseReader, type ResponseHead } from './response-reader';

/** A request that is ready to go over the pipe. */
export interface OutgoingRequest {
  readonly method: string;
  /** The serialised header block. */
  readonly head: Buffer;
  readonly body: IncomingMessage;
  /** Whether the client sent it chunked. */
  readonly chunked: boolean;
  readonly maxBodyBytes: number;
}

/** The app's answer, as it comes out of the pipe. */
export interface Answer {
  readonly head: ResponseHead;
  /** To be read to its end: only then can the pipe be used again. */
  readonly body: AsyncGenerator<Buffer, void>;
}

/**
 * One request over the pipe, half duplex: the whole body is pushed before the answer is read.
 *
 * @throws HostingFault as iisnode would report it
 * @throws ClientGone where the client went away while it sent its body
 */
export async function exchange(
  process: NodeProcess,
  request: OutgoingRequest,
  iisnode: IisnodeSettings,
): Promise<Answer> {
  if (request.head.length > iisnode.maxRequestBufferSize) throw IISNODE_FAULTS.requestTooLarge();
  const connection = await sendHead(process, request.head);
  try {
    await pushBody(connection, request);
    const reader = new ResponseReader(connection, request.method, iisnode.maxRequestBufferSize);
    const head = await reader.readHead();
    if (head.status === 101) throw iisFault(501, 0, 'The local IIS does not carry WebSockets.');
    return { head, body: releaseAtEnd(reader.readBody(head), head, connection, process) };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** A failed write is tried once more on a new pipe. A pipe that breaks while it is read is not: the app may have acted. */
async function sendHead(process: NodeProcess, head: Buffer): Promise<PipeConnection> {
  for (const candidate of [process.pool.take(), undefined]) {
    const connection = candidate ?? (await process.connect());
    try {
      await connection.send(head);
      return connection;
    } catch {
      connection.destroy();
    }
  }
  throw IISNODE_FAULTS.sendHead();
}

async function pushBody(connection: PipeConnection, request: OutgoingRequest): Promise<void> {
  const push = (bytes: Buffer): Promise<void> =>
    connection.send(bytes).catch(() => {
      throw IISNODE_FAULTS.sendBody();
    });
  let total = 0;
  for await (const chunk of readBody(request.body)) {
    total += chunk.length;
    if (total > request.maxBodyBytes) throw bodyTooLarge();
    await push(request.chunked ? frame(chunk) : chunk);
  }
  if (request.chunked) await push(Buffer.from('0\r\n\r\n'));
}

async function* readBody(body: IncomingMessage): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (cause) {
    throw new ClientGone('The client went away before its body was complete.', { cause });
  }
}

function frame(chunk: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
}

async function* releaseAtEnd(
  body: AsyncGenerator<Buffer, void>,
  head: ResponseHead,
  connection: PipeConnection,
  process: NodeProcess,
): AsyncGenerator<Buffer, void> {
  let complete = false;
  try {
    yield* body;
    complete = true;
  } finally {
    // An announced close is honoured: whether iisnode does so is not known, and a race that nobody asked for helps no one.
    const closes = headerValues(head.headers, 'Connection').some((value) => /\bclose\b/i.test(value));
    if (complete && !closes && !process.hasExited) process.pool.give(connection);
    else connection.destroy();
  }
}
