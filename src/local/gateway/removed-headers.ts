import { isRecord } from '../is-record';

/** Headers of a backend's answer that the client does not get, in lower case, by status. */
export type RemovedHeaders = ReadonlyMap<number, ReadonlySet<string>>;

const STATUS = /^[2-5]\d\d$/;
const REMOVE = /^remove:header\.([!#$%&'*+.^_`|~\w-]+)$/;

/**
 * Reads an integration's `responseParameters`, as far as this gateway plays them: `{"200": {"remove:header.X-Name": "''"}}`
 * of an HTTP API. A REST API gives a proxy's answer to the client as it is.
 *
 * @returns a sentence about what is not played
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
 */
export function readRemovedHeaders(parameters: unknown): RemovedHeaders | string {
  const removed = new Map<number, Set<string>>();
  if (parameters === undefined) return removed;
  if (!isRecord(parameters)) return 'responseParameters must be an object';
  for (const [status, mappings] of Object.entries(parameters)) {
    if (!STATUS.test(status) || !isRecord(mappings)) return 'responseParameters must be objects by status, 200 to 599';
    const names = Object.keys(mappings).map((target) => REMOVE.exec(target)?.[1]?.toLowerCase());
    if (names.includes(undefined)) return 'responseParameters are played only as remove:header.NAME';
    removed.set(Number(status), new Set(names as string[]));
  }
  return removed;
}
