'use strict';
const { Scenario, between, end } = require('./scenario');
const { AT_GATEWAY, AppLogs, FunctionLogs, GatewayLogs, HttperrLogs, IisLogs, isLogged } = require('./logs');
const { writeHistory, writeRecords } = require('./lines/workflows');
const { EVENTS, END_MS } = require('./world');
const { EXTRAS, FATES } = require('./plan');
const { Counts, Latencies } = require('./truth');

const nameByCode = (kinds) => Object.fromEntries(Object.entries(kinds).map(([name, { code }]) => [code, name]));
const FATE_NAMES = nameByCode(FATES);
const EXTRA_NAMES = nameByCode(EXTRAS);
const ENDED_BEFORE_IIS = new Set([
  ...['unauthorized', 'accessDenied', 'throttled', 'timedOut', 'unreachable'],
  ...['refusedByHttpSys', 'lost'],
]);

/** Every so many-th of those that could be it. */
const EVERY = {
  otherSubjectAtApp: 9,
  otherSubjectInFunction: 5,
  offloadWithoutEnd: 7,
  workflowWithoutEnd: 5,
  expired: 40,
};
/** So many executions are files of their own; the others are records of the state machine's log. */
const HISTORY_FILES = 3;

/** Writes what happens into all logs that see it, and counts it. */
class Story {
  #scenario;
  #sinks;
  #gateway;
  #iis;
  #httperr;
  #app;
  #functions;
  #latencies;
  #counts = new Counts();
  #seen = {};

  constructor(sinks, random, { requests, shapes, loggedShare }) {
    this.#sinks = sinks;
    this.#scenario = new Scenario(random, loggedShare);
    this.#gateway = new GatewayLogs(sinks, shapes);
    this.#iis = new IisLogs(sinks);
    this.#httperr = new HttperrLogs(sinks);
    this.#app = new AppLogs(sinks);
    this.#functions = new FunctionLogs(sinks, random);
    this.#latencies = new Latencies(Math.ceil(requests * 1.05) + 100);
  }

  /** One request that the gateway has. */
  request(timeMs, fateCode) {
    const r = this.#scenario.next(timeMs);
    const fate = FATE_NAMES[fateCode];
    this.#counts.add('gatewayRequests');
    if (ENDED_BEFORE_IIS.has(fate)) this.#endedBefore(r, fate);
    else this.#reached(r, fate);
  }

