import { NameTable, ownString } from './name-table.ts';

const lowerNames = new NameTable<string>();

/** The lower-case form of a name; the gateway's own names are the same few each time. */
function lowerCase(name: string): string {
  const known = lowerNames.find(name);
  if (known !== undefined) return known;
  const lower = ownString(name.toLowerCase());
  lowerNames.keep(name, lower);
  return lower;
}

/**
 * Header fields as they came over the wire: ordered, duplicates kept, spelling kept. Node's own `req.headers` drops and
 * joins fields silently, so nothing in the gateway reads it.
 */
export class HeaderFields {
  /** Name, lower-case name and value of each field, one after the other: one array, because every open stream keeps some. */
  #parts: string[] = [];

  /** Takes a flat `[name, value, name, value, …]` list, the shape of `IncomingMessage.rawHeaders`. */
  static fromRaw(raw: readonly string[]): HeaderFields {
    const fields = new HeaderFields();
    for (let i = 0; i + 1 < raw.length; i += 2) fields.append(raw[i] as string, raw[i + 1] as string);
    return fields;
  }

  /** How many fields there are, duplicates counted. */
  get size(): number {
    return this.#parts.length / 3;
  }

  /** The first value of a field; `lowerName` must be lower case. */
  get(lowerName: string): string | undefined {
    const parts = this.#parts;
    for (let i = 1; i < parts.length; i += 3) if (parts[i] === lowerName) return parts[i + 1];
    return undefined;
  }

  has(lowerName: string): boolean {
    const parts = this.#parts;
    for (let i = 1; i < parts.length; i += 3) if (parts[i] === lowerName) return true;
    return false;
  }

  /** How many fields of that name there are. */
  count(lowerName: string): number {
    const parts = this.#parts;
    let count = 0;
    for (let i = 1; i < parts.length; i += 3) if (parts[i] === lowerName) count += 1;
    return count;
  }

  /** All values of a field in order. */
  getAll(lowerName: string): string[] {
    const parts = this.#parts;
    const values: string[] = [];
    for (let i = 1; i < parts.length; i += 3) if (parts[i] === lowerName) values.push(parts[i + 1] as string);
    return values;
  }

  /** Adds a field at the end. `lowerName` spares its making where it is known. */
  append(name: string, value: string, lowerName = lowerCase(name)): void {
    this.#parts.push(name, lowerName, value);
  }

  /** Replaces every field of that name by one, at the place of the first. */
  set(name: string, value: string): void {
    const parts = this.#parts;
    const lower = lowerCase(name);
    for (let i = 1; i < parts.length; i += 3) {
      if (parts[i] !== lower) continue;
      parts[i - 1] = name;
      parts[i + 1] = value;
      this.#remove((other) => other === lower, i + 3);
      return;
    }
    this.append(name, value, lower);
  }

  /** Removes every field of that name; says whether there was one. */
  delete(lowerName: string): boolean {
    return this.has(lowerName) && this.#remove((other) => other === lowerName) > 0;
  }

  /** Removes every field that `test` accepts; returns how many went. */
  deleteWhere(test: (lowerName: string, value: string) => boolean): number {
    return this.#remove(test);
  }

  /** Calls back for each field in order with its original name, value and lower-case name. */
  forEach(visit: (name: string, value: string, lowerName: string) => void): void {
    const parts = this.#parts;
    for (let i = 0; i < parts.length; i += 3) {
      visit(parts[i] as string, parts[i + 2] as string, parts[i + 1] as string);
    }
  }

  /** The flat list again, for `writeHead`. */
  toRaw(): string[] {
    const parts = this.#parts;
    const raw: string[] = [];
    for (let i = 0; i < parts.length; i += 3) raw.push(parts[i] as string, parts[i + 2] as string);
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

  /** Closes the gaps in one pass. `from` is the index of the first lower-case name to look at. */
  #remove(test: (lowerName: string, value: string) => boolean, from = 1): number {
    const parts = this.#parts;
    let to = from - 1;
    for (let i = from; i < parts.length; i += 3) {
      const lower = parts[i] as string;
      const value = parts[i + 1] as string;
      if (test(lower, value)) continue;
      if (to !== i - 1) {
        parts[to] = parts[i - 1] as string;
        parts[to + 1] = lower;
        parts[to + 2] = value;
      }
      to += 3;
    }
    const removed = (parts.length - to) / 3;
    if (removed > 0) parts.length = to;
    return removed;
  }
}
