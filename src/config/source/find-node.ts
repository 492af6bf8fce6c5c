import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { KeyPath } from '../dynamic/model.ts';
import { isMerge, keyOf } from './plain-value.ts';
import { resolveAlias } from './resolve-alias.ts';

/** What stands at a path, or the nearest thing around it. */
export interface Found {
  /** The key under which it stands, when its parent is a mapping. */
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  /** False: the path ends earlier than asked. */
  readonly exact: boolean;
}

/** Walks aliases and merges: what an alias stands for is found at its anchor. */
export function findNode(document: Document, path: KeyPath): Found {
  let key: Node | undefined;
  let value = resolve(document, document.contents);
  for (const step of path) {
    const next = child(document, value, step);
    if (next === undefined) return { key, value, exact: false };
    key = next.key;
    value = resolve(document, next.value);
  }
  return { key, value, exact: true };
}

function child(
  document: Document,
  parent: Node | undefined,
  step: string | number,
): { key: Node | undefined; value: unknown } | undefined {
  if (isSeq(parent)) {
    const index = Number(step);
    return index in parent.items ? { key: undefined, value: parent.items[index] } : undefined;
  }
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((candidate) => !isMerge(candidate) && keyOf(candidate) === String(step));
  if (pair !== undefined) return { key: pair.key as Node, value: pair.value };
  for (const merge of parent.items.filter(isMerge)) {
    const found = mergedChild(document, merge, step);
    if (found !== undefined) return found;
  }
  return undefined;
}

function mergedChild(document: Document, merge: Pair, step: string | number): ReturnType<typeof child> {
  const source = resolve(document, merge.value);
  for (const mapping of isSeq(source) ? source.items : [source]) {
    const found = child(document, resolve(document, mapping), step);
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolve(document: Document, node: unknown): Node | undefined {
  if (node === null || node === undefined) return undefined;
  return isAlias(node) ? resolve(document, resolveAlias(document, node)) : (node as Node);
}

/**
 * Calls `visit` for each scalar with its path, once for every path that leads to it: an anchor's and those of its
 * aliases. Only for documents that {@link plainValue} has accepted, so that there are no loops and not too many aliases.
 */
export function eachScalar(document: Document, visit: (node: Scalar, path: KeyPath) => void): void {
  const walk = (written: unknown, path: KeyPath): void => {
    const node = resolve(document, written);
    if (isScalar(node)) visit(node, path);
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...path, index]);
    else if (isMap(node)) for (const pair of node.items) walk(pair.value, [...path, keyOf(pair)]);
  };
  walk(document.contents, []);
}