  #endedBefore(r, fate) {
    if (fate !== 'lost') end(r, fate);
    this.#counts.add('neverReached', fate);
    this.#gateway.write(r);
    const hops = { total: r.latencyMs };
    if (r.integrationMs !== '-') hops.gateway = r.latencyMs - r.integrationMs;
    this.#latencies.add(r.route.index, hops, false);
    if (fate === 'refusedByHttpSys') this.#httperr.refused(r.server, r.timeMs + 4, r.route.method, r.path);
    if (fate === 'unauthorized') this.#refusedByAuthorizer(r);
  }

  #refusedByAuthorizer(r) {
    const reason = this.#every('authorizer', 3) ? 'signature' : 'expired';
    this.#counts.add('tokens', 'authorizer', reason);
    const traceId = r.traceId ?? this.#scenario.newTraceId(r.timeMs);
    const who = { correlationId: r.id, traceId, requestId: this.#scenario.newUuid() };
    this.#functions.authorizer({ ...who, endMs: r.timeMs + 2, code: 'token_invalid', reason });
  }

  #reached(r, fate) {
    const tale = r.isLogged ? this.#appTells(r) : undefined;
    this.#gateway.write(r);
    if (fate === 'deliveredTwice') {
      this.#gateway.write(r);
      this.#counts.add('gatewayRequests');
    }
    const row = this.#row(r);
    this.#iis.write(r.server, row);
    this.#counts.add('iisRequests');
    if (fate === 'replayed') this.#replay(r, row);
    if (!IisLogs.hasId(r.server, r.endMs)) this.#unjoined(r);
    else if (fate === 'deliveredTwice' || fate === 'replayed') this.#counts.add('duplicates', fate);
    else this.#matched(r, tale);
  }

  /** Gateway and IIS have it, and nobody can tell that it is the same: the row has no ID. */
  #unjoined(r) {
    this.#counts.add('rowsWithoutIdField');
    this.#latencies.add(r.route.index, { total: r.latencyMs, gateway: r.latencyMs - r.integrationMs }, false);
    this.#latencies.add(r.route.index, { total: r.timeTakenMs }, false);
  }

  #matched(r, tale) {
    this.#counts.add('matched');
    const { latencyMs: total, integrationMs, timeTakenMs } = r;
    const hops = { total, gateway: total - integrationMs, wire: integrationMs - timeTakenMs };
    if (r.isLogged) {
      hops.iis = timeTakenMs * 10 - r.appTenths;
      hops.app = r.appTenths - (tale.functionTenths ?? 0);
    }
    if (tale?.functionTenths !== undefined) hops.function = tale.functionTenths;
    this.#latencies.add(r.route.index, hops, true);
  }

  #row(r) {
    return {
      ...{ endMs: r.endMs, serverIp: r.server.ip, method: r.route.method, path: r.path, query: '-' },
      ...{ clientIp: '10.0.9.21', userAgent: AT_GATEWAY, status: r.status, substatus: 0, win32: 0, bytes: r.bytes },
      ...{ timeTakenMs: r.timeTakenMs, sentId: r.id, answeredId: r.id, userHash: r.user?.hash ?? '-' },
    };
  }

  /** Somebody sends an ID that he saw to the server itself. */
  #replay(r, row) {
    this.#iis.write(r.server, { ...row, endMs: r.endMs + 40_000, clientIp: '10.0.44.7', userAgent: 'curl/8.5.0' });
    this.#counts.add('iisRequests');
  }

  /** What the app and its functions write; gives how long the function took, where its log tells. */
  #appTells(r) {
    const clockIsBehind =
      r.server.name === 'web-2' &&
      r.user !== undefined &&
      between(r.timeMs, EVENTS.clockBehindFrom, EVENTS.clockBehindUntil);
    if (clockIsBehind) return this.#refused(r, 'not_yet_valid');
    if (r.user !== undefined && this.#every('expired', EVERY.expired)) return this.#refused(r, 'expired');
    const other = r.isRest && r.user !== undefined && this.#every('otherSubjectAtApp', EVERY.otherSubjectAtApp);
    if (other) this.#counts.add('identity', 'gatewayAndApp');
    const subject = other ? `${r.user.subject.slice(0, -4)}0000` : r.user?.subject;
    const a = this.#appView(r, subject);
    this.#app.audit(r.server, 'access', a.startMs, a);
    let tale = {};
    if (r.route.function !== undefined) tale = this.#handOver(r, a);
    if (r.route.workflow !== undefined) this.#start(r, a);
    this.#app.request(r.server, a);
    this.#counts.add('appRequests');
    return tale;
  }

  #appView(r, subject) {
    const startMs = r.appEndMs - Math.round(r.appTenths / 10);
    return {
      ...{ correlationId: r.id, traceId: r.traceId, subject, transactionId: r.user?.transactionId },
      ...{ method: r.route.method, path: r.path, status: r.status, isPublic: r.route.isPublic === true },
      ...{ startMs, endMs: r.appEndMs, durationTenths: r.appTenths, function: r.route.function },
    };
  }

  /** The app did not take the token. */
  #refused(r, reason) {
    r.appTenths = 12;
    r.functionTenths = 0;
    r.status = 401;
    r.integrationStatus = '401';
    this.#scenario.timed(r);
    const a = this.#appView(r, undefined);
    this.#app.audit(r.server, 'authenticate', a.startMs, { ...a, code: 'token_invalid', reason });
    this.#app.request(r.server, a);
    this.#counts.add('appRequests');
    this.#counts.add('tokens', 'app', reason);
    return {};
  }

  #handOver(r, a) {
    this.#counts.add('offloads', 'handedOver');
    this.#app.audit(r.server, 'handOver', a.startMs, a);
    // Not the last ones: what is still on its way when the logs end is not lost.
    if (r.timeMs < EVENTS.calmFrom && this.#every('offloadWithoutEnd', EVERY.offloadWithoutEnd)) {
      this.#counts.add('offloads', 'withoutEnd');
      return {};
    }
    const other = this.#every('otherSubjectInFunction', EVERY.otherSubjectInFunction);
    if (other) this.#counts.add('identity', 'appAndFunction');
    const subject = other ? this.#scenario.users[0].subject.replace(/.{4}$/, '9999') : a.subject;
    const startMs = a.startMs + 5;
    const endMs = startMs + Math.round(r.functionTenths / 10);
    const f = { ...a, subject, startMs, endMs, durationTenths: r.functionTenths, requestId: this.#scenario.newUuid() };
    if (this.#functions.invoked(f)) this.#counts.add('offloads', 'coldStarts');
    return { functionTenths: r.functionTenths };
  }

  #start(r, a) {
    const execution = this.#scenario.newUuid();
    this.#app.audit(r.server, 'start', a.startMs, { ...a, workflow: r.route.workflow, execution });
    const isEnded = !this.#every('workflowWithoutEnd', EVERY.workflowWithoutEnd);
    this.#counts.add('workflows', 'started');
    if (!isEnded) this.#counts.add('workflows', 'withoutEnd');
    const w = {
      execution,
      isEnded,
      timeMs: a.startMs + 20,
      correlationId: r.id,
      subject: a.subject,
      traceId: r.traceId,
    };
    if (this.#counts.of('workflows', 'started') <= HISTORY_FILES) {
      writeHistory(this.#sinks.sink(`workflows/${execution}.json`, 'workflow'), w);
    } else {
      writeRecords(this.#sinks.sink('workflows/approve-invoice.jsonl', 'workflow'), w);
    }
  }

  /** What happens beside the gateway's requests. */
  extra(timeMs, code) {
    const name = EXTRA_NAMES[code];
    const server = this.#scenario.server();
    if (name === 'idleConnection') {
      this.#counts.add('idleConnections');
      return this.#httperr.idle(server, timeMs);
    }
    if (name === 'brokenGatewayLine') return this.#brokenGatewayLine(timeMs);
    if (name === 'brokenIisRow') {
      this.#iis.broken(server, this.#direct(server, timeMs), this.#seenSoFar('brokenIisRow'));
      return this.#counts.add('broken', 'iis');
    }
    return this.#bypass(server, timeMs, name);
  }

  #brokenGatewayLine(timeMs) {
    const r = this.#scenario.next(timeMs);
    end(r, 'throttled');
    this.#gateway.broken(r, this.#seenSoFar('brokenGatewayLine'));
    this.#counts.add('broken', 'gateway');
  }

  /** A request straight to the server, refused by an app that knows nobody. */
  #direct(server, timeMs) {
    const path = this.#scenario.path(this.#scenario.routes[3]);
    return {
      ...{ endMs: timeMs, serverIp: server.ip, method: 'GET', path, query: '-', clientIp: '10.0.44.7' },
      ...{ userAgent: 'python-requests/2.32', status: 401, substatus: 0, win32: 0, bytes: 154, timeTakenMs: 2 },
      ...{ sentId: '-', answeredId: this.#scenario.newUuid(), userHash: '-' },
    };
  }

  #bypass(server, timeMs, name) {
    const x = this.#direct(server, timeMs);
    if (name === 'unknownId') x.sentId = x.answeredId = this.#scenario.newId();
    const isHealthCheck = name === 'healthCheck';
    if (isHealthCheck) Object.assign(x, { path: '/health', status: 200, userAgent: 'ELB-HealthChecker/2.0' });
    this.#iis.write(server, x);
    this.#counts.add('iisRequests');
    this.#counts.add('bypass', name);
    const hops = { total: x.timeTakenMs, ...(isLogged(server) && { iis: x.timeTakenMs * 10 - 9, app: 9 }) };
    this.#latencies.add(this.#scenario.routes[isHealthCheck ? 0 : 3].index, hops, false);
    if (!isLogged(server)) return;
    this.#counts.add('bypassSeenByApp', name);
    const a = {
      ...{ correlationId: x.answeredId, traceId: undefined, subject: undefined, isPublic: isHealthCheck },
      ...{ method: 'GET', path: x.path, status: x.status, startMs: timeMs - 1, endMs: timeMs, durationTenths: 9 },
    };
    if (name === 'unknownId') {
      this.#app.audit(server, 'authenticate', a.startMs, { ...a, code: 'token_invalid', reason: 'signature' });
      this.#counts.add('tokens', 'app', 'signature');
    } else this.#app.audit(server, 'access', a.startMs, a);
    this.#app.request(server, a);
    this.#counts.add('appRequests');
  }

  /** What was written, when all is. */
  finish() {
    this.#app.finish(END_MS - 1);
    return {
      counts: this.#counts.toJSON(),
      hops: this.#latencies.figures(this.#scenario.routes, false),
      hopsOfMatched: this.#latencies.figures(this.#scenario.routes, true),
      fieldLists: this.#iis.fieldLists,
    };
  }

  #seenSoFar(name) {
    return (this.#seen[name] = (this.#seen[name] ?? 0) + 1);
  }

  /** True for each so many-th, the one in the middle first. */
  #every(name, number) {
    return this.#seenSoFar(name) % number === Math.ceil(number / 2);
  }
}

module.exports = { Story };
