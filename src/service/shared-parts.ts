/** Something that outlives generations and is stopped when none wants it any more. */
export interface Part {
  stop(): void;
}

interface Holding<T extends Part> {
  readonly part: T;
  holders: number;
}

/** Parts by key, counted by how many hold them: equal configuration finds the living part again. */
export class SharedParts<T extends Part> {
  readonly #holdings = new Map<string, Holding<T>>();

  /** The living part of that key, or a new one; one more holder either way. */
  hold(key: string, make: () => T): T {
    let holding = this.#holdings.get(key);
    if (holding === undefined) {
      holding = { part: make(), holders: 0 };
      this.#holdings.set(key, holding);
    }
    holding.holders += 1;
    return holding.part;
  }

  /** One holder less; the last one stops the part. */
  drop(key: string): void {
    const holding = this.#holdings.get(key);
    if (holding === undefined) return;
    holding.holders -= 1;
    if (holding.holders > 0) return;
    this.#holdings.delete(key);
    holding.part.stop();
  }

  get size(): number {
    return this.#holdings.size;
  }
}
