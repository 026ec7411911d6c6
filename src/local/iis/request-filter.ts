import type { RequestFiltering } from '../../iis/web-config';
import { decodePath } from './cooked-url';
import { iisFault, type HostingFault } from './hosting-fault';
import { headerValues, type ReceivedRequest } from './received-request';

/**
 * Request filtering: it runs at BeginRequest, before URL Rewrite and before iisnode adds its own headers, so a header
 * limit of 0 meets only what the client sent.
 *
 * @returns why the request is refused, or undefined
 * @see https://learn.microsoft.com/iis/configuration/system.webserver/security/requestfiltering/
 */
export function filterRequest(request: ReceivedRequest, filtering: RequestFiltering): HostingFault | undefined {
  return refuseHeaders(request, filtering) ?? refuseUrl(request, filtering) ?? refuseBody(request, filtering);
}

function refuseHeaders(request: ReceivedRequest, filtering: RequestFiltering): HostingFault | undefined {
  for (const [name, value] of request.headers) {
    const limit = filtering.headerLimits.get(name.toLowerCase());
    if (limit !== undefined && (limit === 0 || value.length > limit)) {
      return iisFault(431, 0, `The request header ${name} is denied or too long.`);
    }
  }
  return undefined;
}

function refuseUrl(request: ReceivedRequest, filtering: RequestFiltering): HostingFault | undefined {
  const rawPath = request.rawTarget.split('?')[0] ?? '';
  const decoded = decodePath(rawPath);
  if (!filtering.allowDoubleEscaping && /%[0-9a-f]{2}/i.test(decoded ?? '')) {
    return iisFault(404, 11, 'The URL is escaped twice.');
  }
  const hidden = new Set(filtering.hiddenSegments.map((segment) => segment.toLowerCase()));
  if (request.path.split('/').some((segment) => hidden.has(segment.toLowerCase()))) {
    return iisFault(404, 8, 'The URL has a hidden segment.');
  }
  if (request.path.length > filtering.maxUrlLength) return iisFault(404, 14, 'The URL is too long.');
  if (request.query.length > filtering.maxQueryStringLength) return iisFault(404, 15, 'The query is too long.');
  return undefined;
}

function refuseBody(request: ReceivedRequest, filtering: RequestFiltering): HostingFault | undefined {
  const length = Number(headerValues(request.headers, 'Content-Length')[0] ?? 0);
  return length > filtering.maxAllowedContentLengthBytes ? bodyTooLarge() : undefined;
}

/** The refusal of a body beyond maxAllowedContentLength; a chunked body turns out too large only on the way. */
export function bodyTooLarge(): HostingFault {
  return iisFault(413, 1, 'The request body is too large.');
}
