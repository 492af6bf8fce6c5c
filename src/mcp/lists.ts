import type { JsonObject } from '../http/json.ts';
import type { AnswerParts } from './answer-parts.ts';
import type { ListKind } from './methods.ts';
import { type Edit, takeOut } from './splice.ts';

/** Says whether a caller may see an item. `key` is its name, URI or URI template. */
export type ShowItem = (kind: ListKind, key: string, item: JsonObject) => boolean;

/**
 * Takes the items out of a JSON-RPC response that its reader may not see. Every list that the result holds is filtered,
 * whatever was asked for: on a resumed stream the question is not known. Everything else stays as it was written; an item
 * without a name cannot be judged and goes.
 */
export function hideItems({ lists }: AnswerParts, show: ShowItem): { readonly edits: Edit[]; readonly hidden: number } {
  const edits: Edit[] = [];
  let hidden = 0;
  for (const [kind, items] of lists) {
    edits.push(
      ...takeOut(items, ({ key, item }) => {
        const shown = key !== undefined && show(kind, key, item);
        if (!shown) hidden += 1;
        return shown;
      }),
    );
  }
  return { edits, hidden };
}

/**
 * Makes a `cacheScope` say `private`: what one caller sees is not what another would (MCP 2026-07-28, caching). Also where
 * nothing had to be taken out, since from another caller's answer something may be.
 */
export function makePrivate({ cacheScope }: AnswerParts): Edit[] {
  if (cacheScope === undefined || cacheScope.value === 'private') return [];
  return [{ start: cacheScope.start, end: cacheScope.end, text: '"private"' }];
}
