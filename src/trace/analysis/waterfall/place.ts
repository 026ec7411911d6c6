/** When something began, in milliseconds since the epoch, and how long it took. */
export interface Stretch {
  readonly beganMs: number;
  readonly durationMs: number;
}

/** How a stretch got its place: two clocks agreed well enough, or only the durations were used. */
export type PlacedBy = 'clock' | 'duration';

/** Clocks of servers in one network differ by some milliseconds, and logs round. */
const CLOCK_TOLERANCE_MS = 20;

/**
 * Puts a stretch into the one around it. Its own clock is believed where that leaves it inside; else it goes into the
 * middle, because the durations are known and the clocks are not.
 *
 * @param clockMs when it began by its own clock; undefined where the log has only whole seconds
 */
export function placeInside(
  around: Stretch | undefined,
  clockMs: number | undefined,
  durationMs: number,
): { readonly stretch: Stretch; readonly by: PlacedBy } | undefined {
  if (around === undefined) {
    return clockMs === undefined ? undefined : { stretch: { beganMs: clockMs, durationMs }, by: 'clock' };
  }
  const endMs = around.beganMs + around.durationMs;
  const fits =
    clockMs !== undefined &&
    clockMs >= around.beganMs - CLOCK_TOLERANCE_MS &&
    clockMs + durationMs <= endMs + CLOCK_TOLERANCE_MS;
  if (fits) {
    const latest = Math.max(around.beganMs, endMs - durationMs);
    return { stretch: { beganMs: Math.min(Math.max(clockMs, around.beganMs), latest), durationMs }, by: 'clock' };
  }
  const before = Math.max(0, (around.durationMs - durationMs) / 2);
  return { stretch: { beganMs: around.beganMs + before, durationMs }, by: 'duration' };
}
