import type { IncomingMessage } from 'node:http';
import { boundRecord } from '../context/emitters';
import { BatonError } from '../core/errors';
import type { ContextRecord } from '../core/request-context';

/** The request's context, if one was opened. */
export function recordOf(req: IncomingMessage): ContextRecord | undefined {
  return boundRecord(req);
}

/**
 * The request's context.
 * @throws BatonError `option_invalid` where no middleware opened one
 */
export function requireRecord(req: IncomingMessage, owner: string): ContextRecord {
  const record = boundRecord(req);
  if (record !== undefined) return record;
  throw new BatonError('option_invalid', `${owner} needs a context: mount baton(), or correlation(), before it.`);
}
