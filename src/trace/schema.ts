/** The types of columns: names that DuckDB and Trino share. Times are milliseconds since the epoch, IDs are text. */
export type ColumnType = 'varchar' | 'bigint' | 'integer' | 'double' | 'boolean';

/** One column of a table. */
export interface Column {
  readonly type: ColumnType;
  /** What it holds; null where the log does not say. */
  readonly holds: string;
}

/** One table of the normalised logs. */
export interface Table {
  readonly holds: string;
  readonly columns: Readonly<Record<string, Column>>;
}

const varchar = (holds: string): Column => ({ type: 'varchar', holds });
const bigint = (holds: string): Column => ({ type: 'bigint', holds });
const integer = (holds: string): Column => ({ type: 'integer', holds });
const double = (holds: string): Column => ({ type: 'double', holds });
const boolean = (holds: string): Column => ({ type: 'boolean', holds });

const fileId = integer('`file_id` of the table `files`');
const correlationId = varchar('the join key of all logs');
const traceId = varchar('trace ID, 32 lower-case hex digits');

/**
 * The normalised logs: what ingest writes, and all that the analysis reads. One schema, whatever fields the logs have; in
 * DuckDB's memory, as Parquet, and as external tables of Athena.
 */
export const TABLES = {
  files: {
    holds: 'each file that was read',
    columns: {
      file_id: integer('its number'),
      path: varchar('as it was found'),
      kind: varchar('iis, httperr, gateway, app, audit, function, workflow; unread, and why in `rejects`'),
      server: varchar('IIS and app: the server, by `#Fields`, folder or host name'),
      bytes: bigint('its size, unpacked'),
      lines: bigint('its lines; of an envelope or a history: its events'),
      rows_read: bigint('rows of the tables below that it gave'),
      rows_rejected: bigint('lines that could not be read'),
      rows_skipped: bigint('directives, blank lines, and lines that are not for this analysis'),
      first_ms: bigint('the earliest time in it'),
      last_ms: bigint('the latest time in it'),
    },
  },
  rejects: {
    holds: 'lines that could not be read, by file and reason',
    columns: {
      file_id: fileId,
      reason: varchar('why: width, json, truncated, time, status, id, fields, too_long, …'),
      rows_rejected: bigint('how many'),
      sample: varchar('the beginning of one of them, what terminals obey written out'),
    },
  },
  iis_fields: {
    holds: 'each list of fields (`#Fields`) in an IIS log, in its order',
    columns: {
      file_id: fileId,
      server: varchar('as in `iis`'),
      from_ms: bigint('time of the first row below it'),
      fields: varchar('the list, parted by single blanks'),
      software: varchar('`#Software` above it, such as Microsoft Internet Information Services 10.0'),
      rows_read: bigint('rows below it'),
    },
  },
  gateway: {
    holds: "API Gateway's access log",
    columns: {
      file_id: fileId,
      correlation_id: varchar('`extendedRequestId` (REST) or `requestId` (HTTP API): what became X-Correlation-Id'),
      request_id: varchar('`requestId`'),
      t_ms: bigint('when the request came'),
      api: varchar('rest or http'),
      method: varchar('of the request'),
      path: varchar('as the client sent it, without the query'),
      route: varchar('the matched route, METHOD /path/{id}; null where none'),
      stage: varchar('of the API'),
      status: integer('of the answer'),
      latency_ms: integer('`responseLatency`: all of it'),
      integration_status: integer('of the answer of the server behind'),
      integration_ms: integer('`integrationLatency`; null where nothing behind was asked'),
      integration_error: varchar('its error'),
      authorizer_ms: integer('REST: how long the authorizer took'),
      authorizer_error: varchar('its error'),
      principal: varchar('`principalId` of the authorizer'),
      error_type: varchar('`errorResponseType`: who refused, such as UNAUTHORIZED or THROTTLED'),
      source_ip: varchar('of the client'),
      trace_id: traceId,
      format: varchar("those of the line's keys that are known, sorted: what the stage's format is"),
    },
  },
  iis: {
    holds: "IIS's W3C log",
    columns: {
      file_id: fileId,
      server: varchar('`s-computername`, else the folder (web1 of web1/W3SVC1), else `s-ip`'),
      t_ms: bigint('when the request was finished, whole seconds'),
      method: varchar('of the request'),
      path: varchar('`cs-uri-stem`'),
      status: integer('`sc-status`'),
      substatus: integer('`sc-substatus`; 1000 to 1018 are iisnode'),
      win32_status: bigint('`sc-win32-status`'),
      time_taken_ms: integer('`time-taken`'),
      client_ip: varchar('`c-ip`, without zone'),
      server_ip: varchar('`s-ip`, without zone'),
      server_port: integer('`s-port`'),
      user_agent: varchar('`cs(User-Agent)`, + as blanks'),
      username: varchar('`cs-username`'),
      sent_id: varchar('`cs-correlation-id`: what the sender says'),
      sent_logged: boolean(
        'the list of fields above the row has `cs-correlation-id`: without it a missing ID says nothing',
      ),
      answered_logged: boolean('likewise `sc-correlation-id`'),
      answered_id: varchar("`sc-correlation-id`: the app's word"),
      correlation_id: varchar('`answered_id`, else `sent_id`'),
      user_hash: varchar('`sc-user-hash`'),
    },
  },
  httperr: {
    holds: "http.sys's error log: requests that IIS never saw",
    columns: {
      file_id: fileId,
      server: varchar('as in `iis`'),
      t_ms: bigint('when'),
      client_ip: varchar('`c-ip`, without zone'),
      server_ip: varchar('`s-ip`, without zone'),
      method: varchar('of the request'),
      path: varchar('`cs-uri`, without the query'),
      status: integer('`sc-status`'),
      site: varchar('`s-siteid`'),
      reason: varchar('`s-reason`, such as Timer_ConnectionIdle'),
      app_pool: varchar('`s-queuename`'),
    },
  },
  app: {
    holds: "the app's lines of type `request`",
    columns: {
      file_id: fileId,
      server: varchar('`host` where the line has it, else the folder'),
      t_ms: bigint('when the answer had ended'),
      correlation_id: correlationId,
      trace_id: traceId,
      method: varchar('of the request'),
      path: varchar('without the query'),
      status: integer('of the answer'),
      duration_ms: double('from the middleware to the end'),
      aborted: boolean('the client went first'),
      subject: varchar('the verified caller'),
      actor: varchar('who acts for the caller'),
      transaction_id: varchar('`txn` of the token'),
      policy: varchar('digest of the policy that decided'),
    },
  },
  audit: {
    holds: 'lines of type `audit`, of app, authorizer, functions and the auditor of workflows',
    columns: {
      file_id: fileId,
      t_ms: bigint('when'),
      correlation_id: correlationId,
      event: varchar('authenticate, access, hand_over, function, workflow_run, workflow_transition, …'),
      outcome: varchar('allowed or denied'),
      code: varchar("the error's code"),
      reason: varchar('why'),
      rule: varchar('the JSON pointer of the rule that decided'),
      subject: varchar('the verified caller'),
      actor: varchar('who acts for the caller'),
      transaction_id: varchar('`txn` of the token'),
      function_name: varchar("the function's name in the policy"),
      workflow: varchar("the workflow's name in the policy"),
      execution: varchar("the execution's name"),
      state: varchar("the state's name"),
      event_type: varchar("`workflow_transition`: AWS's type of the event"),
      policy: varchar('digest of the policy'),
    },
  },
  app_events: {
    holds: "the app's and the functions' other lines: error, correlation, outbox, policy_drift, policy_reloaded, …",
    columns: {
      file_id: fileId,
      t_ms: bigint('when'),
      level: varchar('error, warn, info, debug'),
      type: varchar('of the line; null for lines of the app itself'),
      correlation_id: correlationId,
      code: varchar("the error's code"),
      reason: varchar('the finer reason'),
      function_name: varchar("the function's name in the policy"),
      outcome: varchar('where the line has one'),
      work_id: varchar("outbox: the work's ID"),
      attempts: integer('outbox: how often it was tried'),
      policy: varchar('digest of the policy'),
      other_policy: varchar('`gatewayPolicy` or `previousPolicy`'),
      message: varchar('for people'),
    },
  },
  functions: {
    holds: "the functions' lines of type `function`: one an invocation that withBaton let in",
    columns: {
      file_id: fileId,
      t_ms: bigint('when the handler had ended'),
      correlation_id: correlationId,
      request_id: varchar("Lambda's ID of the invocation"),
      function_name: varchar('its name in the policy'),
      outcome: varchar('succeeded or failed'),
      source: varchar('call, gateway, queue or workflow'),
      duration_ms: double('from its arrival to the end of the handler'),
      cold_start: boolean("an environment's first invocation"),
      subject: varchar('the verified caller'),
      actor: varchar('who acts for the caller'),
    },
  },
  lambda_reports: {
    holds: "Lambda's REPORT lines (text or JSON)",
    columns: {
      file_id: fileId,
      t_ms: bigint('when, where the file says it'),
      request_id: varchar("Lambda's ID of the invocation"),
      duration_ms: double('of the handler'),
      billed_ms: double('as billed'),
      init_ms: double('of a cold start'),
      memory_mb: integer('given'),
      max_memory_mb: integer('used'),
      status: varchar('timeout, error; null where it ended well'),
      trace_id: traceId,
    },
  },
  workflow_events: {
    holds: 'histories of Step Functions: GetExecutionHistory as JSON, or CloudWatch records at level ALL',
    columns: {
      file_id: fileId,
      t_ms: bigint('when'),
      execution: varchar("the execution's name"),
      event_id: bigint('its number in the history'),
      previous_event_id: bigint('what it follows'),
      event_type: varchar("AWS's type"),
      state: varchar('where the event names one'),
      error: varchar('name of the error'),
      correlation_id: varchar('of `caller` in the input of ExecutionStarted'),
      subject: varchar('likewise; what the input says, not verified here'),
    },
  },
} as const satisfies Readonly<Record<string, Table>>;

/** The name of a table. */
export type TableName = keyof typeof TABLES;
