/** What the analysis is told, in milliseconds. */
export interface Settings {
  /** Cut off both ends of the time that gateway's and IIS's logs share. */
  readonly marginMs: number;
}

/**
 * The longest integration (29 s, unless AWS was asked for more) and a minute for delivery: CloudWatch may bring the last
 * lines late, and IIS keeps a line in memory for up to a minute. What one log has there and the other has not, says nothing.
 */
export const DEFAULT_MARGIN_MS = 29_000 + 60_000;

/** One row: what the analysis was told. */
export function settingsSql({ marginMs }: Settings): string {
  return `SELECT CAST(${marginMs} AS bigint) AS margin_ms`;
}
