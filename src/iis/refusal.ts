import type { ServerResponse } from 'node:http';
import { asBatonError } from '../core/errors';
import type { Logger } from '../core/logger';

/** Answers a request that must not reach the app, as the app's own refusals look: problem JSON, RFC 9457. */
export function refuseRequest(response: ServerResponse, thrown: unknown, logger: Logger | undefined): void {
  const error = asBatonError(thrown);
  const { code, status, reason, publicMessage: title } = error;
  const fields = { type: 'error', code, ...(reason !== undefined && { reason }), error };
  if (error.kind === 'caller') logger?.warn(error.message, fields);
  else logger?.error(error.message, fields);
  const body = JSON.stringify({ type: `urn:iis-baton:error:${code}`, title, status, code });
  response.writeHead(status, {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  });
  response.end(body);
}
