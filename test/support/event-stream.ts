import { eventFrame } from '../../src/local/lambda/event-stream';

export { eventFrame };

/** A piece of a function's answer. */
export const chunkFrame = (piece: string | Buffer): Buffer =>
  eventFrame('PayloadChunk', 'application/octet-stream', piece);

/** The end of a function's answer, with the error where it failed. */
export const completeFrame = (failure: { ErrorCode?: string; ErrorDetails?: string } = {}): Buffer =>
  eventFrame('InvokeComplete', 'application/json', JSON.stringify(failure));

/** What InvokeWithResponseStream answers with. */
export const EVENT_STREAM_HEADERS = { 'content-type': 'application/vnd.amazon.eventstream' };
