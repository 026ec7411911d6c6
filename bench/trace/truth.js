'use strict';

const NONE = -0x8000_0000;
/** Milliseconds are kept as whole numbers, what logs say in tenths as tenths. */
const HOPS = { total: 1, gateway: 1, wire: 1, iis: 10, app: 10, function: 10 };
const POINTS = { p50Ms: 0.5, p90Ms: 0.9, p95Ms: 0.95, p99Ms: 0.99 };

/** The least value that the share of all is not above: what SQL calls PERCENTILE_DISC. */
const atShare = (sorted, share) => sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)];

/** The exact figures of some values: all of them sorted, nothing estimated. */
function figures(values, unit) {
  const sorted = values.sort();
  const sum = sorted.reduce((total, value) => total + value, 0);
  const points = Object.entries(POINTS).map(([name, share]) => [name, atShare(sorted, share) / unit]);
  return {
    requests: sorted.length,
    meanMs: sum / sorted.length / unit,
    ...Object.fromEntries(points),
    maxMs: sorted.at(-1) / unit,
    negative: sorted.filter((value) => value < 0).length,
  };
}

/** How long each hop of each request took; IDs that a log has twice are none of them. */
class Latencies {
  #routes;
  #isMatched;
  #hops;
  #next = 0;

  constructor(size) {
    this.#routes = new Uint8Array(size);
    this.#isMatched = new Uint8Array(size);
    this.#hops = Object.fromEntries(Object.keys(HOPS).map((hop) => [hop, new Int32Array(size).fill(NONE)]));
  }

  /** Hops that no log tells are left out. Matched is what both the gateway and IIS have. */
  add(route, hops, isMatched) {
    const index = this.#next++;
    this.#routes[index] = route;
    this.#isMatched[index] = isMatched ? 1 : 0;
    for (const hop in hops) this.#hops[hop][index] = hops[hop];
  }

  /** By route (null: all) and hop: of all requests, or of those that are matched. */
  figures(routes, onlyMatched) {
    const rows = [];
    const places = this.#byRoute(routes.length, onlyMatched);
    for (const [hop, unit] of Object.entries(HOPS)) {
      const ofRoutes = places.map((own) => own.map((at) => this.#hops[hop][at]).filter((value) => value !== NONE));
      const all = new Int32Array(ofRoutes.reduce((sum, { length }) => sum + length, 0));
      let from = 0;
      for (const values of ofRoutes) {
        all.set(values, from);
        from += values.length;
      }
      const keys = [null, ...routes.map(({ key }) => key)];
      [all, ...ofRoutes].forEach((values, index) => {
        if (values.length > 0) rows.push({ route: keys[index], hop, ...figures(values, unit) });
      });
    }
    return rows;
  }

  /** Where each route's requests are. */
  #byRoute(routes, onlyMatched) {
    const counts = new Uint32Array(routes);
    const each = (visit) => {
      for (let index = 0; index < this.#next; index++) {
        if (!onlyMatched || this.#isMatched[index] === 1) visit(index, this.#routes[index]);
      }
    };
    each((_, route) => counts[route]++);
    const places = Array.from(counts, (count) => new Int32Array(count));
    counts.fill(0);
    each((index, route) => (places[route][counts[route]++] = index));
    return places;
  }
}

/** Counts by name, however deep: `count('tokens', 'expired')`. */
class Counts {
  #counts = {};

  add(...names) {
    const last = names.pop();
    const group = names.reduce((at, name) => (at[name] ??= {}), this.#counts);
    group[last] = (group[last] ?? 0) + 1;
  }

  of(...names) {
    return names.reduce((at, name) => at?.[name], this.#counts) ?? 0;
  }

  toJSON() {
    return this.#counts;
  }
}

module.exports = { Counts, Latencies };
