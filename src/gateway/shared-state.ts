/** State that outlives generations: rate buckets, key sets, pools. Kept while any live generation has asked for it. */
export class SharedState {
  readonly #entries = new Map<string, { value: { dispose?(): void }; generations: Set<number> }>();

  /** The value for `key`, made by `make` when no live generation has it. */
  share<T extends { dispose?(): void }>(generation: number, key: string, make: () => T): T {
    const found = this.#entries.get(key);
    if (found !== undefined) {
      found.generations.add(generation);
      // Keys are namespaced by middleware type and name, so a key always stands for one type.
      return found.value as T;
    }
    const value = make();
    this.#entries.set(key, { value, generations: new Set([generation]) });
    return value;
  }

  /** A generation has ended: what only it wanted is disposed. */
  release(generation: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.generations.delete(generation) && entry.generations.size === 0) {
        this.#entries.delete(key);
        entry.value.dispose?.();
      }
    }
  }
}
