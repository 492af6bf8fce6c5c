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

/** Something that was encoded. Its bytes stay what they are until the same {@link RecentFragments} are asked again. */
export interface Fragment {
  readonly bytes: ByteWriter;
}

interface Remembered<Kept> extends Fragment {
  readonly kept: Kept;
}

/** Where records take a part of theirs from. */
export interface FragmentSource<Part> {
  /** The same object as before only when it is the same fragment. */
  find(part: Part): Fragment;
}

/**
 * The last few things that were encoded, with their bytes: records of one moment have parts in common, such as the caller
 * and the rule. A part that is not among them costs a copy more.
 */
export class RecentFragments<Part, Kept = Part> implements FragmentSource<Part> {
  readonly #options: FragmentOptions<Part, Kept>;
  readonly #entries: Remembered<Kept>[] = [];
  #oldest = 0;
  /** For the next one; memory of one that is no longer remembered. */
  #spare = new ByteWriter(256);

  constructor(options: FragmentOptions<Part, Kept>) {
    this.#options = options;
  }

  write(out: ByteWriter, part: Part): void {
    out.append(this.find(part).bytes);
  }

  find(part: Part): Fragment {
    const entries = this.#entries;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as Remembered<Kept>;
      if (this.#options.same(entry.kept, part)) return entry;
    }
    // What cannot be encoded is not remembered.
    const bytes = this.#spare;
    bytes.length = 0;
    this.#options.encode(bytes, part);
    const entry = { kept: this.#options.keep(part), bytes };
    const place = this.#oldest;
    this.#spare = entries[place]?.bytes ?? new ByteWriter(256);
    entries[place] = entry;
    this.#oldest = (place + 1) % remembered;
    return entry;
  }
}

interface Combination {
  fragments: readonly Fragment[];
  readonly bytes: ByteWriter;
}

/** Fragments that stand one behind the other in every record: a combination that came lately is one copy. */
export class JoinedFragments<Part> {
  readonly #sources: readonly FragmentSource<Part>[];
  readonly #found: Fragment[] = [];
  readonly #combinations: Combination[] = [];
  #oldest = 0;

  constructor(sources: readonly FragmentSource<Part>[]) {
    this.#sources = sources;
  }

  write(out: ByteWriter, part: Part): void {
    const sources = this.#sources;
    const found = this.#found;
    for (let index = 0; index < sources.length; index++)
      found[index] = (sources[index] as FragmentSource<Part>).find(part);
    for (let index = 0; index < this.#combinations.length; index++) {
      const combination = this.#combinations[index] as Combination;
      if (!sameFragments(combination.fragments, found)) continue;
      out.append(combination.bytes);
      return;
    }
    const place = this.#oldest;
    const bytes = this.#combinations[place]?.bytes ?? new ByteWriter(512);
    bytes.length = 0;
    for (const fragment of found) bytes.append(fragment.bytes);
    this.#combinations[place] = { fragments: [...found], bytes };
    this.#oldest = (place + 1) % remembered;
    out.append(bytes);
  }
}

function sameFragments(one: readonly Fragment[], other: readonly Fragment[]): boolean {
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
