import { selectColumns } from '../engine/sql-text';
import { epochTime, isoTime, JSON_PART, members, PREFIX_TIME, validJson } from './json-line';
import { IS_BLANK, linesOf, problemOrCut } from './line-reader';
import type { Source } from './source';

/** Columns that the table has while it is filled. */
export const WORKFLOW_HELPERS = ['problem varchar', 'excerpt varchar'] as const;

const RECORD = ['id', 'type', 'previous_event_id', 'event_timestamp', 'execution_arn', 'details'];
const DETAILS = ['name', 'input', 'error'];

/** The name in the ARN of an execution: the last part, or in an express one that before the ID. */
const EXECUTION = [
  `CASE WHEN contains(j.execution_arn, ':express:') THEN split_part(j.execution_arn, ':', 8)`,
  `ELSE regexp_extract(j.execution_arn, '[^:]*$') END`,
].join(' ');

const caller = (member: string): string =>
  `CASE WHEN j.type = 'ExecutionStarted' THEN TRY(json_extract_string(d.input, '$.caller.${member}')) END`;

const COLUMNS = {
  file_id: 'file_id',
  t_ms: 't_ms',
  execution: EXECUTION,
  event_id: 'TRY_CAST(j.id AS bigint)',
  previous_event_id: 'TRY_CAST(j.previous_event_id AS bigint)',
  event_type: 'j.type',
  state: `CASE WHEN j.type LIKE '%State%' THEN d.name END`,
  error: 'd.error',
  correlation_id: caller('correlationId'),
  subject: caller('subject'),
};

/**
 * The statement that reads events of executions in the form of CloudWatch's records of level ALL; histories are brought into
 * it before.
 *
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
 */
export function insertWorkflowEvents(sources: readonly Source[]): string {
  const time = `coalesce(${epochTime('j.event_timestamp')}, ${isoTime('j.event_timestamp')}, before_ms)`;
  const problem = [
    `CASE WHEN ${IS_BLANK} THEN 'blank'`,
    `WHEN valid IS NULL THEN ${problemOrCut('json')}`,
    `WHEN j.execution_arn IS NULL OR j.type IS NULL THEN 'id'`,
    `WHEN t_ms IS NULL THEN 'time'`,
    'END',
  ].join(' ');
  return [
    'INSERT INTO workflow_events',
    `SELECT ${selectColumns('workflow_events', COLUMNS)}, problem, CASE WHEN problem IS NOT NULL THEN left(line, 400) END`,
    `FROM (SELECT *, ${problem} AS problem FROM (SELECT *, ${time} AS t_ms, ${members(validJson('j.details'), DETAILS)} AS d`,
    `FROM (SELECT *, ${members('valid', RECORD)} AS j, ${PREFIX_TIME} AS before_ms`,
    `FROM (SELECT *, ${validJson('part')} AS valid`,
    `FROM (SELECT file_id, unfinished, line, ${JSON_PART} AS part FROM ${linesOf(sources)})))))`,
  ].join('\n');
}
