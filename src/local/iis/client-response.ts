import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { OwnResponse } from './error-pages';
import type { Answer } from './exchange';
import { ClientGone } from './hosting-fault';
import type { Header } from './received-request';

/** How much of a response IIS holds back unless flushResponse is on (responseBufferLimit of the handler). */
const RESPONSE_BUFFER_LIMIT_BYTES = 4_194_304;

/** Headers that belong to the pipe, not to the response. */
const PIPE_HEADERS: ReadonlySet<string> = new Set(['connection', 'transfer-encoding']);

/** How a site passes responses on. */
export interface ResponseSettings {
  readonly flushResponse: boolean;
  readonly removeServerHeader: boolean;
}

/**
 * Passes the app's answer on to the client: all headers but the pipe's own, repeated ones repeated.
 *
 * Without flushResponse nothing reaches the client before the response is complete or the buffer is full: server-sent
 * events stand still, as under iisnode.
 *
 * @throws ClientGone where the client does not wait for the end
 */
export async function passAnswer(answer: Answer, response: ServerResponse, settings: ResponseSettings): Promise<void> {
  const { head, body } = answer;
  let held: Buffer[] | undefined = settings.flushResponse ? undefined : [];
  let heldBytes = 0;
  if (held === undefined) writeHead(response, head.status, head.reason, head.headers, settings);
  for await (const chunk of body) {
    if (held === undefined) {
      await write(response, chunk);
      continue;
    }
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < RESPONSE_BUFFER_LIMIT_BYTES) continue;
    writeHead(response, head.status, head.reason, head.headers, settings);
    await write(response, Buffer.concat(held));
    held = undefined;
  }
  if (held !== undefined) writeHead(response, head.status, head.reason, head.headers, settings);
  await end(response, Buffer.concat(held ?? []));
}

/** Sends a response that the server made itself. */
export async function sendOwn(own: OwnResponse, response: ServerResponse, settings: ResponseSettings): Promise<void> {
  writeHead(response, own.status, own.reason, own.headers, settings);
  await end(response, own.body);
}

function writeHead(
  response: ServerResponse,
  status: number,
  reason: string,
  headers: readonly Header[],
  { removeServerHeader }: ResponseSettings,
): void {
  const sent = headers.filter(([name]) => !PIPE_HEADERS.has(name.toLowerCase()));
  if (!removeServerHeader) sent.push(['Server', 'Microsoft-IIS/10.0']);
  // IIS keeps connections without saying so; the header that Node would add is not the app's either.
  if (response.shouldKeepAlive) response.removeHeader('Connection');
  response.writeHead(status, reason, sent.flat());
}

async function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed) throw new ClientGone('The client went away.');
  if (response.write(bytes)) return;
  await settled(response, 'drain');
}

async function end(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed) throw new ClientGone('The client went away.');
  response.end(bytes);
  if (!response.writableFinished) await settled(response, 'finish');
}

/** Waits for an event of the response. @throws ClientGone where the connection closes first */
async function settled(response: ServerResponse, event: 'drain' | 'finish'): Promise<void> {
  const closed = new AbortController();
  const onClose = (): void => closed.abort();
  response.once('close', onClose);
  try {
    await once(response, event, { signal: closed.signal });
  } catch (cause) {
    throw new ClientGone('The client went away.', { cause });
  } finally {
    response.off('close', onClose);
  }
}
