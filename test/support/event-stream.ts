import { crc32 } from 'node:zlib';

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)]);
}

/**
 * One event as AWS writes it on the wire: lengths, headers, payload, checksums.
 * @see https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html
 */
export function eventFrame(type: string, contentType: string, payload: string | Buffer): Buffer {
  const headers = Buffer.concat([
    header(':message-type', 'event'),
    header(':event-type', type),
    header(':content-type', contentType),
  ]);
  const body = Buffer.from(payload);
  const lengths = Buffer.concat([uint32(headers.length + body.length + 16), uint32(headers.length)]);
  const message = Buffer.concat([lengths, uint32(crc32(lengths)), headers, body]);
  return Buffer.concat([message, uint32(crc32(message))]);
}

/** A piece of a function's answer. */
export const chunkFrame = (piece: string | Buffer): Buffer =>
  eventFrame('PayloadChunk', 'application/octet-stream', piece);

/** The end of a function's answer, with the error where it failed. */
export const completeFrame = (failure: { ErrorCode?: string; ErrorDetails?: string } = {}): Buffer =>
  eventFrame('InvokeComplete', 'application/json', JSON.stringify(failure));

/** What InvokeWithResponseStream answers with. */
export const EVENT_STREAM_HEADERS = { 'content-type': 'application/vnd.amazon.eventstream' };
