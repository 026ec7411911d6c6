import { ACCESS_LOG_FORMAT } from '../../correlation/access-log-format';
import { literal, selectColumns } from '../engine/sql-text';
import { GATEWAY_KEYS, type GatewayKey } from '../inputs/gateway-keys';
import { epochTime, isoTime, JSON_PART, members, PREFIX_TIME, traceIdOf, validJson, withoutQuery } from './json-line';
import { IS_BLANK, linesOf, problemOrCut } from './line-reader';
import type { Source } from './source';

/** Columns that the table has while it is filled. */
export const GATEWAY_HELPERS = ['problem varchar', 'excerpt varchar'] as const;

/** Expressions for what access logs with certain keys hold. */
class Values {
  readonly keys: readonly string[];

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** As it stands there; null where there is no such key. */
  raw(key: GatewayKey): string {
    const found = GATEWAY_KEYS[key].filter((name) => this.keys.includes(name)).map((name) => `j.${name}`);
    return found.length === 1 ? (found[0] ?? '') : `coalesce(${found.join(', ')})`;
  }

  /** Null also where the gateway had none and wrote `-`. */
  text(key: GatewayKey): string {
    return `nullif(${this.raw(key)}, '-')`;
  }

  number(key: GatewayKey): string {
    return `TRY_CAST(${this.text(key)} AS integer)`;
  }
}

const present = (key: string): string => `j.${key} IS NOT NULL`;

/** A test for exactly these keys, which costs less than writing them down for each line. */
function hasExactly(all: readonly string[], keys: readonly string[]): string {
  return all.map((key) => (keys.includes(key) ? present(key) : `j.${key} IS NULL`)).join(' AND ');
}

function formatOf(all: readonly string[]): string {
  const known = Object.values(ACCESS_LOG_FORMAT).map((fields) => {
    const keys = Object.keys(fields);
    return `WHEN ${hasExactly(all, keys)} THEN ${literal([...keys].sort().join(' '))}`;
  });
  const sorted = [...all].sort();
  const spelt = sorted.map((key) => `CASE WHEN ${present(key)} THEN ${literal(key)} END`).join(', ');
  return `CASE ${known.join(' ')} ELSE concat_ws(' ', ${spelt}) END`;
}

/** HTTP APIs have route keys, REST APIs resources; where a format has neither, the form of the request's ID tells. */
function apiOf(values: Values): string {
  const uuid = `regexp_full_match(${values.text('requestId')}, '[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}')`;
  return [
    `CASE WHEN ${values.raw('routeKey')} IS NOT NULL THEN 'http'`,
    `WHEN ${values.raw('resourcePath')} IS NOT NULL THEN 'rest'`,
    `WHEN ${values.text('requestId')} IS NULL OR ${uuid} THEN 'rest' ELSE 'http' END`,
  ].join(' ');
}

function timeOf(values: Values): string {
  const written = values.text('requestTime');
  return [
    `coalesce(${epochTime(values.text('requestTimeEpoch'))}`,
    `epoch_ms(try_strptime(${written}, '%d/%b/%Y:%H:%M:%S %z'))`,
    isoTime(written),
    'before_ms)',
  ].join(', ');
}

function columns(values: Values): Record<string, string> {
  const method = values.text('httpMethod');
  return {
    file_id: 'file_id',
    correlation_id: 'id',
    request_id: values.text('requestId'),
    t_ms: 't_ms',
    api: 'api',
    method,
    path: withoutQuery(values.text('path')),
    route: `coalesce(${values.text('routeKey')}, ${method} || ' ' || ${values.text('resourcePath')})`,
    stage: values.text('stage'),
    status: values.number('status'),
    latency_ms: values.number('responseLatency'),
    integration_status: values.number('integrationStatus'),
    integration_ms: values.number('integrationLatency'),
    integration_error: values.text('integrationError'),
    authorizer_ms: values.number('authorizerLatency'),
    authorizer_error: values.text('authorizerError'),
    principal: values.text('authorizerPrincipalId'),
    error_type: values.text('errorResponseType'),
    source_ip: values.text('sourceIp'),
    trace_id: traceIdOf(values.text('xrayTraceId')),
    format: formatOf(values.keys),
  };
}

/** A line whose template has no quotes is no JSON where a value is missing: each bare value gets its quotes. */
const QUOTED = String.raw`regexp_replace(part, '":\s*([^"\s[{][^",}]*?)\s*([,}])', '":"\1"\2', 'g')`;

/**
 * The statement that reads the gateway's access logs. All lines become rows: those that are none say so in `problem`, so
 * that each line of a file is counted by the reading that gave its rows.
 */
export function insertGateway(sources: readonly Source[], keys: readonly string[]): string {
  const values = new Values(keys);
  const [ofHttp, ofRest] = [values.text('requestId'), values.text('extendedRequestId')];
  const id = `CASE WHEN api = 'http' THEN ${ofHttp} ELSE coalesce(${ofRest}, ${ofHttp}) END`;
  const problem = [
    `CASE WHEN ${IS_BLANK} THEN 'blank'`,
    `WHEN valid IS NULL THEN ${problemOrCut('json')}`,
    `WHEN id IS NULL THEN 'id'`,
    `WHEN t_ms IS NULL THEN 'time'`,
    'END',
  ].join(' ');
  return [
    'INSERT INTO gateway',
    `SELECT ${selectColumns('gateway', columns(values))}, problem, CASE WHEN problem IS NOT NULL THEN left(line, 400) END`,
    `FROM (SELECT *, ${problem} AS problem FROM (SELECT *, ${id} AS id, ${timeOf(values)} AS t_ms`,
    `FROM (SELECT *, ${apiOf(values)} AS api`,
    `FROM (SELECT *, ${members('valid', keys)} AS j, ${PREFIX_TIME} AS before_ms`,
    `FROM (SELECT *, ${validJson('part', QUOTED)} AS valid`,
    `FROM (SELECT file_id, unfinished, line, ${JSON_PART} AS part FROM ${linesOf(sources)}))))))`,
  ].join('\n');
}
