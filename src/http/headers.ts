/**
 * Header fields as they came over the wire: ordered, duplicates kept, spelling kept. Node's own `req.headers` drops and
 * joins fields silently, so nothing in the gateway reads it.
 */
export class HeaderFields {
  readonly #names: string[] = [];
  readonly #lower: string[] = [];
  readonly #values: string[] = [];

  /** Takes a flat `[name, value, name, value, …]` list, the shape of `IncomingMessage.rawHeaders`. */
  static fromRaw(raw: readonly string[]): HeaderFields {
    const fields = new HeaderFields();
    for (let i = 0; i + 1 < raw.length; i += 2) fields.append(raw[i] as string, raw[i + 1] as string);
    return fields;
  }

  /** How many fields there are, duplicates counted. */
  get size(): number {
    return this.#names.length;
  }

  /** The first value of a field; `lowerName` must be lower case. */
  get(lowerName: string): string | undefined {
    const index = this.#lower.indexOf(lowerName);
    return index < 0 ? undefined : this.#values[index];
  }

  has(lowerName: string): boolean {
    return this.#lower.includes(lowerName);
  }

  /** All values of a field in order. */
  getAll(lowerName: string): string[] {
    const values: string[] = [];
    for (let i = 0; i < this.#lower.length; i++)
      if (this.#lower[i] === lowerName) values.push(this.#values[i] as string);
    return values;
  }

  /** Adds a field at the end. `lowerName` spares its making where it is known. */
  append(name: string, value: string, lowerName = name.toLowerCase()): void {
    this.#names.push(name);
    this.#lower.push(lowerName);
    this.#values.push(value);
  }

  /** Replaces every field of that name by one. */
  set(name: string, value: string): void {
    const lower = name.toLowerCase();
    const index = this.#lower.indexOf(lower);
    if (index < 0) {
      this.append(name, value, lower);
      return;
    }
    this.#names[index] = name;
    this.#values[index] = value;
    for (let i = this.#lower.length - 1; i > index; i--) if (this.#lower[i] === lower) this.#remove(i);
  }

  /** Removes every field of that name; says whether there was one. */
  delete(lowerName: string): boolean {
    let found = false;
    for (let i = this.#lower.length - 1; i >= 0; i--) {
      if (this.#lower[i] === lowerName) {
        this.#remove(i);
        found = true;
      }
    }
    return found;
  }

  /** Removes every field that `test` accepts; returns how many went. */
  deleteWhere(test: (lowerName: string, value: string) => boolean): number {
    let removed = 0;
    for (let i = this.#lower.length - 1; i >= 0; i--) {
      if (test(this.#lower[i] as string, this.#values[i] as string)) {
        this.#remove(i);
        removed += 1;
      }
    }
    return removed;
  }

  /** Calls back for each field in order with its original name, value and lower-case name. */
  forEach(visit: (name: string, value: string, lowerName: string) => void): void {
    for (let i = 0; i < this.#names.length; i++) {
      visit(this.#names[i] as string, this.#values[i] as string, this.#lower[i] as string);
    }
  }

  /** The flat list again, for `writeHead` and undici. */
  toRaw(): string[] {
    const raw: string[] = new Array(this.#names.length * 2);
    for (let i = 0; i < this.#names.length; i++) {
      raw[i * 2] = this.#names[i] as string;
      raw[i * 2 + 1] = this.#values[i] as string;
    }
    return raw;
  }

  clone(): HeaderFields {
    const copy = new HeaderFields();
    for (let i = 0; i < this.#names.length; i++) {
      copy.#names.push(this.#names[i] as string);
      copy.#lower.push(this.#lower[i] as string);
      copy.#values.push(this.#values[i] as string);
    }
    return copy;
  }

  #remove(index: number): void {
    this.#names.splice(index, 1);
    this.#lower.splice(index, 1);
    this.#values.splice(index, 1);
  }
}
