import { type Alias, type Document, isAlias, isCollection, isScalar, type Node, visit } from 'yaml';

const resolved = new WeakMap<Document, ReadonlyMap<Alias, Node>>();

/**
 * What an alias stands for: the last anchor of its name before it. Found for all aliases of a document in one walk,
 * where the library would walk for each.
 */
export function resolveAlias(document: Document, alias: Alias): Node | undefined {
  let targets = resolved.get(document);
  if (targets === undefined) {
    targets = findTargets(document);
    resolved.set(document, targets);
  }
  return targets.get(alias);
}

function findTargets(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) targets.set(node, target);
      } else if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) {
        anchors.set(node.anchor, node);
      }
    },
  });
  return targets;
}
