import { ByteWriter } from './byte-writer.ts';

const kept = 8;

/**
 * The last few things that were encoded, with their bytes: records of one moment have parts in common, such as the caller
 * and the rule. A part that is not among them costs a copy more.
 */
export class RecentFragments<Part> {
  readonly #same: (one: Part, other: Part) => boolean;
  readonly #encode: (out: ByteWriter, part: Part) => void;
  readonly #entries: { part: Part; readonly bytes: ByteWriter }[] = [];
  #oldest = 0;

  /** `same` says whether two parts are encoded alike. */
  constructor(same: (one: Part, other: Part) => boolean, encode: (out: ByteWriter, part: Part) => void) {
    this.#same = same;
    this.#encode = encode;
  }

  write(out: ByteWriter, part: Part): void {
    for (const entry of this.#entries) {
      if (!this.#same(entry.part, part)) continue;
      out.append(entry.bytes);
      return;
    }
    const start = out.length;
    this.#encode(out, part);
    const entry = this.#place(part);
    entry.part = part;
    entry.bytes.length = 0;
    entry.bytes.bytes(out.buffer.subarray(start, out.length));
  }

  #place(part: Part): { part: Part; readonly bytes: ByteWriter } {
    if (this.#entries.length < kept) {
      const entry = { part, bytes: new ByteWriter(256) };
      this.#entries.push(entry);
      return entry;
    }
    const entry = this.#entries[this.#oldest];
    this.#oldest = (this.#oldest + 1) % kept;
    return entry as { part: Part; readonly bytes: ByteWriter };
  }
}
