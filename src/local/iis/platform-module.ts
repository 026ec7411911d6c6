import { headerValues, type Header, type ReceivedRequest } from './received-request';

/** A module of IIS that starts a program and sends it requests over loopback TCP. */
export type PlatformModule = 'httpPlatform1' | 'httpPlatform2' | 'ancm';

/** How a module serves one app. */
export interface ModuleSite {
  readonly module: PlatformModule;
  readonly port: number;
  /** A GUID; HttpPlatformHandler 1.2 has none. */
  readonly token: string;
  /** The app's virtual path. Default: the site's root. */
  readonly applicationPath?: string;
}

/**
 * The environment that a module gives the program, besides what it inherits.
 *
 * @see https://github.com/lextudio/httpplatformhandlerv2
 * @see https://github.com/aspnet/IISIntegration
 */
export function moduleEnvironment({ module, port, token, applicationPath = '/' }: ModuleSite): Record<string, string> {
  switch (module) {
    case 'httpPlatform1':
      return { HTTP_PLATFORM_PORT: String(port) };
    case 'httpPlatform2':
      return {
        HTTP_PLATFORM_PORT: String(port),
        HTTP_PLATFORM_TOKEN: token,
        HTTP_PLATFORM_APPL_PATH: applicationPath,
      };
    case 'ancm':
      return { ASPNETCORE_PORT: String(port), ASPNETCORE_TOKEN: token, ASPNETCORE_APPL_PATH: applicationPath };
  }
}

/**
 * The headers of a request as the module forwards it: address with port and protocol appended, its own token set, what
 * clients sent under the names of ASP.NET Core's headers taken out.
 *
 * HttpPlatformHandler 2 and the ASP.NET Core Module are one code; of 1.2, which is closed, it is seen in a report of 2016
 * that it appends the address with its port. That it takes nothing out is assumed, because it is the worse case.
 *
 * @see https://github.com/aspnet/IISIntegration/issues/17
 */
export function moduleHeaders(request: ReceivedRequest, { module, token }: ModuleSite): Header[] {
  const strips = module !== 'httpPlatform1';
  const headers = request.headers.filter(([name]) => !strips || !/^MS-ASPNETCORE/i.test(name));
  const forwarded = ([name]: Header): boolean => /^(?:connection|x-forwarded-for|x-forwarded-proto)$/i.test(name);
  const { clientAddress, clientPort, secure, windowsUser } = request;
  const address = clientAddress.includes(':') ? `[${clientAddress}]` : clientAddress;
  return [
    ...headers.filter((header) => !forwarded(header) && !(windowsUser !== undefined && isHandle(header))),
    ['Connection', 'keep-alive'],
    appended(request, 'X-Forwarded-For', `${address}:${clientPort}`),
    appended(request, 'X-Forwarded-Proto', secure === true ? 'https' : 'http'),
    ...(strips ? [['MS-ASPNETCORE-TOKEN', token] as const] : []),
    // A handle of the worker process's, which the program has to close.
    ...(windowsUser === undefined ? [] : [[HANDLES[module], '4F8'] as const]),
  ];
}

const HANDLES: Readonly<Record<PlatformModule, string>> = {
  httpPlatform1: 'X-IIS-WindowsAuthToken',
  httpPlatform2: 'X-IIS-WindowsAuthToken',
  ancm: 'MS-ASPNETCORE-WINAUTHTOKEN',
};

/** Replaced where somebody signed in, and otherwise left as the client sent it. */
const isHandle = ([name]: Header): boolean => name.toLowerCase() === 'x-iis-windowsauthtoken';

function appended({ headers }: ReceivedRequest, name: string, value: string): Header {
  return [name, [...headerValues(headers, name), value].join(', ')];
}

/** The message by which a module asks the program to end; it expects 202. 1.2 sends none. */
export function shutdownRequest({ token, applicationPath = '/' }: ModuleSite): { path: string; headers: Header[] } {
  return {
    path: `${applicationPath.replace(/\/$/, '')}/iisintegration`,
    headers: [
      ['Host', '127.0.0.1'],
      ['MS-ASPNETCORE-EVENT', 'shutdown'],
      ['MS-ASPNETCORE-TOKEN', token],
      ['Content-Length', '0'],
    ],
  };
}
