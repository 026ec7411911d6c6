import { crc32 } from 'node:zlib';

/** Type 7 of a header's value: a text. */
const TEXT = 7;

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([TEXT]),
    length,
    Buffer.from(value),
  ]);
}

/**
 * One event of an AWS event stream: lengths, headers, payload, and a checksum after each half.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
 */
export function eventFrame(eventType: string, contentType: string, payload: string | Buffer): Buffer {
  const headers = Buffer.concat([
    header(':message-type', 'event'),
    header(':event-type', eventType),
    header(':content-type', contentType),
  ]);
  const body = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  const prelude = Buffer.concat([uint32(headers.length + body.length + 16), uint32(headers.length)]);
  const message = Buffer.concat([prelude, uint32(crc32(prelude)), headers, body]);
  return Buffer.concat([message, uint32(crc32(message))]);
}

/**
 * A result as InvokeWithResponseStream answers with that of a handler that does not stream: one piece, and the end; for a
 * failure the end alone, which names it.
 */
export function streamOf({ payload, failed }: { readonly payload: string; readonly failed: boolean }): Buffer {
  const end = failed ? { ErrorCode: 'Unhandled', ErrorDetails: payload } : {};
  return Buffer.concat([
    ...(failed ? [] : [eventFrame('PayloadChunk', 'application/octet-stream', payload)]),
    eventFrame('InvokeComplete', 'application/json', JSON.stringify(end)),
  ]);
}
