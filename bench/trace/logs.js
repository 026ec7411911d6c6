'use strict';
const { EVENTS, DAYS, SERVERS, START_MS, DAY_MS, LOGGED } = require('./world');
const app = require('./lines/app');
const gateway = require('./lines/gateway');
const iis = require('./lines/iis');
const { writeAuthorizer, writeInvocation } = require('./lines/functions');

const days = new Map();

/** The day of a time, as text. */
function day(timeMs) {
  const number = Math.floor(timeMs / DAY_MS);
  let text = days.get(number);
  if (text === undefined) days.set(number, (text = new Date(timeMs).toISOString().slice(0, 10)));
  return text;
}

const AT_GATEWAY = 'AmazonAPIGateway_a1b2c3d4e5';

/** The access logs of both APIs: a file a day. In other shapes as well, where they are asked for. */
class GatewayLogs {
  #sinks;
  #shapes;

  constructor(sinks, shapes) {
    this.#sinks = sinks;
    this.#shapes = shapes;
  }

  write(r) {
    this.#sink(r).row(`${this.#line(r)}\n`);
  }

  broken(r, kind) {
    this.#sink(r).reject('json', `${gateway.BROKEN[kind % gateway.BROKEN.length](lineOf(r))}\n`);
  }

  #line(r) {
    const isUnquoted = this.#shapes === 'mixed' && r.isRest && dayNumber(r.timeMs) === 1;
    return isUnquoted ? gateway.unquoted(lineOf(r)) : lineOf(r);
  }

  #sink({ timeMs, isRest }) {
    const number = dayNumber(timeMs);
    const name = `gateway/${isRest ? 'rest' : 'http'}-${day(START_MS + number * DAY_MS)}`;
    if (this.#shapes === 'mixed' && number === 0 && isRest) {
      return this.#sinks.shaped(`${name}.gz`, 'gateway', 'exported');
    }
    if (this.#shapes === 'mixed' && number === 1 && !isRest) {
      return this.#sinks.shaped(`${name}.gz`, 'gateway', 'enveloped');
    }
    return this.#sinks.sink(`${name}.jsonl`, 'gateway');
  }
}

const dayNumber = (timeMs) => Math.min(DAYS - 1, Math.floor((timeMs - START_MS) / DAY_MS));

function lineOf(r) {
  if (r.isRest) return gateway.restLine(r);
  return r.timeMs < EVENTS.otherFormatFrom ? gateway.shortLine(r) : gateway.httpLine(r);
}

/** The W3C logs of the servers: a file a day, with the lists of fields that were in force. */
class IisLogs {
  #sinks;
  /** By path: the list in force. */
  #lists = new Map();
  fieldLists = [];

  constructor(sinks) {
    this.#sinks = sinks;
  }

  /** Whether rows of that time have the correlation ID. */
  static hasId(server, endMs) {
    return server.name !== 'web-4' || endMs >= EVENTS.customFieldsFrom;
  }

  write(server, x) {
    const { sink, list } = this.#open(server, x.endMs);
    sink.row(iis.ROWS[list](x));
  }

  /** A row that somebody else's tool, or a full disk, has damaged. */
  broken(server, x, kind) {
    const { sink, list } = this.#open(server, x.endMs);
    const row = iis.ROWS[list](x);
    if (kind % 2 === 0) sink.reject('width', `${row.split(' ').slice(0, 9).join(' ')}\r\n`);
    else sink.reject('width', row.replace(' 443 ', ' 443 out of place '));
  }

  #open(server, endMs) {
    const now = listOf(server, endMs);
    const suffix = now === 'plain' ? '' : '_x';
    const name = `u_ex${day(endMs).slice(2).replaceAll('-', '')}${suffix}.log`;
    const path = `${server.name}/W3SVC1/${name}`;
    const sink = this.#sinks.sink(path, 'iis');
    // Rows end in another order than they began; the fields, once more, stay so.
    const list = this.#lists.get(path) === 'more' ? 'more' : now;
    if (this.#lists.get(path) !== list) {
      this.#lists.set(path, list);
      sink.skip(iis.directives(endMs, list), 4);
      this.fieldLists.push({ path, server: server.name, fields: iis.FIELDS[list] });
    }
    return { sink, list };
  }
}

function listOf(server, endMs) {
  if (!IisLogs.hasId(server, endMs)) return 'plain';
  if (server.name === 'web-2') return 'user';
  if (server.name === 'web-3' && endMs >= EVENTS.moreFieldsFrom) return 'more';
  return 'usual';
}

