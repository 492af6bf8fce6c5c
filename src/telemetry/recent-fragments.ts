import { ByteWriter } from './byte-writer.ts';

const remembered = 8;

/** What is encoded alike, and how. */
export interface FragmentOptions<Part, Kept> {
  /** Whether a part is encoded as the kept one was. */
  same(kept: Kept, part: Part): boolean;
  /** What of a part tells it from others: as little as possible, for it is held for as long as nothing else comes. */
  keep(part: Part): Kept;
  encode(out: ByteWriter, part: Part): void;
}

interface Remembered<Kept> {
  kept: Kept;
  readonly bytes: ByteWriter;
}

/**
 * The last few things that were encoded, with their bytes: records of one moment have parts in common, such as the caller
 * and the rule. A part that is not among them costs a copy more.
 */
export class RecentFragments<Part, Kept = Part> {
  readonly #options: FragmentOptions<Part, Kept>;
  readonly #entries: Remembered<Kept>[] = [];
  #oldest = 0;

  constructor(options: FragmentOptions<Part, Kept>) {
    this.#options = options;
  }

  write(out: ByteWriter, part: Part): void {
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as Remembered<Kept>;
      if (!this.#options.same(entry.kept, part)) continue;
      out.append(entry.bytes);
      return;
    }
    const start = out.length;
    this.#options.encode(out, part);
    const entry = this.#place(this.#options.keep(part));
    entry.bytes.length = 0;
    entry.bytes.bytes(out.buffer.subarray(start, out.length));
  }

  #place(kept: Kept): Remembered<Kept> {
    if (this.#entries.length < remembered) {
      const entry = { kept, bytes: new ByteWriter(256) };
      this.#entries.push(entry);
      return entry;
    }
    const entry = this.#entries[this.#oldest] as Remembered<Kept>;
    this.#oldest = (this.#oldest + 1) % remembered;
    entry.kept = kept;
    return entry;
  }
}
