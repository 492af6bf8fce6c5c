import { type HeaderName, headerName } from './header-name.ts';

/**
 * Header fields as they came over the wire: ordered, duplicates kept, spelling kept. Node's own `req.headers` drops and
 * joins fields silently, so nothing in the gateway reads it.
 */
export class HeaderFields {
  /** Name and value of each field, one after the other: one array, because every open stream keeps some. */
  #parts: (HeaderName | string)[] = [];

  /** Takes a flat `[name, value, name, value, …]` list, the shape of `IncomingMessage.rawHeaders`. */
  static fromRaw(raw: readonly string[]): HeaderFields {
    const fields = new HeaderFields();
    for (let i = 0; i + 1 < raw.length; i += 2) fields.append(raw[i] as string, raw[i + 1] as string);
    return fields;
  }

  /** How many fields there are, duplicates counted. */
  get size(): number {
    return this.#parts.length / 2;
  }

  /** The first value of a field; `lowerName` must be lower case. */
  get(lowerName: string): string | undefined {
    const parts = this.#parts;
    const at = find(parts, lowerName, 0);
    return at < 0 ? undefined : (parts[at + 1] as string);
  }

  has(lowerName: string): boolean {
    return find(this.#parts, lowerName, 0) >= 0;
  }

  /** How many fields of that name there are. */
  count(lowerName: string): number {
    const parts = this.#parts;
    let count = 0;
    for (let at = find(parts, lowerName, 0); at >= 0; at = find(parts, lowerName, at + 2)) count += 1;
    return count;
  }

  /** All values of a field in order. */
  getAll(lowerName: string): string[] {
    const parts = this.#parts;
    const values: string[] = [];
    for (let at = find(parts, lowerName, 0); at >= 0; at = find(parts, lowerName, at + 2))
      values.push(parts[at + 1] as string);
    return values;
  }

  /** Adds a field at the end. */
  append(name: string | HeaderName, value: string): void {
    this.#parts.push(typeof name === 'string' ? headerName(name) : name, value);
  }

  /** Replaces every field of that name by one, at the place of the first. */
  set(name: string | HeaderName, value: string): void {
    const parts = this.#parts;
    const known = typeof name === 'string' ? headerName(name) : name;
    const { lower } = known;
    const at = find(parts, lower, 0);
    if (at < 0) {
      parts.push(known, value);
      return;
    }
    parts[at] = known;
    parts[at + 1] = value;
    if (find(parts, lower, at + 2) >= 0) this.#remove((other) => other === lower, at + 2);
  }

  /** Removes every field of that name; says whether there was one. */
  delete(lowerName: string): boolean {
    const first = find(this.#parts, lowerName, 0);
    return first >= 0 && this.#remove((other) => other === lowerName, first) > 0;
  }

  /** Removes every field that `test` accepts; returns how many went. */
  deleteWhere(test: (lowerName: string, value: string) => boolean): number {
    return this.#remove(test);
  }

  /** Calls back for each field in order. */
  forEach(visit: (name: HeaderName, value: string) => void): void {
    const parts = this.#parts;
    for (let i = 0; i < parts.length; i += 2) visit(parts[i] as HeaderName, parts[i + 1] as string);
  }

  /** The flat list again, for `writeHead`. */
  toRaw(): string[] {
    const parts = this.#parts;
    const raw: string[] = [];
    for (let i = 0; i < parts.length; i += 2) raw.push((parts[i] as HeaderName).spelled, parts[i + 1] as string);
    return raw;
  }

  clone(): HeaderFields {
    const copy = new HeaderFields();
    copy.#parts = this.#parts.slice();
    return copy;
  }

  /** Gives back the room that was meant for more fields. */
  trim(): void {
    this.#parts = this.#parts.slice();
  }

  /** Closes the gaps in one pass, which begins at the index `from`. */
  #remove(test: (lowerName: string, value: string) => boolean, from = 0): number {
    const parts = this.#parts;
    let to = from;
    for (let i = from; i < parts.length; i += 2) {
      const name = parts[i] as HeaderName;
      const value = parts[i + 1] as string;
      if (test(name.lower, value)) continue;
      if (to !== i) {
        parts[to] = name;
        parts[to + 1] = value;
      }
      to += 2;
    }
    const removed = (parts.length - to) / 2;
    // Setting `length` would be a call out of the compiled code.
    for (let i = 0; i < removed; i++) {
      parts.pop();
      parts.pop();
    }
    return removed;
  }
}

/** Where the next field of that name is, from an index on; -1: nowhere. */
function find(parts: readonly (HeaderName | string)[], lowerName: string, from: number): number {
  for (let i = from; i < parts.length; i += 2) if ((parts[i] as HeaderName).lower === lowerName) return i;
  return -1;
}
