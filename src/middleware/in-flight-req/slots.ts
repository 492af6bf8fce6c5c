/** A slot that has been taken; `give` puts it back, once. */
export interface Slot {
  give(): void;
}

/** How many requests of each source are under way, wherever that is counted. */
export interface Slots {
  /** Takes a slot of a source unless `amount` are taken. */
  take(key: string, amount: number): Slot | undefined | Promise<Slot | undefined>;
  dispose?(): void;
}

/** Counts in this process. */
export class MemorySlots implements Slots {
  readonly #taken = new Map<string, number>();

  take(key: string, amount: number): Slot | undefined {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= amount) return undefined;
    this.#taken.set(key, taken + 1);
    let given = false;
    return {
      give: () => {
        if (given) return;
        given = true;
        const now = this.#taken.get(key) ?? 0;
        if (now > 1) this.#taken.set(key, now - 1);
        else this.#taken.delete(key);
      },
    };
  }

  dispose(): void {
    this.#taken.clear();
  }
}
