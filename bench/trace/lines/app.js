'use strict';
const { hash } = require('node:crypto');

const POLICIES = {
  first: 'sha256-pfMAqqyp9MG1SZ8pHXZ-ZRTKP0KAgMkxVJNh38rIhd0',
  second: 'sha256-Qm1tZ2k0bXlwb2xpY3lkaWdlc3RuaW5lMTIzNDU2Nzg',
};

const iso = (timeMs) => new Date(timeMs).toISOString();
const tenths = (value) => String(value / 10);

/** What a line of a request begins with. */
const head = (timeMs, level, message, a) =>
  `{"timestamp":"${iso(timeMs)}","level":"${level}","message":"${message}","correlationId":"${a.correlationId}"` +
  (a.traceId === undefined ? '' : `,"traceId":"${a.traceId}"`) +
  (a.subject === undefined ? '' : `,"subject":"${a.subject}"`);

/** The line `request`; `a.durationTenths` in tenths of a millisecond. */
const requestLine = (a) =>
  `${head(a.endMs, 'info', 'request', a)},"type":"request","method":"${a.method}","path":"${a.path}",` +
  `"status":${a.status},"durationMs":${tenths(a.durationTenths)}` +
  (a.subject === undefined ? '' : `,"roles":["clerk"],"transactionId":"${a.transactionId}"`) +
  `,"policy":"${a.policy}"}`;

/** What an audit event says, without what is in front of it. */
const EVENTS = {
  access: (a) =>
    a.subject === undefined
      ? `"event":"access","outcome":"${a.isPublic ? 'allowed' : 'denied'}",` +
        `"reason":"${a.isPublic ? 'public' : 'identity_missing'}","rule":"/routes/0","method":"${a.method}","path":"${a.path}"`
      : `"event":"access","outcome":"allowed","reason":"granted","rule":"/routes/2","required":"invoice:read",` +
        `"grantedBy":"clerk","transactionId":"${a.transactionId}","method":"${a.method}","path":"${a.path}"`,
  authenticate: (a) => `"event":"authenticate","outcome":"denied","code":"${a.code}","reason":"${a.reason}"`,
  handOver: (a) =>
    `"event":"hand_over","function":"${a.function}","required":"invoice:render","outcome":"allowed",` +
    `"reason":"granted","rule":"/roles/clerk","transactionId":"${a.transactionId}"`,
  start: (a) =>
    `"event":"hand_over","workflow":"${a.workflow}","execution":"${a.execution}","required":"invoice:approve",` +
    `"outcome":"allowed","reason":"granted","rule":"/roles/clerk","transactionId":"${a.transactionId}"`,
};
const NAMES = { access: 'access', authenticate: 'authenticate', handOver: 'hand_over', start: 'hand_over' };

/** An audit event as a line of the log. */
function auditLine(event, timeMs, a) {
  const said = EVENTS[event](a);
  const denied = said.includes('"outcome":"denied"');
  const message = `${NAMES[event]} ${denied ? 'denied' : 'allowed'}`;
  return `${head(timeMs, denied ? 'warn' : 'info', message, a)},"type":"audit",${said}}`;
}

/** The lines of an audit trail: the same events in a chain of hashes. */
class Trail {
  #previous = 'A'.repeat(43);
  #seq = 0;

  #seal(timeMs, members) {
    const open = `{"seq":${this.#seq++},"timestamp":"${iso(timeMs)}","prev":"${this.#previous}",${members}`;
    this.#previous = hash('sha256', `${open}}`, 'base64url');
    return `${open},"hash":"${this.#previous}"}`;
  }

  opening(timeMs, host) {
    const chain = '"chain":"9f3ab2c1-0000-4000-8000-000000000001","part":1';
    return this.#seal(timeMs, `"type":"audit_chain","version":1,${chain},"host":"${host}","pid":4711,"follows":[]`);
  }

  event(event, timeMs, a) {
    const who =
      `,"correlationId":"${a.correlationId}"` +
      (a.traceId === undefined ? '' : `,"traceId":"${a.traceId}"`) +
      (a.subject === undefined ? '' : `,"subject":"${a.subject}"`);
    return this.#seal(timeMs, `"type":"audit",${EVENTS[event](a)}${who}`);
  }

  end(timeMs) {
    return this.#seal(timeMs, '"type":"audit_end"');
  }
}

const reloadedLine = (timeMs) =>
  `{"timestamp":"${iso(timeMs)}","level":"info","message":"The policy was reloaded","type":"policy_reloaded",` +
  `"policy":"${POLICIES.second}","previousPolicy":"${POLICIES.first}"}`;

const driftLine = (timeMs) =>
  `{"timestamp":"${iso(timeMs)}","level":"warn","message":"The authorizer gave roles by another policy file",` +
  `"type":"policy_drift","policy":"${POLICIES.first}","gatewayPolicy":"${POLICIES.second}"}`;

module.exports = { POLICIES, Trail, auditLine, driftLine, head, iso, reloadedLine, requestLine, tenths };
