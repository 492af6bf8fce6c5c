import { isObject, type JsonObject, type JsonValue } from '../http/json.ts';
import { itemKeys, type ListKind } from './methods.ts';

const capacity = 10_000;
const kinds = Object.keys(itemKeys) as ListKind[];

/**
 * Which items an upstream's lists have held, with no more of each than decides whether a caller sees it. From this it is
 * known whether a change of the policies changes what somebody sees.
 */
export class ItemBook {
  readonly #items = new Map<ListKind, Map<string, JsonObject>>();

  /** Reads the lists of a response, before anything is taken out of them. */
  learn(message: JsonValue): void {
    const result = isObject(message) ? message.get('result') : undefined;
    if (!isObject(result)) return;
    for (const kind of kinds) {
      const items = result.get(kind);
      if (!Array.isArray(items)) continue;
      for (const item of items as readonly JsonValue[]) if (isObject(item)) this.#add(kind, item);
    }
  }

  /** The items of a kind; the member that names each, and a tool's annotations. */
  of(kind: ListKind): Iterable<JsonObject> {
    return this.#items.get(kind)?.values() ?? [];
  }

  #add(kind: ListKind, item: JsonObject): void {
    const member = itemKeys[kind];
    const key = item.get(member);
    if (typeof key !== 'string') return;
    let known = this.#items.get(kind);
    if (known === undefined) {
      known = new Map();
      this.#items.set(kind, known);
    }
    if (known.size >= capacity && !known.has(key)) return;
    const kept = new Map<string, JsonValue>([[member, key]]);
    const annotations = item.get('annotations');
    if (kind === 'tools' && annotations !== undefined) kept.set('annotations', annotations);
    known.set(key, kept);
  }
}
