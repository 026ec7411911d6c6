import { IISNODE_FAULTS, type HostingFault } from './hosting-fault';
import type { PipeConnection } from './pipe-connection';
import { headerValues, type Header } from './received-request';

/** The head of the app's response. */
export interface ResponseHead {
  readonly status: number;
  /** iisnode reads `403.7` as a status with a substatus; Node has no way to write one. */
  readonly substatus: number;
  readonly reason: string;
  /** As the app sent them, repeated ones repeated. */
  readonly headers: readonly Header[];
}

/**
 * Reads one response from the pipe the way iisnode does: any 1xx is final, trailers are not understood, and a body
 * without length is taken for chunked. What it leaves in the pipe meets the next request.
 */
export class ResponseReader {
  readonly #connection: PipeConnection;
  readonly #maxHeadBytes: number;
  readonly #method: string;

  constructor(connection: PipeConnection, method: string, maxHeadBytes: number) {
    this.#connection = connection;
    this.#method = method;
    this.#maxHeadBytes = maxHeadBytes;
  }

  /** @throws HostingFault 500.1013 where the pipe ends or holds no status line, 500.1014 for headers that are too long */
  async readHead(): Promise<ResponseHead> {
    const block = await this.#readHeadBlock();
    const [statusLine = '', ...lines] = block.split('\r\n');
    const match = /^HTTP\/\d\.\d (\d{3})(?:\.(\d+))?(?: (.*))?$/.exec(statusLine);
    if (match === null) throw IISNODE_FAULTS.responseStart();
    const headers = lines.map((line): Header => {
      const colon = line.indexOf(':');
      if (colon < 1) throw IISNODE_FAULTS.responseHeaders();
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    return { status: Number(match[1]), substatus: Number(match[2] ?? 0), reason: match[3] ?? '', headers };
  }

  /** The body, chunk by chunk and without framing. @throws HostingFault 500.1015 where it breaks off */
  async *readBody(head: ResponseHead): AsyncGenerator<Buffer, void> {
    const bodiless = this.#method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304;
    if (bodiless) return;
    const length = headerValues(head.headers, 'Content-Length')[0];
    if (length !== undefined) yield* this.#readBytes(Number(length));
    else yield* this.#readChunked();
  }

  async #readHeadBlock(): Promise<string> {
    let bytes: Buffer = Buffer.alloc(0);
    for (;;) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end !== -1) {
        this.#connection.unread(bytes.subarray(end + 4));
        return bytes.toString('latin1', 0, end);
      }
      if (bytes.length > this.#maxHeadBytes) throw IISNODE_FAULTS.responseHeaders();
      bytes = Buffer.concat([bytes, await this.#readOr(IISNODE_FAULTS.responseStart)]);
    }
  }

  async *#readBytes(length: number): AsyncGenerator<Buffer, void> {
    for (let left = length; left > 0;) {
      const bytes = await this.#readOr(IISNODE_FAULTS.responseBody);
      this.#connection.unread(bytes.subarray(left));
      const part = bytes.subarray(0, left);
      left -= part.length;
      yield part;
    }
  }

  async *#readChunked(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const size = await this.#readLine();
      if (!/^[0-9a-f]+(?:;.*)?$/i.test(size)) throw IISNODE_FAULTS.responseBody();
      const length = Number.parseInt(size, 16);
      if (length === 0) break;
      yield* this.#readBytes(length);
      if ((await this.#readLine()) !== '') throw IISNODE_FAULTS.responseBody();
    }
    const afterLast = await this.#readLine();
    // Trailers: iisnode takes them for nothing of this response, so they stay in the pipe.
    if (afterLast !== '') this.#connection.unread(Buffer.from(`${afterLast}\r\n`, 'latin1'));
  }

  async #readLine(): Promise<string> {
    let bytes: Buffer = Buffer.alloc(0);
    for (;;) {
      const end = bytes.indexOf('\r\n');
      if (end !== -1) {
        this.#connection.unread(bytes.subarray(end + 2));
        return bytes.toString('latin1', 0, end);
      }
      if (bytes.length > this.#maxHeadBytes) throw IISNODE_FAULTS.responseBody();
      bytes = Buffer.concat([bytes, await this.#readOr(IISNODE_FAULTS.responseBody)]);
    }
  }

  async #readOr(fault: () => HostingFault): Promise<Buffer> {
    const bytes = await this.#connection.read();
    if (bytes === undefined) throw fault();
    return bytes;
  }
}
