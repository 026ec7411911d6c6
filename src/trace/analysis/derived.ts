import { BYPASS_SQL } from './sql/bypass';
import { COMMON_WINDOW_SQL } from './sql/common-window';
import { LOST_SQL } from './sql/lost';
import { REFUSED_TOKENS_SQL } from './sql/refused-tokens';
import { REPEATED_IDS_SQL } from './sql/repeated-ids';
import { REPEATED_ROWS_SQL } from './sql/repeated-rows';
import { REQUESTS_SQL } from './sql/requests';
import { TOP_ROUTES_SQL } from './sql/routes';
import { settingsSql, type Settings } from './sql/settings';
import { APP_POLICIES_SQL, GATEWAY_FORMATS_SQL, SERVER_ADDRESSES_SQL } from './sql/set-up';
import { TIME_SCALE_SQL } from './sql/time-scale';
import { TIMELINE_SQL } from './sql/timeline';
import { UNMATCHED_SQL } from './sql/unmatched';

/** A table that the questions read, made out of the logs and the tables before it. */
export interface DerivedTable {
  readonly name: string;
  /** What it holds, for people. */
  readonly holds: string;
  /** A SELECT. */
  readonly sql: string;
}

/** The derived tables, in the order in which they are made. */
export function derivedTables(settings: Settings): readonly DerivedTable[] {
  return [
    { name: 'settings', holds: 'what the analysis is told', sql: settingsSql(settings) },
    { name: 'common_window', holds: 'the time that gateway and IIS were both logged', sql: COMMON_WINDOW_SQL },
    { name: 'repeated_ids', holds: 'IDs that one log has more than once', sql: REPEATED_IDS_SQL },
    { name: 'requests', holds: 'one row a request, and how long each hop took', sql: REQUESTS_SQL },
    { name: 'top_routes', holds: 'the routes with the most requests', sql: TOP_ROUTES_SQL },
    { name: 'time_scale', holds: 'over how long a time requests are summed up', sql: TIME_SCALE_SQL },
    { name: 'timeline', holds: 'the same as numbers, by place of the route and bucket of time', sql: TIMELINE_SQL },
    { name: 'unmatched', holds: 'IDs that only one of gateway and IIS has', sql: UNMATCHED_SQL },
    { name: 'bypass', holds: 'requests that reached IIS without the gateway', sql: BYPASS_SQL },
    { name: 'refused_tokens', holds: 'tokens that were refused', sql: REFUSED_TOKENS_SQL },
    { name: 'repeated_rows', holds: 'the rows behind repeated IDs', sql: REPEATED_ROWS_SQL },
    { name: 'app_policies', holds: 'which policies decided, by server', sql: APP_POLICIES_SQL },
    { name: 'gateway_formats', holds: 'which formats the access logs had', sql: GATEWAY_FORMATS_SQL },
    { name: 'server_addresses', holds: 'under which addresses the servers were reached', sql: SERVER_ADDRESSES_SQL },
    { name: 'lost', holds: "gateway's requests that IIS never logged", sql: LOST_SQL },
  ];
}
