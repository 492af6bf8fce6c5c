import type { OptionOrigin } from './setting.ts';

interface Entry {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: OptionOrigin;
}

/** The values collected from all sources, each with where it came from. What is set later wins. */
export class OptionTree {
  readonly #entries = new Map<string, Entry>();

  /** Sets one value; whatever was said about sections around it being off no longer holds. */
  set(path: readonly string[], value: unknown, origin: OptionOrigin): void {
    for (let length = 1; length < path.length; length++) {
      const ancestor = keyOf(path.slice(0, length));
      if (this.#entries.get(ancestor)?.value === false) this.#entries.delete(ancestor);
    }
    this.#entries.set(keyOf(path), { path, value, origin });
  }

  /** Sets a section off: everything known below it is forgotten. */
  switchOff(path: readonly string[], origin: OptionOrigin): void {
    for (const [key, entry] of this.#entries) if (isWithin(entry.path, path)) this.#entries.delete(key);
    this.#entries.set(keyOf(path), { path, value: false, origin });
  }

  /** Says that a section is there, with whatever else is known about it. */
  switchOn(path: readonly string[], origin: OptionOrigin): void {
    this.set(path, {}, origin);
  }

  get(path: readonly string[]): Entry | undefined {
    return this.#entries.get(keyOf(path));
  }

  /** True when something was said about this path or anything below it. */
  has(path: readonly string[]): boolean {
    return this.#entries.values().some((entry) => isWithin(entry.path, path));
  }

  /** Names used directly below a path. */
  namesAt(path: readonly string[]): string[] {
    const names = this.#entries
      .values()
      .filter((entry) => entry.path.length > path.length && isWithin(entry.path, path))
      .map((entry) => entry.path[path.length] ?? '');
    return [...new Set(names)];
  }

  /** Where the value at a path came from: said there, or by a section around it; else a default. */
  originOf(path: readonly string[]): OptionOrigin {
    for (let length = path.length; length > 0; length--) {
      const entry = this.#entries.get(keyOf(path.slice(0, length)));
      // A section that is only switched on says nothing about the values in it.
      if (entry !== undefined && (length === path.length || typeof entry.value !== 'object')) return entry.origin;
    }
    return { source: 'default', place: '' };
  }

  /** The nearest place to blame for a problem at a path: there, around it, or the first thing below it. */
  blame(path: readonly string[]): OptionOrigin | undefined {
    for (let length = path.length; length > 0; length--) {
      const entry = this.#entries.get(keyOf(path.slice(0, length)));
      if (entry !== undefined) return entry.origin;
      const below = this.#entries.values().find((each) => isWithin(each.path, path.slice(0, length)));
      if (below !== undefined) return below.origin;
    }
    return undefined;
  }

  /** Everything as one nested object without prototypes, for the schema to check. */
  toObject(): object {
    const root: Record<string, unknown> = Object.create(null);
    for (const { path, value } of this.#entries.values()) {
      let target = root;
      for (const segment of path.slice(0, -1)) {
        const inner = target[segment];
        if (typeof inner === 'object' && inner !== null) target = inner as Record<string, unknown>;
        else {
          const made: Record<string, unknown> = Object.create(null);
          target[segment] = made;
          target = made;
        }
      }
      const last = path.at(-1) ?? '';
      const isPresence = typeof value === 'object' && value !== null && !Array.isArray(value);
      if (isPresence) target[last] ??= Object.create(null);
      else target[last] = value;
    }
    return root;
  }
}

function keyOf(path: readonly string[]): string {
  return path.join('\0');
}

function isWithin(path: readonly string[], around: readonly string[]): boolean {
  return path.length >= around.length && around.every((segment, index) => segment === path[index]);
}
