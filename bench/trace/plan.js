'use strict';
const { EVENTS, cumulativeTraffic, shareBefore } = require('./world');

/** What becomes of a request that the gateway has; 0 is the normal way. */
const FATES = {
  unauthorized: { code: 1, share: 0.005 },
  accessDenied: { code: 2, share: 0.002 },
  throttled: { code: 3, share: 0.002 },
  timedOut: { code: 4, share: 0.001 },
  unreachable: { code: 5, share: 0.0005 },
  refusedByHttpSys: { code: 6, share: 0.001 },
  lost: { code: 7, share: 0.0005 },
  deliveredTwice: { code: 8, share: 0.0005 },
  replayed: { code: 9, share: 0.0002 },
};

/** What else happens at the time of a request, and is none of the gateway's. */
const EXTRAS = {
  withoutId: { code: 1, share: 0.01 },
  unknownId: { code: 2, share: 0.002 },
  healthCheck: { code: 3, share: 0.003 },
  brokenGatewayLine: { code: 4, share: 0.0002 },
  brokenIisRow: { code: 5, share: 0.0002 },
  idleConnection: { code: 6, share: 0.001 },
};

/** At least so many of each, however few the requests. */
const LEAST = 4;

/** Gives each kind its share of places among the calm ones, no place twice. */
function place(kinds, requests, [from, to], random) {
  const plan = new Uint8Array(requests);
  for (const { code, share } of Object.values(kinds)) {
    for (let left = Math.max(LEAST, Math.round(share * requests)); left > 0;) {
      const index = from + random.below(to - from);
      if (plan[index] !== 0) continue;
      plan[index] = code;
      left--;
    }
  }
  return plan;
}

/** What happens at each request: decided before the first is written, so that the counts are what they should be. */
function makePlan(requests, random) {
  const traffic = cumulativeTraffic();
  const calm = [EVENTS.calmUntil, EVENTS.calmFrom].map((timeMs) => shareBefore(traffic, timeMs) * requests);
  const between = [Math.ceil(calm[0]), Math.floor(calm[1])];
  return { fates: place(FATES, requests, between, random), extras: place(EXTRAS, requests, between, random) };
}

module.exports = { EXTRAS, FATES, makePlan };
