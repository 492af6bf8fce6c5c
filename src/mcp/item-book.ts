import type { JsonObject } from '../http/json.ts';
import type { AnswerParts } from './answer-parts.ts';
import type { ListKind } from './methods.ts';

const capacity = 10_000;

/**
 * Which items an upstream's lists have held, with no more of each than decides whether a caller sees it. From this it is
 * known whether a change of the policies changes what somebody sees.
 */
export class ItemBook {
  readonly #items = new Map<ListKind, Map<string, JsonObject>>();

  /** Takes in the lists of a response, before anything is taken out of them. */
  learn({ lists }: AnswerParts): void {
    for (const [kind, items] of lists) {
      let known = this.#items.get(kind);
      if (known === undefined) {
        known = new Map();
        this.#items.set(kind, known);
      }
      for (const { key, item } of items)
        if (key !== undefined && (known.size < capacity || known.has(key))) known.set(key, item);
    }
  }

  /** Whether an item has been listed; undefined while no list of its kind has been seen. */
  holds(kind: ListKind, key: string): boolean | undefined {
    return this.#items.get(kind)?.has(key);
  }

  /** The items of a kind; the member that names each, and a tool's annotations. */
  of(kind: ListKind): Iterable<JsonObject> {
    return this.#items.get(kind)?.values() ?? [];
  }
}
