import type { IncomingMessage } from 'node:http';
import { cookUrl } from './cooked-url';

/** A header as it was sent: name and value. */
export type Header = readonly [name: string, value: string];

/** A request as IIS has it, before anything was done to it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly httpVersion: string;
  /** The request target as it was sent. */
  readonly rawTarget: string;
  /** The path, decoded and canonical. */
  readonly path: string;
  /** As it was sent, without question mark. */
  readonly query: string;
  /** In the order and the spelling of the client. */
  readonly headers: readonly Header[];
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  /** Whether the client came by TLS. Default: no, as to the site on this machine. */
  readonly secure?: boolean;
  /** Whom Windows authentication signed in. Default: nobody, as under Anonymous authentication. */
  readonly windowsUser?: string;
}

/** @returns undefined where http.sys refuses the URL */
export function receive(message: IncomingMessage): ReceivedRequest | undefined {
  const rawTarget = message.url ?? '/';
  const cooked = cookUrl(rawTarget);
  if (cooked === undefined) return undefined;
  const { rawHeaders, socket } = message;
  const headers = rawHeaders.flatMap((name, index): Header[] =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : [],
  );
  return {
    method: message.method ?? 'GET',
    httpVersion: message.httpVersion,
    rawTarget,
    ...cooked,
    headers,
    clientAddress: socket.remoteAddress ?? '127.0.0.1',
    clientPort: socket.remotePort ?? 0,
    serverAddress: socket.localAddress ?? '127.0.0.1',
    serverPort: socket.localPort ?? 0,
  };
}

/** The values of all headers of that name, in order. */
export function headerValues(headers: readonly Header[], name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() === wanted).map(([, value]) => value);
}
