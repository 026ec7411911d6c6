'use strict';
/*
 * Lines of API Gateway's access log, written by hand and not by Baton's code: what reads them is what is measured.
 * Every value is text, and `-` where there is none.
 */

/** The format that the stage had before: no extendedRequestId, no lengths, nothing of an authorizer. */
const shortLine = (r) =>
  `{"requestId":"${r.id}","requestTimeEpoch":"${r.timeMs}","httpMethod":"${r.route.method}","path":"${r.path}",` +
  `"routeKey":"${r.route.key}","stage":"$default","status":"${r.status}","responseLatency":"${r.latencyMs}",` +
  `"integrationStatus":"${r.integrationStatus}","integrationLatency":"${r.integrationMs}",` +
  `"integrationError":"${r.integrationError}","errorResponseType":"${r.errorType}","sourceIp":"${r.sourceIp}"}`;

/** Baton's format for HTTP APIs. */
const httpLine = (r) =>
  `{"requestId":"${r.id}","extendedRequestId":"${r.id}","requestTimeEpoch":"${r.timeMs}","sourceIp":"${r.sourceIp}",` +
  `"httpMethod":"${r.route.method}","path":"${r.path}","stage":"$default","status":"${r.status}",` +
  `"responseLatency":"${r.latencyMs}","responseLength":"${r.bytes}","integrationStatus":"${r.integrationStatus}",` +
  `"integrationLatency":"${r.integrationMs}","integrationError":"${r.integrationError}","authorizerPrincipalId":"-",` +
  `"authorizerError":"${r.authorizerError}","errorResponseType":"${r.errorType}","routeKey":"${r.route.key}"}`;

/** Baton's format for REST APIs. */
const restLine = (r) =>
  `{"requestId":"${r.restId}","extendedRequestId":"${r.id}","requestTimeEpoch":"${r.timeMs}","sourceIp":"${r.sourceIp}",` +
  `"httpMethod":"${r.route.method}","path":"/prod${r.path}","stage":"prod","status":"${r.status}",` +
  `"responseLatency":"${r.latencyMs}","responseLength":"${r.bytes}","integrationStatus":"${r.integrationStatus}",` +
  `"integrationLatency":"${r.integrationMs}","integrationError":"${r.integrationError}",` +
  `"authorizerPrincipalId":"${r.principal}","authorizerError":"${r.authorizerError}",` +
  `"errorResponseType":"${r.errorType}","resourcePath":"${r.route.template}",` +
  `"authorizerLatency":"${r.authorizerMs}","xrayTraceId":"1-${r.traceId.slice(0, 8)}-${r.traceId.slice(8)}"}`;

/** As a format without quotes around numbers writes it: what is missing makes it no JSON, and can be read all the same. */
const unquoted = (line) => line.replace(/"(status|\w+Latency|responseLength|integrationStatus)":"(\d+|-)"/g, '"$1":$2');

/** What is no JSON any more, and in which way. */
const BROKEN = [
  (line) => line.slice(0, Math.floor(line.length * 0.7)),
  (line) => line.replace('"stage":"', '"stage":"quo"te '),
  (line) => line.slice(40),
];

module.exports = { BROKEN, httpLine, restLine, shortLine, unquoted };
