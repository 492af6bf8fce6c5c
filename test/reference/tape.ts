import fc from 'fast-check';

/** A row of bytes that decides every choice of a generator; at its end every choice is the first, the plainest one. */
export class Tape {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A number below `count`. */
  below(count: number): number {
    return (this.#bytes[this.#at++] ?? 0) % count;
  }

  /** True once in `odds` times; never at the end of the tape. */
  rarely(odds: number): boolean {
    return this.below(odds) === odds - 1;
  }

  pick<T>(from: readonly [T, ...T[]]): T;
  pick<T>(from: readonly T[]): T | undefined;
  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)];
  }

  /** Makes between `least` and `most` of something. */
  several<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }
}

/** Tapes, each to be read by one generator; shrinking shortens them and lowers their bytes. */
export const tapes = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: 0, maxLength, size: 'max' });
