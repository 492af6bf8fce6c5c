import { Refusal } from '../http/refusal.ts';

/** Pieces of a path that two parsers could read differently: empty or dot segments, and characters no path may hold raw. */
const ambiguous = /\/\/|(?:^|\/)(?:\.|%2[eE]){1,2}(?:\/|$)|[^\x21-\x7e]|["#<>?\\^`{|}]|%(?![0-9A-Fa-f]{2})/;

/**
 * True when a path may go upstream as it is: it begins with `/`, and normalising it (RFC 3986 §5.2.4) would change nothing.
 */
export function isPlainPath(path: string): boolean {
  return path.startsWith('/') && !ambiguous.test(path);
}

/** Returns the path of a rewrite, or refuses with 400 when it is not plain: ambiguity is never repaired (data-plane §1). */
export function requirePlainPath(path: string): string {
  if (isPlainPath(path)) return path;
  throw new Refusal(400, 'bad_path', { body: 'Bad Request' });
}

/**
 * What is left of `path` behind `prefix`, which must be its beginning. `/` when nothing is left.
 *
 * @returns undefined when the prefix ends inside a segment: `/deepwiki-mcpX` is not below `/deepwiki-mcp` (data-plane §2).
 */
export function restBehind(path: string, prefix: string): string | undefined {
  const rest = path.slice(prefix.length);
  if (rest === '') return '/';
  if (rest.startsWith('/')) return rest;
  return prefix.endsWith('/') ? `/${rest}` : undefined;
}
