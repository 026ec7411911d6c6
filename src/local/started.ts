import { BatonError } from '../core/errors';

interface Stoppable {
  stop(): Promise<void>;
}

/** What is started, to be ended in reverse, however far the start came. */
export class Started {
  readonly #stops: (() => Promise<void> | void)[] = [];

  keep<T extends Stoppable>(part: T): T {
    this.#stops.push(() => part.stop());
    return part;
  }

  /** The same for a part that there may not be. */
  keepAny<T extends Stoppable>(part: T | undefined): T | undefined {
    return part && this.keep(part);
  }

  onStop(stop: () => Promise<void> | void): void {
    this.#stops.push(stop);
  }

  /** Everything is ended, also when ending one part fails; the first failure is told then. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (let stop = this.#stops.pop(); stop !== undefined; stop = this.#stops.pop()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) {
      throw new BatonError('relay_failed', 'A part of the relay could not be ended.', { cause: failures[0] });
    }
  }
}
