import { headerValues, type Header, type ReceivedRequest } from './received-request';
import { serverVariable } from './server-variables';
import { withQuery, type RoutedUrl } from './url-rewrite';

/** Headers that http.sys keeps in slots of their own, in the order of its enumeration and in its spelling. */
const KNOWN_HEADERS: readonly string[] = [
  ...['Cache-Control', 'Connection', 'Date', 'Keep-Alive', 'Pragma', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Via'],
  ...['Warning', 'Allow', 'Content-Length', 'Content-Type', 'Content-Encoding', 'Content-Language', 'Content-Location'],
  ...['Content-MD5', 'Content-Range', 'Expires', 'Last-Modified', 'Accept', 'Accept-Charset', 'Accept-Encoding'],
  ...['Accept-Language', 'Authorization', 'Cookie', 'Expect', 'From', 'Host', 'If-Match', 'If-Modified-Since'],
  ...['If-None-Match', 'If-Range', 'If-Unmodified-Since', 'Max-Forwards', 'Proxy-Authorization', 'Referer', 'Range'],
  ...['Te', 'Translate', 'User-Agent'],
];
const KNOWN_NAMES: ReadonlySet<string> = new Set(KNOWN_HEADERS.map((name) => name.toLowerCase()));

/** The settings of iisnode that shape a request. */
export interface SerialiserSettings {
  readonly enableXFF: boolean;
  readonly promoteServerVars: string;
}

/**
 * The header block of a request as iisnode writes it to the pipe: request line, known headers in http.sys's order, the
 * client's other headers as sent, forwarding headers, and promoted server variables last and in reverse.
 *
 * A client's own `X-iisnode-…` headers stay where they are: an app that reads the first one reads the client's.
 */
export function serialiseHead(request: ReceivedRequest, routed: RoutedUrl, settings: SerialiserSettings): Buffer {
  const headers: Header[] = [
    ...knownHeaders(request.headers),
    ...otherHeaders(request, routed.originalUrl, settings.enableXFF),
    ...promotedVariables(request, routed.path, settings.promoteServerVars),
  ];
  const target = headerValues(headers, 'X-Original-URL')[0] ?? withQuery(routed.path, request.query);
  const lines = [
    `${request.method} ${target} HTTP/${request.httpVersion}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(toAnsi(`${lines.join('\r\n')}\r\n\r\n`), 'latin1');
}

/** Each in one slot: repeated ones were joined by http.sys. iisnode keeps its pipes and handles `Expect` itself. */
function knownHeaders(received: readonly Header[]): Header[] {
  return KNOWN_HEADERS.flatMap((name): Header[] => {
    const value = headerValues(received, name).join(name === 'Cookie' ? '; ' : ', ');
    if (name === 'Connection') return [[name, value.toLowerCase() === 'upgrade' ? value : 'keep-alive']];
    if (name === 'Expect' && value.toLowerCase() === '100-continue') return [];
    return value === '' ? [] : [[name, value]];
  });
}

function otherHeaders(request: ReceivedRequest, originalUrl: string | undefined, enableXFF: boolean): Header[] {
  const headers = request.headers.filter(([name]) => !KNOWN_NAMES.has(name.toLowerCase()));
  if (originalUrl !== undefined) setHeader(headers, 'X-Original-URL', originalUrl);
  if (enableXFF) addForwardingHeaders(headers, request);
  return headers;
}

/** URL Rewrite replaces a client's copy, in its place; otherwise the header comes last. */
function setHeader(headers: Header[], name: string, value: string): void {
  const index = headers.findIndex(([candidate]) => candidate.toLowerCase() === name.toLowerCase());
  if (index === -1) headers.push([name, value]);
  else headers[index] = [name, value];
}

/**
 * iisnode appends the client's address to the first `X-Forwarded-For` unless the text already ends with it. It compares
 * text, not addresses: a client at 1.1.1.1 that sends `21.1.1.1` is not appended. A client's `X-Forwarded-Proto` stays.
 */
function addForwardingHeaders(headers: Header[], { clientAddress, secure }: ReceivedRequest): void {
  const index = headers.findIndex(([name]) => name.toLowerCase() === 'x-forwarded-for');
  const existing = headers[index];
  if (existing === undefined) headers.push(['X-Forwarded-For', clientAddress]);
  else if (!existing[1].endsWith(clientAddress)) headers[index] = [existing[0], `${existing[1]}, ${clientAddress}`];
  if (headerValues(headers, 'X-Forwarded-Proto').length > 0) return;
  headers.push(['X-Forwarded-Proto', secure === true ? 'https' : 'http']);
}

/** The list is split at commas and not trimmed: ` AUTH_TYPE` after a blank is the name of no variable. */
function promotedVariables(request: ReceivedRequest, handlerPath: string, promoteServerVars: string): Header[] {
  const names = promoteServerVars.split(',').filter((name) => name !== '');
  return names.reverse().flatMap((name): Header[] => {
    const value = serverVariable(name, request, handlerPath);
    return value === undefined ? [] : [[`X-iisnode-${name}`, value]];
  });
}

/** Conversion to the ANSI code page: what it does not have becomes a question mark. */
function toAnsi(text: string): string {
  return text.replace(/[^\u0000-\u00ff]/gu, '?');
}
