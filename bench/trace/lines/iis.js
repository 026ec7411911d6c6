'use strict';

const FIELDS = {
  plain:
    'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status ' +
    'sc-substatus sc-win32-status time-taken',
};
FIELDS.usual = `${FIELDS.plain} cs-correlation-id sc-correlation-id`;
FIELDS.user = `${FIELDS.usual} sc-user-hash`;
/** Where IIS puts version, host and sizes: in between, not at the end. */
FIELDS.more =
  'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Referer) ' +
  'cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken cs-correlation-id sc-correlation-id';

const second = { at: -1, text: '' };

/** Date and time, whole seconds. Most rows share theirs with the one before. */
function w3cTime(timeMs) {
  const at = Math.floor(timeMs / 1000);
  if (at !== second.at) {
    const iso = new Date(at * 1000).toISOString();
    second.at = at;
    second.text = `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
  }
  return second.text;
}

const directives = (timeMs, list) =>
  '#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n' +
  `#Date: ${w3cTime(timeMs)}\r\n#Fields: ${FIELDS[list]}\r\n`;

const head = (x) => `${w3cTime(x.endMs)} ${x.serverIp} ${x.method} ${x.path} ${x.query} 443 - ${x.clientIp}`;
const states = (x) => `${x.status} ${x.substatus} ${x.win32}`;

/** A row of a request, by the list of fields that is in force. */
const ROWS = {
  plain: (x) => `${head(x)} ${x.userAgent} - ${states(x)} ${x.timeTakenMs}\r\n`,
  usual: (x) => `${head(x)} ${x.userAgent} - ${states(x)} ${x.timeTakenMs} ${x.sentId} ${x.answeredId}\r\n`,
  user: (x) =>
    `${head(x)} ${x.userAgent} - ${states(x)} ${x.timeTakenMs} ${x.sentId} ${x.answeredId} ${x.userHash}\r\n`,
  more: (x) =>
    `${head(x)} HTTP/1.1 ${x.userAgent} - invoices.example.internal ${states(x)} ${x.bytes} 412 ${x.timeTakenMs} ` +
    `${x.sentId} ${x.answeredId}\r\n`,
};

const HTTPERR_HEAD =
  '#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: 2026-03-02 00:00:00\r\n#Fields: date time c-ip c-port ' +
  's-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n';

/** http.sys refused a request before IIS saw it. */
const httperrRow = (timeMs, clientIp, serverIp, method, path, reason) =>
  `${w3cTime(timeMs)} ${clientIp} 51234 ${serverIp} 443 HTTP/1.1 ${method} ${path} 503 1 ${reason} InvoicesPool\r\n`;

/** A connection that nobody used any more; no request at all. */
const idleRow = (timeMs, clientIp, serverIp) =>
  `${w3cTime(timeMs)} ${clientIp} 51234 ${serverIp} 443 - - - - - Timer_ConnectionIdle -\r\n`;

module.exports = { FIELDS, HTTPERR_HEAD, ROWS, directives, httperrRow, idleRow, w3cTime };
