import { LRUCache } from 'lru-cache';

const maxEntries = 10_000;
/** Characters of tokens kept; the claims that hang on them weigh about as much again. */
const maxCharacters = 16 << 20;
/**
 * Length of the part that is hashed for a look-up. A signature's last 86 characters differ from token to token (for a
 * 256-bit elliptic curve they are all of it), and hashing the whole of a long RSA token would cost more than the rest.
 */
const suffixLength = 86;

interface Entry<Value> {
  readonly token: string;
  readonly value: Value;
}

/**
 * Verified tokens and what they proved. A hit needs the whole token to be equal: the suffix only finds the place. Only
 * verified tokens are ever put in, so nobody can push others out with rubbish. Least recently used ones go first.
 */
export class TokenCache<Value> {
  readonly #entries = new LRUCache<string, Entry<Value>>({
    max: maxEntries,
    maxSize: maxCharacters,
    sizeCalculation: (entry) => Math.max(1, entry.token.length),
  });

  get(token: string): Value | undefined {
    const entry = this.#entries.get(token.slice(-suffixLength));
    return entry !== undefined && entry.token === token ? entry.value : undefined;
  }

  set(token: string, value: Value): void {
    this.#entries.set(token.slice(-suffixLength), { token, value });
  }

  delete(token: string): void {
    const suffix = token.slice(-suffixLength);
    if (this.#entries.peek(suffix)?.token === token) this.#entries.delete(suffix);
  }

  clear(): void {
    this.#entries.clear();
  }

  get size(): number {
    return this.#entries.size;
  }
}
