'use strict';
const { gatewayId, hex32, uuid } = require('./random');
const { EVENTS, LOGGED, SERVERS, drawTable, makeRoutes, makeUsers } = require('./world');

/** Who calls often and who does not does not matter here; that there are several does. */
const USERS = 400;
const REST_SHARE = 0.15;

const between = (timeMs, from, until) => timeMs >= from && timeMs < until;

/**
 * Makes one request after the other: who, where, how long at each hop. The object is the same each time, so that
 * millions of them leave nothing behind.
 */
class Scenario {
  routes = makeRoutes();
  users = makeUsers(USERS);
  #random;
  #routeTable;
  #serverTable;
  #request = {};
  #numbers = 0;

  constructor(random, loggedShare) {
    this.#random = random;
    this.#routeTable = drawTable(this.routes.map(({ weight }) => weight));
    const unlogged = (1 - loggedShare) / (SERVERS.length - LOGGED);
    this.#serverTable = drawTable(SERVERS.map((_, index) => (index < LOGGED ? loggedShare / LOGGED : unlogged)));
  }

  /** A new ID as the gateway gives them. */
  newId() {
    return gatewayId(this.#numbers++, this.#random);
  }

  newUuid() {
    return uuid(this.#numbers++, this.#random);
  }

  newTraceId(timeMs) {
    return Math.floor(timeMs / 1000).toString(16) + hex32(this.#random).slice(8);
  }

  path(route) {
    return route.template.replace('{id}', String(1000 + this.#random.below(900_000)));
  }

  clientIp() {
    return `203.0.113.${this.#random.below(250)}`;
  }

  server() {
    return SERVERS[this.#serverTable[this.#random.uint32() >>> 16]];
  }

  /** A request that came at that time, as it goes when all goes well. */
  next(timeMs) {
    const random = this.#random;
    const r = this.#request;
    const route = this.routes[this.#routeTable[random.uint32() >>> 16]];
    r.route = route;
    r.timeMs = timeMs;
    r.server = this.server();
    r.isLogged = SERVERS.indexOf(r.server) < LOGGED;
    r.isRest = random.random() < REST_SHARE;
    r.id = this.newId();
    r.user = route.isPublic ? undefined : this.users[random.below(USERS)];
    r.path = this.path(route);
    r.sourceIp = this.clientIp();
    r.status = 200;
    r.bytes = 40 + random.below(4000);
    const needsTrace = r.isRest || r.isLogged || route.function !== undefined;
    r.traceId = needsTrace ? this.newTraceId(timeMs) : undefined;
    this.#goThrough(r);
    this.#gatewaySays(r);
    return r;
  }

  /** How long each hop takes. */
  #goThrough(r) {
    const random = this.#random;
    r.functionTenths = r.route.function === undefined ? 0 : Math.round(random.logNormal(1800, 0.5));
    r.appTenths = 1 + Math.round(random.logNormal(r.route.medianMs * 10, 0.6)) + r.functionTenths;
    r.queueTenths = Math.round(random.exponential(25));
    const isSlow = r.server.name === 'web-3' && between(r.timeMs, EVENTS.slowFrom, EVENTS.slowUntil);
    if (isSlow) r.queueTenths += 2000 + random.below(2000);
    this.timed(r);
  }

  /** What IIS and the gateway make of it; again, where the app took another time. */
  timed(r) {
    const random = this.#random;
    r.timeTakenMs = Math.round((r.appTenths + r.queueTenths) / 10);
    // Two clocks and two roundings: once in a while the wire takes less than nothing.
    r.integrationMs = Math.max(0, r.timeTakenMs + Math.floor(random.exponential(3)) - (random.random() < 0.02 ? 2 : 0));
    r.latencyMs = r.integrationMs + 1 + Math.floor(random.exponential(4));
    r.endMs = r.timeMs + r.timeTakenMs + Math.round((r.latencyMs - r.timeTakenMs) / 2);
    r.appEndMs = r.endMs;
  }

  #gatewaySays(r) {
    r.integrationStatus = '200';
    r.integrationError = '-';
    r.errorType = '-';
    r.authorizerError = '-';
    r.restId = r.isRest ? this.newUuid() : undefined;
    r.principal = r.user === undefined ? '-' : r.user.subject;
    r.authorizerMs = r.isRest && this.#random.random() < 0.2 ? String(2 + this.#random.below(30)) : '-';
  }
}

/** What the gateway says of a request that it refused itself, or that went no further. */
const ENDINGS = {
  unauthorized: { status: 401, errorType: 'UNAUTHORIZED', authorizerError: 'Unauthorized' },
  accessDenied: { status: 403, errorType: 'ACCESS_DENIED' },
  throttled: { status: 429, errorType: 'THROTTLED' },
  timedOut: {
    ...{ status: 504, errorType: 'INTEGRATION_TIMEOUT', latencyMs: 29_003, integrationMs: 29_000 },
    integrationError: 'Execution failed due to a timeout error',
  },
  unreachable: {
    ...{ status: 502, errorType: 'INTEGRATION_FAILURE', latencyMs: 3010, integrationMs: 3004 },
    integrationError: 'Network error communicating with endpoint',
  },
  refusedByHttpSys: { status: 503, integrationStatus: '503', latencyMs: 9, integrationMs: 5 },
};

/** Changes a request to one that ended so. */
function end(r, fate) {
  Object.assign(r, { integrationStatus: '-', integrationMs: '-', latencyMs: 3, principal: '-', authorizerMs: '-' });
  Object.assign(r, ENDINGS[fate]);
}

module.exports = { Scenario, between, end };
