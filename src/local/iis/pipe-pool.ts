import type { PipeConnection } from './pipe-connection';

/** Idle connections of one node process: last in, first out, and never older than the age. */
export class PipePool {
  readonly #idle: { readonly connection: PipeConnection; readonly since: number }[] = [];
  readonly #maxSize: number;
  readonly #maxAgeMs: number;

  constructor(maxSize: number, maxAgeMs: number) {
    this.#maxSize = maxSize;
    this.#maxAgeMs = maxAgeMs;
  }

  /** The connection that was used last, if it is young enough; iisnode does not look whether it still works. */
  take(): PipeConnection | undefined {
    for (let entry = this.#idle.pop(); entry !== undefined; entry = this.#idle.pop()) {
      if (performance.now() - entry.since < this.#maxAgeMs) return entry.connection;
      entry.connection.destroy();
    }
    return undefined;
  }

  give(connection: PipeConnection): void {
    if (this.#idle.length < this.#maxSize) this.#idle.push({ connection, since: performance.now() });
    else connection.destroy();
  }

  clear(): void {
    for (const { connection } of this.#idle.splice(0)) connection.destroy();
  }
}
