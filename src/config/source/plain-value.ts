import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { resolveAlias } from './resolve-alias.ts';

/** Bounds on what one document may expand to; far beyond any real configuration, far below what would hurt. */
const maxNodes = 200_000;
const maxDepth = 100;

/** A fault in a document that is well-formed YAML. `offset` points into the source. */
export class DocumentFault extends Error {
  readonly offset: number;
  readonly hint: string | undefined;

  constructor(message: string, node: { range?: readonly number[] | null | undefined } | null, hint?: string) {
    super(message);
    this.offset = node?.range?.[0] ?? 0;
    this.hint = hint;
  }
}

/** A key that would reach the prototype of a plain object. */
const forbiddenKey = '__proto__';

/**
 * The plain data a document stands for: aliases expanded within bounds, `<<` merged (own keys win, then earlier
 * sources), keys always strings.
 *
 * @throws {DocumentFault} on loops, bombs, tags and keys that cannot be
 */
export function plainValue(document: Document): unknown {
  let nodes = 0;
  const open = new Set<Node>();
  /** The outermost alias that is being written out: that is what an operator can change. */
  let alias: Node | undefined;

  function convert(node: unknown, depth: number): unknown {
    if (node === null || node === undefined) return null;
    const here = node as Node;
    if (++nodes > maxNodes)
      throw new DocumentFault('the document expands to too much data', alias ?? here, 'write out fewer aliases');
    if (depth > maxDepth) throw new DocumentFault(`the document is nested deeper than ${maxDepth} levels`, here);
    if (isAlias(here)) {
      const target = resolveAlias(document, here);
      if (target === undefined) throw new DocumentFault(`there is no anchor &${here.source} before this alias`, here);
      if (open.has(target)) throw new DocumentFault(`the alias *${here.source} contains itself`, here);
      const outermost = alias === undefined;
      alias ??= here;
      const value = convert(target, depth + 1);
      if (outermost) alias = undefined;
      return value;
    }
    if (isScalar(here)) return here.value;
    open.add(here);
    let value: unknown;
    if (isSeq(here)) value = here.items.map((item) => convert(item, depth + 1));
    else if (isMap(here)) value = convertMap(here.items, depth);
    open.delete(here);
    return value;
  }

  function convertMap(pairs: readonly Pair[], depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const inherited: Record<string, unknown>[] = [];
    const keys = new Set<string>();
    for (const pair of pairs) {
      const key = keyOf(pair);
      if (isMerge(pair)) {
        const value = convert(pair.value, depth + 1);
        for (const source of Array.isArray(value) ? value : [value]) {
          if (!isPlainObject(source)) {
            throw new DocumentFault(
              '<< can only merge mappings',
              pair.key as Node,
              'write `<<: *anchor`, the anchor on a mapping',
            );
          }
          inherited.push(source);
        }
      } else {
        if (key === forbiddenKey) throw new DocumentFault('a key cannot be called __proto__', pair.key as Node);
        if (keys.has(key))
          throw new DocumentFault('this key stands here twice', pair.key as Node, 'remove one of them');
        keys.add(key);
        result[key] = convert(pair.value, depth + 1);
      }
    }
    for (const source of inherited) {
      for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(result, key)) result[key] = value;
    }
    return result;
  }

  return convert(document.contents, 0);
}

/** The text of a pair's key. */
export function keyOf(pair: Pair): string {
  const { key } = pair;
  return isScalar(key) ? (typeof key.value === 'symbol' ? '<<' : String(key.value)) : '';
}

/** True for `<<: *anchor` (a quoted "<<" is an ordinary key). */
export function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && keyOf(pair) === '<<' && (pair.key.type === undefined || pair.key.type === 'PLAIN');
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
