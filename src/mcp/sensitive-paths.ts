import { isObject, type JsonObject, type JsonValue } from '../http/json.ts';

const maxDepth = 16;

/**
 * Paths of a JSON Schema whose values are not for others to see: `x-sensitive: true`, `writeOnly: true` or
 * `format: password`. An array's elements, and names that the schema does not list, are `*`.
 */
export function sensitivePaths(schema: JsonValue | undefined): readonly (readonly string[])[] {
  const found: string[][] = [];
  const root = schema;
  const walk = (node: JsonValue | undefined, path: readonly string[], depth: number): void => {
    if (!isObject(node) || depth > maxDepth || found.length > 1_000) return;
    if (node.get('x-sensitive') === true || node.get('writeOnly') === true || node.get('format') === 'password') {
      found.push([...path]);
      return;
    }
    const reference = node.get('$ref');
    if (typeof reference === 'string') walk(resolve(root, reference), path, depth + 1);
    for (const key of ['properties', 'patternProperties'] as const) {
      const properties = node.get(key);
      if (isObject(properties))
        for (const [name, property] of properties)
          walk(property, [...path, key === 'properties' ? name : '*'], depth + 1);
    }
    for (const key of ['items', 'additionalProperties', 'contains'] as const)
      walk(node.get(key), [...path, '*'], depth + 1);
    for (const key of ['prefixItems', 'allOf', 'anyOf', 'oneOf'] as const) {
      const list = node.get(key);
      if (Array.isArray(list))
        for (const one of list as readonly JsonValue[])
          walk(one, key === 'prefixItems' ? [...path, '*'] : path, depth + 1);
    }
    for (const key of ['if', 'then', 'else', 'not'] as const) walk(node.get(key), path, depth + 1);
  };
  walk(schema, [], 0);
  return found;
}

/** A reference within the schema, such as `#/$defs/secret`. */
function resolve(root: JsonValue | undefined, reference: string): JsonObject | undefined {
  if (!reference.startsWith('#/')) return undefined;
  let node = root;
  for (const part of reference.slice(2).split('/')) {
    if (!isObject(node)) return undefined;
    node = node.get(part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return isObject(node) ? node : undefined;
}