/** http.sys's logs. */
class HttperrLogs {
  #sinks;

  constructor(sinks) {
    this.#sinks = sinks;
  }

  refused(server, timeMs, method, path) {
    const reason = path.length % 2 === 0 ? 'QueueFull' : 'AppOffline';
    this.#open(server).row(iis.httperrRow(timeMs, '10.0.9.21', server.ip, method, path, reason));
  }

  idle(server, timeMs) {
    this.#open(server).row(iis.idleRow(timeMs, '10.0.9.22', server.ip));
  }

  #open(server) {
    const sink = this.#sinks.sink(`${server.name}/HTTPERR/httperr1.log`, 'httperr');
    if (sink.lines === 0) sink.skip(iis.HTTPERR_HEAD, 4);
    return sink;
  }
}

/** The apps' logs: web-1 has an audit trail of its own, web-2 writes everything into one file. */
class AppLogs {
  #sinks;
  #trail = new app.Trail();
  #hasReloaded = false;
  #hasDrifted = false;

  constructor(sinks) {
    this.#sinks = sinks;
    this.#trailSink().skip(`${this.#trail.opening(START_MS, 'WEB-1')}\n`);
  }

  static policy(server, timeMs) {
    return server.name === 'web-1' && timeMs >= EVENTS.otherPolicyFrom ? app.POLICIES.second : app.POLICIES.first;
  }

  request(server, a) {
    this.#news(server, a.endMs);
    this.#sink(server).row(`${app.requestLine({ ...a, policy: AppLogs.policy(server, a.endMs) })}\n`);
  }

  audit(server, event, timeMs, a) {
    if (server.name === 'web-1') this.#trailSink().row(`${this.#trail.event(event, timeMs, a)}\n`);
    else this.#sink(server).row(`${app.auditLine(event, timeMs, a)}\n`);
  }

  /** The end of the trail, and half a line of an app that was ended. */
  finish(endMs) {
    this.#trailSink().skip(`${this.#trail.end(endMs)}\n`);
    this.#sink(SERVERS[1]).reject('truncated', '{"timestamp":"2026-03-04T23:59:59.998Z","level":"info","mess');
  }

  #news(server, timeMs) {
    if (server.name === 'web-1' && !this.#hasReloaded && timeMs >= EVENTS.otherPolicyFrom) {
      this.#hasReloaded = true;
      this.#sink(server).row(`${app.reloadedLine(timeMs)}\n`);
    }
    if (server.name === 'web-2' && !this.#hasDrifted && timeMs >= EVENTS.otherPolicyFrom) {
      this.#hasDrifted = true;
      this.#sink(server).row(`${app.driftLine(timeMs)}\n`);
    }
  }

  #sink(server) {
    return this.#sinks.sink(`${server.name}/app.jsonl`, 'app');
  }

  #trailSink() {
    return this.#sinks.sink('web-1/audit.20260302T000000000Z-4711-9f3ab2c1.0001.jsonl', 'audit');
  }
}

/** Lambda's logs, a file a function. */
class FunctionLogs {
  #sinks;
  #random;
  #calls = 0;

  constructor(sinks, random) {
    this.#sinks = sinks;
    this.#random = random;
  }

  /** An invocation that ended at that time; says whether its environment was new. */
  invoked(f) {
    const isCold = this.#calls++ % 40 === 0;
    const initMs = isCold ? 150 + this.#random.below(200) : 0;
    const more = { initMs, reportMs: f.durationTenths / 10 + 1 + this.#random.random(), memoryMb: 90 };
    writeInvocation(this.#sinks.sink('functions/render-invoice.log', 'function'), { ...f, ...more });
    return isCold;
  }

  authorizer(f) {
    const policy = f.endMs < EVENTS.otherPolicyFrom ? app.POLICIES.first : app.POLICIES.second;
    const more = { policy, initMs: 0, reportMs: 2 + this.#random.random() * 20, memoryMb: 75 };
    writeAuthorizer(this.#sinks.sink('functions/baton-authorizer.log', 'function'), { ...f, ...more });
  }
}

const isLogged = (server) => SERVERS.indexOf(server) < LOGGED;

module.exports = { AT_GATEWAY, AppLogs, FunctionLogs, GatewayLogs, HttperrLogs, IisLogs, isLogged };
