import type { Socket } from 'node:net';

/**
 * One connection to the app's pipe, read only when somebody asks.
 *
 * iisnode has no read pending on an idle pipe, so it does not notice that node closed it until it writes or reads. A
 * socket that flows would notice at once and hide the keep-alive race; this one is paused between reads.
 */
export class PipeConnection {
  readonly #socket: Socket;
  #unread: Buffer[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.pause();
    socket.on('data', (chunk: Buffer) => {
      socket.pause();
      this.#unread.push(chunk);
      this.#wake?.();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    // A reset is an end too: what was lost is found out by whoever reads.
    socket.on('end', end).on('error', end).on('close', end);
  }

  /** Resolves when the bytes are in the pipe; rejects where the pipe is broken. */
  async send(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The next bytes from node; undefined at the end of the pipe. One reader at a time. */
  async read(): Promise<Buffer | undefined> {
    while (this.#unread.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#socket.resume();
      });
      this.#wake = undefined;
    }
    return this.#unread.shift();
  }

  /** Puts bytes back: the next read gives them again, even if it is for another request. */
  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.#unread.unshift(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
