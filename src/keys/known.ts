import type { KeySource } from '../jws/keys';

/**
 * The key sources of one policy, by where the keys are. The next policy takes those again that it has in common with this
 * one: a reload must not forget keys, or a key server that happens to be down would end what worked.
 *
 * What the next policy does not name is dropped with this one, so that a process that is reloaded for months holds the
 * sources of two policies and no more.
 */
export class KnownKeySources {
  readonly #sources = new Map<string, KeySource>();
  readonly #earlier: ReadonlyMap<string, KeySource> | undefined;

  /** @param before those of the policy that is in force */
  constructor(before?: KnownKeySources) {
    // Its own only: a chain of all that came before would grow for ever.
    this.#earlier = before === undefined ? undefined : before.#sources;
  }

  /** The source of that name: this policy's, or the earlier one's, or a new one. */
  take(name: string, make: () => KeySource): KeySource {
    const source = this.#sources.get(name) ?? this.#earlier?.get(name) ?? make();
    this.#sources.set(name, source);
    return source;
  }

  /**
   * How many of the sources have keys that may be used; those that were never asked are asked now. Any key ID will do: the
   * first question fetches the whole set.
   */
  async ready(): Promise<{ readonly usable: number; readonly all: number }> {
    const sources = [...this.#sources.values()];
    const states = await Promise.all(
      sources.map(async (source) => {
        if (source.version() < 0) await source.find('', 'ES256').catch(() => undefined);
        return source.version() >= 0;
      }),
    );
    return { usable: states.filter((usable) => usable).length, all: states.length };
  }
}
