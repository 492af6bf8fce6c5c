import { isObject, type JsonObject, type JsonValue } from '../http/json.ts';

/** Names of members on the way to a claim. */
export type ClaimPath = readonly string[];

/**
 * Parses a claim path: names joined by `.`, with `\.` for a dot in a name and `\\` for a backslash, as in the policy
 * language (§2). Returns undefined for an empty name or a stray backslash.
 */
export function parseClaimPath(text: string): ClaimPath | undefined {
  const names: string[] = [];
  let name = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') {
      const next = text[++at];
      if (next !== '.' && next !== '\\') return undefined;
      name += next;
    } else if (character === '.') {
      names.push(name);
      name = '';
    } else name += character;
  }
  names.push(name);
  return names.includes('') ? undefined : names;
}

/** The value at a path, or undefined. Own members only; a number indexes an array. */
export function findClaim(claims: JsonObject, path: ClaimPath): JsonValue | undefined {
  let value: JsonValue | undefined = claims;
  for (const name of path) {
    if (isObject(value)) value = value.get(name);
    else if (Array.isArray(value)) value = /^(0|[1-9][0-9]{0,8})$/.test(name) ? value[Number(name)] : undefined;
    else return undefined;
  }
  return value;
}
