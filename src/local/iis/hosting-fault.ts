/**
 * Why IIS or iisnode answered a request itself. It holds what the log shows: status, substatus and win32 status.
 *
 * Not a BatonError: it is part of what is emulated, and nobody but the site sees it.
 */
export class HostingFault extends Error {
  override readonly name = 'HostingFault';

  constructor(
    /** Which part of the server answered. Only iisnode's own faults can become a page for developers. */
    readonly origin: 'iis' | 'iisnode',
    readonly status: number,
    readonly substatus: number,
    /** A Windows error code; 0 for none. */
    readonly win32Status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The client went away while its request was handled; the log shows win32 status 64. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

const ERROR_FILE_NOT_FOUND = 2;
const ERROR_BROKEN_PIPE = 109;
const ERROR_INSUFFICIENT_BUFFER = 122;
const ERROR_PROCESS_ABORTED = 1067;
const ERROR_NOT_ENOUGH_QUOTA = 1816;

/** The faults of iisnode that can happen here, by name; the substatus numbers are iisnode's. */
export const IISNODE_FAULTS = {
  pipeConnect: (): HostingFault =>
    new HostingFault('iisnode', 500, 1001, ERROR_FILE_NOT_FOUND, 'The app does not listen on its pipe.'),
  nodeExited: (): HostingFault =>
    new HostingFault('iisnode', 500, 1002, ERROR_PROCESS_ABORTED, 'The node process ended before it listened.'),
  requestTooLarge: (): HostingFault =>
    new HostingFault(
      'iisnode',
      500,
      1005,
      ERROR_INSUFFICIENT_BUFFER,
      'The request headers exceed maxRequestBufferSize.',
    ),
  sendHead: (): HostingFault =>
    new HostingFault('iisnode', 500, 1006, ERROR_BROKEN_PIPE, 'The request headers could not be written to the pipe.'),
  sendBody: (): HostingFault =>
    new HostingFault('iisnode', 500, 1010, ERROR_BROKEN_PIPE, 'The request body could not be written to the pipe.'),
  responseStart: (): HostingFault =>
    new HostingFault('iisnode', 500, 1013, ERROR_BROKEN_PIPE, 'The pipe ended, or held no status line.'),
  responseHeaders: (): HostingFault =>
    new HostingFault('iisnode', 500, 1014, ERROR_INSUFFICIENT_BUFFER, 'The response headers could not be read.'),
  responseBody: (): HostingFault =>
    new HostingFault('iisnode', 500, 1015, ERROR_BROKEN_PIPE, 'The response body could not be read.'),
  processBusy: (): HostingFault =>
    new HostingFault('iisnode', 503, 1002, ERROR_NOT_ENOUGH_QUOTA, 'Every node process is at its request limit.'),
} as const;

/** A refusal by request filtering or another module of IIS itself. */
export function iisFault(status: number, substatus: number, message: string, win32Status = 0): HostingFault {
  return new HostingFault('iis', status, substatus, win32Status, message);
}
