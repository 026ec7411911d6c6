import type { TraceReport } from '../../report-model';
import { markup, shortened, type Markup } from './markup';

/** The routes that the page knows: those with most requests. In its data a route is its place in `shown`. */
export interface Routes {
  readonly shown: readonly string[];
  /** How many there are beside them. */
  readonly hidden: number;
  indexOf(route: string | null): number;
}

/** A page of a thousand routes is read by nobody, and each costs its time series. */
const MAX_ROUTES = 40;

/** The routes of a report, those with most requests first. */
export function routesOf({ hops, series, heat }: TraceReport): Routes {
  const requests = new Map<string, number>();
  for (const { route } of [...series, ...heat]) if (route !== null) requests.set(route, 0);
  for (const { route, requests: some } of hops) {
    if (route !== null) requests.set(route, Math.max(some, requests.get(route) ?? 0));
  }
  const all = [...requests].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([route]) => route);
  const shown = all.slice(0, MAX_ROUTES);
  const places = new Map(shown.map((route, index) => [route, index]));
  return { shown, hidden: all.length - shown.length, indexOf: (route) => placeOf(route, places) };
}

/** All routes together, and a route that the page does not know: both are numbers, as attributes need them. */
export const ALL = -1;
const UNKNOWN = -2;

const placeOf = (route: string | null, places: ReadonlyMap<string, number>): number =>
  route === null ? ALL : (places.get(route) ?? UNKNOWN);

/** A route's name in a table: it may be broken before a slash, and nowhere else while there is room. */
export function routeName(route: string | null, none: string): Markup {
  if (route === null) return markup`${none}`;
  const [first, ...rest] = shortened(route, 120).split('/');
  return markup`<code>${first}${rest.map((part) => markup`<wbr>/${part}`)}</code>`;
}
