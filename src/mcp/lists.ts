import { isObject, type JsonObject, type JsonValue } from '../http/json.ts';
import { itemKeys, type ListKind } from './methods.ts';

/** Says whether a caller may see an item. `key` is its name, URI or URI template. */
export type ShowItem = (kind: ListKind, key: string, item: JsonObject) => boolean;

export interface FilteredMessage {
  /** A new message when anything was changed, else the one that was given. */
  readonly message: JsonValue;
  readonly changed: boolean;
  /** How many items were taken out. */
  readonly hidden: number;
}

const listKinds = Object.keys(itemKeys) as ListKind[];

/**
 * Takes the items out of a JSON-RPC response that its reader may not see. Every list that the result holds is filtered,
 * whatever was asked for: on a resumed stream the question is not known. Unknown fields, order and cursors stay; a
 * `cacheScope` becomes `private`, because another caller's list is another list (MCP 2026-07-28, caching). An item
 * without a name cannot be judged and goes.
 */
export function filterLists(message: JsonValue, show: ShowItem): FilteredMessage {
  const result = isObject(message) ? message.get('result') : undefined;
  if (!isObject(message) || !isObject(result)) return { message, changed: false, hidden: 0 };
  let filtered: Map<string, JsonValue> | undefined;
  let hidden = 0;
  for (const kind of listKinds) {
    const items = result.get(kind);
    if (!Array.isArray(items)) continue;
    const shown = items.filter((item) => isShown(kind, item, show));
    filtered ??= new Map(result);
    filtered.set(kind, shown);
    hidden += items.length - shown.length;
  }
  if (filtered === undefined) return { message, changed: false, hidden: 0 };
  const scoped = filtered.has('cacheScope') && filtered.get('cacheScope') !== 'private';
  if (hidden === 0 && !scoped) return { message, changed: false, hidden: 0 };
  if (scoped) filtered.set('cacheScope', 'private');
  return { message: new Map(message).set('result', filtered), changed: true, hidden };
}

function isShown(kind: ListKind, item: JsonValue, show: ShowItem): boolean {
  if (!isObject(item)) return false;
  const key = item.get(itemKeys[kind]);
  return typeof key === 'string' && show(kind, key, item);
}
