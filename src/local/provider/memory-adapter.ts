interface Entry {
  readonly payload: Record<string, unknown>;
  readonly expiresAt: number;
}

/**
 * Where oidc-provider keeps sessions, interactions, codes and grants: in memory, gone with the process. Its own one is
 * shared by all providers of a process and warns about itself.
 *
 * @returns the factory that the option `adapter` takes: one adapter a model, all over one store
 */
export function memoryAdapter(): (model: string) => object {
  const store = new Map<string, Entry>();
  return (model) => new MemoryAdapter(model, store);
}

class MemoryAdapter {
  readonly #model: string;
  readonly #store: Map<string, Entry>;

  constructor(model: string, store: Map<string, Entry>) {
    this.#model = model;
    this.#store = store;
  }

  async upsert(id: string, payload: Record<string, unknown>, expiresInSeconds?: number): Promise<void> {
    const expiresAt = expiresInSeconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresInSeconds * 1000;
    for (const [key, entry] of this.#store) if (entry.expiresAt <= Date.now()) this.#store.delete(key);
    this.#store.set(this.#key(id), { payload, expiresAt });
  }

  async find(id: string): Promise<Record<string, unknown> | undefined> {
    return this.#store.get(this.#key(id))?.payload;
  }

  async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
    return this.#findBy('uid', uid);
  }

  async findByUserCode(userCode: string): Promise<Record<string, unknown> | undefined> {
    return this.#findBy('userCode', userCode);
  }

  async consume(id: string): Promise<void> {
    const entry = this.#store.get(this.#key(id));
    if (entry !== undefined) entry.payload['consumed'] = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.#store.delete(this.#key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, entry] of this.#store) if (entry.payload['grantId'] === grantId) this.#store.delete(key);
  }

  #key(id: string): string {
    return `${this.#model}:${id}`;
  }

  #findBy(member: string, value: string): Record<string, unknown> | undefined {
    for (const [key, { payload }] of this.#store) {
      if (key.startsWith(`${this.#model}:`) && payload[member] === value) return payload;
    }
    return undefined;
  }
}
