import { randomFillSync } from 'node:crypto';

const SPAN_BYTES = 8;
/** For 512 spans: asking the system for eight bytes at a time costs as much as for all of them. */
const pool = Buffer.allocUnsafeSlow(512 * SPAN_BYTES);
let used = pool.length;

/** A new span ID, 16 lower-case hex digits. It names a span and keeps no secret. */
export function newSpanId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += SPAN_BYTES;
  return pool.toString('hex', used - SPAN_BYTES, used);
}
