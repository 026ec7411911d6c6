import type { IncomingMessage } from 'node:http';

/** A body as it came. */
export interface RequestBody {
  /** How many bytes came. */
  readonly received: number;
  /** Undefined where more came than are taken. */
  readonly bytes: Buffer | undefined;
}

/**
 * Reads a body of at most `maxBytes`. What is too much is read to its end all the same, and thrown away: an answer before
 * that reaches whoever sends as a broken connection.
 */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received <= maxBytes) chunks.push(chunk);
  }
  return { received, bytes: received > maxBytes ? undefined : Buffer.concat(chunks) };
}
