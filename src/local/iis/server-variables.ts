import { headerValues, type Header, type ReceivedRequest } from './received-request';

/**
 * A server variable of IIS.
 *
 * Without a sign-in the user variables exist and are empty, as under Anonymous authentication. `ALL_HTTP` and `ALL_RAW` hold
 * line breaks; promoting them splits iisnode's request, which is not worth emulating.
 *
 * @returns undefined for a variable that is not available
 * @see https://learn.microsoft.com/previous-versions/iis/6.0-sdk/ms524602(v=vs.90)
 */
export function serverVariable(name: string, request: ReceivedRequest, handlerPath: string): string | undefined {
  switch (name.toUpperCase()) {
    case 'AUTH_TYPE':
      return request.windowsUser === undefined ? '' : 'Negotiate';
    case 'AUTH_USER':
    case 'LOGON_USER':
    case 'REMOTE_USER':
      return request.windowsUser ?? '';
    case 'REMOTE_ADDR':
    case 'REMOTE_HOST':
      return request.clientAddress;
    case 'REMOTE_PORT':
      return String(request.clientPort);
    case 'LOCAL_ADDR':
      return request.serverAddress;
    case 'SERVER_PORT':
      return String(request.serverPort);
    case 'SERVER_NAME':
      return (headerValues(request.headers, 'Host')[0] ?? request.serverAddress).replace(/:\d+$/, '');
    case 'SERVER_PORT_SECURE':
      return request.secure === true ? '1' : '0';
    case 'HTTPS':
      return request.secure === true ? 'on' : 'off';
    case 'SERVER_PROTOCOL':
      return `HTTP/${request.httpVersion}`;
    case 'REQUEST_METHOD':
      return request.method;
    case 'QUERY_STRING':
      return request.query;
    case 'UNENCODED_URL':
      return request.rawTarget;
    case 'URL':
    case 'SCRIPT_NAME':
      return handlerPath;
    case 'INSTANCE_ID':
      return '1';
    default:
      return headerVariable(name, request.headers);
  }
}

/** `HTTP_X_FOO` asks for the header `X-Foo`: underscores are read as dashes, so a header with underscores is not found. */
function headerVariable(name: string, headers: readonly Header[]): string | undefined {
  const match = /^HTTP_(.+)$/i.exec(name);
  if (match?.[1] === undefined) return undefined;
  const values = headerValues(headers, match[1].replaceAll('_', '-'));
  return values.length === 0 ? undefined : values.join(', ');
}
