import type { webcrypto } from 'node:crypto';
import { isObject, type JsonValue, scanJson } from '../http/json.ts';
import { jsonWebKey, UnusableKey, type VerificationKey } from './verification-key.ts';

/** How many keys a token that names none is tried with: every try costs a signature check. */
const maxAnonymousTries = 4;
/** More keys than this in one set is a mistake or an attack. */
const maxKeys = 256;

/** What a set says about a token's `alg` and `kid`. */
export type KeyChoice =
  | { readonly found: readonly webcrypto.CryptoKey[] }
  | { readonly found: undefined; readonly because: 'unknown-key' | 'algorithm' | 'ambiguous' };

/** The keys of one issuer at one time. Immutable. */
export class KeySet {
  readonly keys: readonly VerificationKey[];
  /** Why keys of the source were left out; never key material. */
  readonly problems: readonly string[];
  readonly #byId = new Map<string, VerificationKey[]>();

  constructor(keys: readonly VerificationKey[], problems: readonly string[] = []) {
    this.keys = keys;
    this.problems = problems;
    for (const key of keys) {
      if (key.kid === undefined) continue;
      const same = this.#byId.get(key.kid);
      if (same === undefined) this.#byId.set(key.kid, [key]);
      else same.push(key);
    }
  }

  /**
   * The keys that may have signed a token. A `kid` is compared as an exact string and never read as a path or a query. Two
   * keys under one `kid` that serve the same algorithm are ambiguous: neither is used.
   */
  choose(alg: string, kid: string | undefined): KeyChoice {
    const named = kid === undefined ? this.keys : this.#named(kid);
    if (named.length === 0) return { found: undefined, because: 'unknown-key' };
    const found = named.flatMap((key) => key.algorithms.get(alg) ?? []);
    if (found.length === 0) return { found: undefined, because: 'algorithm' };
    if (found.length > (kid === undefined ? maxAnonymousTries : 1)) return { found: undefined, because: 'ambiguous' };
    return { found };
  }

  /** Keys of that id; a key that has no id stands for any when it is the only one (a PEM or a secret has none). */
  #named(kid: string): readonly VerificationKey[] {
    const named = this.#byId.get(kid);
    if (named !== undefined) return named;
    const [only] = this.keys;
    return this.keys.length === 1 && only !== undefined && only.kid === undefined ? [only] : [];
  }
}

/** A text that is no key set at all. */
export class InvalidKeySet extends Error {
  override readonly name = 'InvalidKeySet';
}

/**
 * Reads a JSON Web Key set (RFC 7517 §5) strictly. Keys that cannot be used are left out and named in `problems`, as the
 * RFC asks; a set that mixes shared secrets with public keys is refused, because it invites taking one for the other.
 *
 * @param options.secrets whether shared secrets (`oct`) may be in it: in a local file yes, over the network no
 * @throws {InvalidKeySet}
 */
export function parseKeySet(bytes: Uint8Array, options: { readonly secrets: boolean }): KeySet {
  let document: JsonValue | undefined;
  try {
    document = scanJson(bytes);
  } catch (error) {
    throw new InvalidKeySet(`not strict JSON: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  const list = isObject(document) ? document.get('keys') : undefined;
  if (!Array.isArray(list)) throw new InvalidKeySet('no "keys" array in it');
  if (list.length > maxKeys) throw new InvalidKeySet(`${list.length} keys in it; ${maxKeys} at most`);
  const keys: VerificationKey[] = [];
  const problems: string[] = [];
  const kinds = new Set<boolean>();
  for (const [index, jwk] of list.entries()) {
    const kid = isObject(jwk) ? jwk.get('kid') : undefined;
    const name = typeof kid === 'string' ? `key ${index} (kid ${JSON.stringify(kid.slice(0, 80))})` : `key ${index}`;
    const symmetric = isObject(jwk) && jwk.get('kty') === 'oct';
    kinds.add(symmetric);
    try {
      if (symmetric && !options.secrets) throw new UnusableKey('a shared secret in a published key set is no secret');
      keys.push(jsonWebKey(jwk));
    } catch (error) {
      if (!(error instanceof UnusableKey)) throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  if (options.secrets && kinds.size > 1) throw new InvalidKeySet('shared secrets and public keys in one set');
  return new KeySet(keys, problems);
}
