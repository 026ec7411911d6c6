import { placeInside, type PlacedBy, type Stretch } from './place';
import { numberOf, type LogRow, type Records } from './records';

/** Where the three logs of the request itself lie in time, on one clock: that of the first of them that is there. */
export interface Frame {
  readonly gateway: Stretch | undefined;
  readonly iis: (Stretch & { readonly by: PlacedBy }) | undefined;
  readonly app: (Stretch & { readonly by: PlacedBy }) | undefined;
}

/** Lines are written at the end: the beginning is so much before. */
export function ownClock(row: LogRow | undefined, durationMs: number): number | undefined {
  const endMs = row && numberOf(row, 't_ms');
  return endMs === undefined ? undefined : endMs - durationMs;
}

/**
 * Puts gateway, IIS and app into one another.
 *
 * What the gateway does itself is taken to come first (authorizer, mapping), then it waits for the server. IIS logs whole
 * seconds, so its place comes from durations alone.
 */
export function frameOf({ gateway: [gatewayRow], iis: [iisRow], app: [appRow] }: Records): Frame {
  const gateway = gatewayRow && gatewayStretch(gatewayRow);
  const appMs = (appRow && numberOf(appRow, 'duration_ms')) ?? 0;
  const appClock = ownClock(appRow, appMs);
  const takenMs = (iisRow && numberOf(iisRow, 'time_taken_ms')) ?? 0;
  const asked = gateway && gatewayRow && integrationStretch(gatewayRow, gateway);
  // Without a gateway the app's clock is the better one: IIS's is a second wide.
  const iisClock = appClock === undefined ? ownClock(iisRow, takenMs) : appClock - Math.max(0, (takenMs - appMs) / 2);
  const iis = iisRow && placeInside(asked, gateway === undefined ? iisClock : undefined, takenMs);
  const app = appRow && placeInside(iis?.stretch ?? asked, appClock, appMs);
  return {
    gateway,
    iis: iis && { ...iis.stretch, by: gateway === undefined && appClock === undefined ? 'clock' : 'duration' },
    app: app && { ...app.stretch, by: app.by },
  };
}

/** What the gateway logged of itself; its lines say when the request came. */
export function gatewayStretch(row: LogRow): Stretch | undefined {
  const beganMs = numberOf(row, 't_ms');
  return beganMs === undefined ? undefined : { beganMs, durationMs: numberOf(row, 'latency_ms') ?? 0 };
}

function integrationStretch(row: LogRow, { beganMs, durationMs }: Stretch): Stretch {
  const integrationMs = numberOf(row, 'integration_ms');
  if (integrationMs === undefined) return { beganMs, durationMs };
  return { beganMs: beganMs + Math.max(0, durationMs - integrationMs), durationMs: integrationMs };
}
