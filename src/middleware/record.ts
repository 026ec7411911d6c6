import type { IncomingMessage } from 'node:http';
import { BatonError } from '../core/errors';
import type { ContextRecord } from '../core/request-context';

const records = new WeakMap<IncomingMessage, ContextRecord>();

/** Ties a context to its request, so that later middleware finds it even where the asynchronous context was lost. */
export function keepRecord(req: IncomingMessage, record: ContextRecord): void {
  records.set(req, record);
}

/** The request's context, if one was opened. */
export function recordOf(req: IncomingMessage): ContextRecord | undefined {
  return records.get(req);
}

/**
 * The request's context.
 * @throws BatonError `option_invalid` where no middleware opened one
 */
export function requireRecord(req: IncomingMessage, owner: string): ContextRecord {
  const record = records.get(req);
  if (record !== undefined) return record;
  throw new BatonError('option_invalid', `${owner} needs a context: mount baton(), or correlation(), before it.`);
}
