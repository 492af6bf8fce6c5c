import { Buffer } from 'node:buffer';

/** Characters that a path may hold as they are (RFC 3986 §3.3), `%` of an escape included. */
const plain = /[A-Za-z0-9\-._~!$&'()*+,;=:@/%]/;
const unreserved = /[A-Za-z0-9\-._~]/;

/** Escapes of reserved characters: decoding them would change what a path means (RFC 3986 §2.2). */
const reserved = new Set(Array.from(":/?#[]@!$&'()*+,;=%", (character) => character.charCodeAt(0)));

/**
 * Writes a path of a rule as request paths are written: unreserved characters plain, everything that is not allowed in a
 * path percent-encoded. So `/foo bar` in a rule is the `/foo%20bar` of a request, and the comparison costs nothing.
 */
export function encodeRulePath(text: string): string {
  const decoded = text.replace(/%([0-9A-Fa-f]{2})/g, (triplet, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return unreserved.test(character) ? character : triplet.toUpperCase();
  });
  let encoded = '';
  for (const character of decoded) {
    if (plain.test(character)) encoded += character;
    else
      for (const byte of Buffer.from(character, 'utf8'))
        encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** A request path as regular expressions see it: escapes decoded, except those of reserved characters and of bytes that are no UTF-8. */
export function decodeForMatching(path: string): string {
  if (!path.includes('%')) return path;
  return path.replace(/(?:%[0-9A-F]{2})+/g, (run) => {
    let text = '';
    let open: string[] = [];
    const flush = (): void => {
      text += decodeUtf8(open);
      open = [];
    };
    for (let i = 0; i < run.length; i += 3) {
      const triplet = run.slice(i, i + 3);
      if (reserved.has(Number.parseInt(triplet.slice(1), 16))) {
        flush();
        text += triplet;
      } else open.push(triplet);
    }
    flush();
    return text;
  });
}

function decodeUtf8(escapes: readonly string[]): string {
  const encoded = escapes.join('');
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
