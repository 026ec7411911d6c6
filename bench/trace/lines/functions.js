'use strict';
const { head, tenths } = require('./app');

const reportLine = (f) =>
  `REPORT RequestId: ${f.requestId}\tDuration: ${f.reportMs.toFixed(2)} ms\tBilled Duration: ${Math.ceil(f.reportMs)} ms\t` +
  `Memory Size: 512 MB\tMax Memory Used: ${f.memoryMb} MB\t` +
  (f.initMs > 0 ? `Init Duration: ${f.initMs.toFixed(2)} ms\t` : '') +
  `XRAY TraceId: 1-${f.traceId.slice(0, 8)}-${f.traceId.slice(8)}`;

/** One invocation of a function of Baton's: what it wrote itself, in Lambda's lines around it. */
function writeInvocation(sink, f) {
  sink.skip(`START RequestId: ${f.requestId} Version: 7\n`);
  sink.row(
    `${head(f.startMs, 'info', 'function allowed', f)},"type":"audit","event":"function","function":"${f.function}",` +
      `"required":"invoice:render","outcome":"allowed","reason":"granted","rule":"/roles/clerk",` +
      `"transactionId":"${f.transactionId}"}\n`,
  );
  sink.row(
    `${head(f.endMs, 'info', 'function', f)},"type":"function","function":"${f.function}","source":"call",` +
      `"requestId":"${f.requestId}",${f.initMs > 0 ? '"coldStart":true,' : ''}"outcome":"succeeded",` +
      `"durationMs":${tenths(f.durationTenths)}}\n`,
  );
  sink.skip(`END RequestId: ${f.requestId}\n`);
  sink.row(`${reportLine(f)}\n`);
}

/** One call of the authorizer. */
function writeAuthorizer(sink, f) {
  const outcome = f.code === undefined ? 'allowed' : 'denied';
  sink.skip(`START RequestId: ${f.requestId} Version: 3\n`);
  sink.row(
    `${head(f.endMs, f.code === undefined ? 'info' : 'warn', `authenticate ${outcome}`, f)},"type":"audit",` +
      `"event":"authenticate","outcome":"${outcome}",` +
      (f.code === undefined ? '"minted":"txntoken+jwt",' : `"code":"${f.code}","reason":"${f.reason}",`) +
      `"policy":"${f.policy}"}\n`,
  );
  sink.skip(`END RequestId: ${f.requestId}\n`);
  sink.row(`${reportLine(f)}\n`);
}

module.exports = { writeAuthorizer, writeInvocation };
