/** Places of a table, two to a bucket. */
const buckets = 512;
/** Longer ones are not kept. */
export const longestName = 64;

interface Entry<Value> {
  readonly name: string;
  readonly value: Value;
}

/**
 * What is known about names that come again and again in texts: of header fields, of members. A name is found where it
 * stands, without being cut out: that costs a string, a hash and, in a `Map`, a look-up in the engine's own table of
 * strings each time. Others choose the names, so there is an end to what is kept: a new one takes the place of an old one.
 */
export class NameTable<Value> {
  readonly #entries: (Entry<Value> | undefined)[] = new Array(2 * buckets).fill(undefined);

  /** What is known about a name; undefined: nothing. */
  get(name: string): Value | undefined {
    const place = placeOf(name, 0, name.length);
    const first = this.#entries[place];
    if (first !== undefined && first.name === name) return first.value;
    const second = this.#entries[place + 1];
    return second !== undefined && second.name === name ? second.value : undefined;
  }

  /** The same for the name that stands in a text from `start` to `end`. */
  find(text: string, start: number, end: number): Value | undefined {
    const place = placeOf(text, start, end);
    const first = this.#entries[place];
    if (first !== undefined && isAt(first.name, text, start, end)) return first.value;
    const second = this.#entries[place + 1];
    return second !== undefined && isAt(second.name, text, start, end) ? second.value : undefined;
  }

  /** Keeps what is known, unless the name is too long to be worth it. */
  keep(name: string, value: Value): void {
    if (name.length > longestName) return;
    const place = placeOf(name, 0, name.length);
    this.#entries[place + 1] = this.#entries[place];
    this.#entries[place] = { name: ownString(name), value };
  }
}

function isAt(name: string, text: string, start: number, end: number): boolean {
  return name.length === end - start && text.startsWith(name, start);
}

/** By the length and four characters: enough to tell names apart that are used together. */
function placeOf(text: string, start: number, end: number): number {
  const length = end - start;
  if (length === 0) return 0;
  const mixed =
    length * 7 +
    text.charCodeAt(start) * 31 +
    text.charCodeAt(start + (length >> 2)) * 17 +
    text.charCodeAt(start + (length >> 1)) * 131 +
    text.charCodeAt(end - 1) * 521;
  return (mixed & (buckets - 1)) << 1;
}

/**
 * An equal string that is nobody's part and stands in the engine's table of strings, as literals do: look-ups by it need
 * not go through that table first, and whoever keeps it keeps no message. Nothing stays nothing.
 */
export function ownString<Text extends string | undefined>(text: Text): Text {
  return text === undefined ? text : ((Object.keys({ [text]: true })[0] ?? text) as Text);
}
