import { AsyncResource } from 'node:async_hooks';
import { asBatonError } from '../core/errors';
import type { Logger } from '../core/logger';

/** Gives the logger when there is something to tell: making one may cost, and mostly there is nothing. */
export type LoggerOf = () => Logger;

/** A renewal is the process's, and not that of the request that happened to ask for a key when it was due. */
const outside = new AsyncResource('iis-baton:key-renewal');

/** What this process is still working with while a renewal fails: for the log line. */
const STATES = {
  failing: 'Keys could not be read; those that were read before serve on, as long as they may',
  recovered: 'Keys can be read again',
} as const;

/**
 * Tells the log when keys that are renewed beside the requests are not renewed any more, and when they are again: once
 * each, however often it is tried. Without it nobody would know until the last good keys have reached their end.
 */
export class RenewalLog {
  readonly #source: string;
  #loggerOf: LoggerOf | undefined;
  #failing = false;

  /** @param source where the keys are, in a form that may be logged */
  constructor(source: string, loggerOf?: LoggerOf) {
    this.#source = source;
    this.#loggerOf = loggerOf;
  }

  /** From now on this logger is told. */
  reportTo(loggerOf: LoggerOf): void {
    this.#loggerOf = loggerOf;
  }

  failed(thrown: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const error = asBatonError(thrown);
    // What node:fs or the SDK threw says more than "an unexpected error".
    const { message } = error === thrown ? error : (thrown as Error);
    this.#tell((logger) =>
      logger.warn(`${STATES.failing}. ${message}`, {
        type: 'key_renewal',
        outcome: 'failing',
        source: this.#source,
        ...(error === thrown && { code: error.code }),
        error: thrown,
      }),
    );
  }

  worked(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#tell((logger) =>
      logger.info(STATES.recovered, { type: 'key_renewal', outcome: 'recovered', source: this.#source }),
    );
  }

  /** A logger that throws must not end the process, or the renewal that it is told of. */
  #tell(write: (logger: Logger) => void): void {
    if (this.#loggerOf === undefined) return;
    try {
      const logger = this.#loggerOf();
      outside.runInAsyncScope(() => write(logger));
    } catch (thrown) {
      process.emitWarning(
        `The renewal of the keys of ${this.#source} could not be logged: ${asBatonError(thrown).message}`,
      );
    }
  }
}
