'use strict';

const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');

const SAMPLE = 50;

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The lines of a log that are JSON. A process that was ended may have left half a one. */
function jsonLines(file) {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}

/** Of the sampled requests those whose correlation ID some log of their way lacks: `[id, log]`. */
function withoutTrace(sample, { relay, files, windows }) {
  // A line that waited for the disk while it was full, or for the process to live, may be gone: that is not asked here.
  const asked = sample
    .filter(({ sentAt, answeredAt }) => {
      const kinds = ['app killed', 'log disk full', 'audit disk full', 'function ended'];
      return !windows.touched(sentAt - 2000, answeredAt + 2000, { kinds });
    })
    .slice(-SAMPLE);
  const idsIn = (file, pick) => new Set(jsonLines(file).flatMap(pick));
  const audits = readdirSync(path.dirname(files.audit)).map((name) => path.join(path.dirname(files.audit), name));
  const iisLog = readFileSync(relay.iis.w3cLogFile(), 'utf8');
  const iis = new Set(iisLog.split(/\s+/));
  const logs = {
    'gateway http': idsIn(relay.gateways.http.accessLogFile, ({ requestId }) => [requestId]),
    'gateway rest': idsIn(relay.gateways.rest.accessLogFile, ({ extendedRequestId }) => [extendedRequestId]),
    IIS: iis,
    app: idsIn(relay.appLogFile, ({ type, correlationId }) => (type === 'request' ? [correlationId] : [])),
    audit: new Set(audits.flatMap((file) => jsonLines(file).map(({ correlationId }) => correlationId))),
    function: idsIn(relay.lambda.logFile('render-invoice'), ({ type, correlationId }) =>
      type === 'function' ? [correlationId] : [],
    ),
  };
  const missing = asked.flatMap(({ action, via, id }) =>
    [`gateway ${via}`, 'IIS', 'app', 'audit', ...(action === 'render' ? ['function'] : [])]
      .filter((name) => !logs[name].has(id))
      .map((name) => [id, name]),
  );
  return { asked: asked.length, missing };
}

/** The logs in which a token stands, whole or by its signature. */
function logsWithTokens(folders, signatures) {
  const isOne = new RegExp([...signatures].map((one) => one.replaceAll('-', '\\-')).join('|'));
  return folders.flatMap(filesBelow).filter((file) => {
    const text = readFileSync(file, 'utf8');
    return /eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}/.test(text.replace(/"jws":"[^"]+"/g, '')) || isOne.test(text);
  });
}

module.exports = { jsonLines, logsWithTokens, withoutTrace };
